// Choosing seats: a showtime, then the best seats with one press or exact ones in the hall, until they are held.

import { alternatives, explain, inWords } from "./choosing_refusals.js";
import { button, counter, hallTools, Say, showName, Showtimes, signs, tag, Tray, Zones } from "./choosing_parts.js";
import { newKey } from "./doors.js";
import { drawHall } from "./hall.js";
import { measureSoftly } from "./hall_plan.js";
import { memoryOf } from "./memory.js";
import { followSeats } from "./seat_feed.js";
import * as ourWords from "./words.js";

const COUNT_AT_FIRST = 2;
const SEATS_PER_FAN_MAX = 25;

// `sale`: {id, seatsPerFan}; `showtimes`: as `GET /v1/showtimes` lists them, and again by `update(showtimes)`;
// `onHeld(hold, show)` gets the held seats; `onProblem(problem)` is asked first whether it deals with a refusal.
export function mountChoosing(root, options) {
  return new Choosing(root, options);
}

class Choosing {
  #stop = new AbortController();
  #picks = [];
  #turn = 0; // Counts changes of the showtime: an answer for an earlier one comes too late.
  #busy = false;

  constructor(root, { doors, sale, showtimes, words, onHeld, onProblem, problem }) {
    Object.assign(this, { root, doors, sale, shows: ordered(showtimes), onHeld, onProblem });
    this.words = { ...ourWords, ...words };
    this.memory = memoryOf(`choosing:${sale.id}`);
    this.saved = this.memory.read("wish") ?? {};
    this.limit = Math.min(sale.seatsPerFan || SEATS_PER_FAN_MAX, SEATS_PER_FAN_MAX);
    this.count = Math.min(this.limit, this.saved.count ?? COUNT_AT_FIRST);
    this.#build(new Say(problem ?? document.getElementById("problem")));
    const wished = this.shows.find(show => show.showtime === this.saved.showtime) ?? this.shows.find(show => show.free) ?? this.shows[0];
    if (wished) this.pickShow(wished.showtime, this.saved.picks);
  }

  #build(saying) {
    const { words } = this;
    this.saying = saying;
    this.strip = new Showtimes(words, id => { this.say(""); this.pickShow(id); });
    this.zones = new Zones(words, () => this.#wishChanged());
    this.counter = counter(words, 1, this.limit, this.count, n => { this.count = n; this.#wishChanged(); });
    this.split = tag("input", { type: "checkbox", checked: Boolean(this.saved.split), onchange: () => this.#wishChanged(), data: { at: "split" } });
    this.best = button(words.t("best.title"), "best", { type: "submit", className: "button primary" });
    this.fee = tag("p", { className: "quiet" });
    this.tray = new Tray(words, { onDrop: name => this.toggle(name), onTake: () => this.hold({ seats: [...this.#picks] }) });
    const form = tag("form", { className: "choosing-best card", noValidate: true }, tag("h2", {}, words.t("best.title")), this.zones.element, this.fee,
      tag("div", { className: "best-row" }, this.counter.element, tag("label", { className: "check" }, this.split, words.t("best.split"))), this.best);
    form.addEventListener("submit", event => { event.preventDefault(); this.hold({ best: { count: this.count, category: this.zones.chosen, split: this.split.checked } }); });
    this.root.classList.add("choosing");
    this.root.replaceChildren(this.strip.element, form, this.#hallBox(), tag("div", { className: "choosing-say" }, saying.box), this.tray.element);
  }

  #hallBox() {
    const { words } = this;
    this.hallElement = tag("div");
    this.stale = tag("p", { className: "hall-stale", role: "status", hidden: true });
    this.caption = tag("p", { className: "hall-caption", "aria-hidden": "true" });
    const act = { "hall.bigger": view => view.zoomBy(1.6), "hall.smaller": view => view.zoomBy(1 / 1.6), "hall.whole": view => view.fit() };
    const tools = hallTools(words, key => { if (this.hall) act[key](this.hall.view); });
    return tag("section", { className: "choosing-hall" }, tag("h2", {}, words.t("pick.title")),
      tag("div", { className: "hall" }, tag("div", { className: "hall-bar" }, signs(words), tools), this.hallElement, this.stale, this.caption));
  }

  pickShow(id, picks = []) {
    const turn = ++this.#turn, show = this.shows.find(each => each.showtime === id), taken = new Set();
    const isNow = () => turn === this.#turn;
    this.feed?.stop();
    this.show = show;
    this.#picks = [];
    this.strip.update(this.shows, id);
    this.#loading();
    const plan = this.#plan(id).catch(error => { if (isNow() && !this.#stop.signal.aborted) this.#failed(error, () => this.pickShow(id, picks)); });
    this.feed = followSeats(this.doors, id, {
      onAll: async names => {
        taken.clear();
        for (const name of names) taken.add(name);
        const measured = await plan;
        if (isNow() && measured) this.hallOf === id && this.hall ? this.#replaced(names) : this.#draw(id, measured, taken, picks);
      },
      onChange: (gone, free) => {
        for (const name of gone) taken.add(name);
        for (const name of free) taken.delete(name);
        if (isNow() && this.hall) this.#changed(gone, free);
      },
      onStale: since_ms => this.#staleSince(since_ms),
    });
  }

  // The plan of a showtime, measured.
  async #plan(id) {
    const { plan } = await this.doors.get(`/v1/showtimes/${encodeURIComponent(id)}/plan`, { signal: this.#stop.signal });
    return measureSoftly(plan);
  }

  #loading() {
    this.best.disabled = true;
    this.hall?.destroy();
    this.hall = null;
    this.hallElement.replaceChildren(tag("p", { className: "hall-loading", role: "status" }, this.words.t("hall.loading")));
    this.tray.update([], "");
  }

  #draw(id, plan, taken, picks) {
    const { words, show } = this, prices = new Map(plan.categories.map(({ key }) => [key, this.#price(key)]));
    this.hallOf = id;
    this.hall = drawHall(this.hallElement, plan, {
      taken, words, label: words.t("hall.label", { place: `${show.cinema} · ${show.auditorium}` }), price: key => prices.get(key),
      onToggle: name => this.toggle(name), onLook: text => this.#look(text),
      onTaken: name => this.#look(words.t("refused.is-taken", { seats: words.seatName(name) })),
    });
    const counts = this.hall.free(), most = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
    this.zones.draw(this.hall.plan.categories, key => this.#price(key), counts.has(this.saved.category) ? this.saved.category : most);
    this.fee.textContent = words.t("best.fee", { fee: words.money(show.service_fee, show.currency) });
    this.fee.hidden = !show.service_fee;
    this.#picks = (picks ?? []).filter(name => this.hall.isFree(name)).slice(0, this.limit);
    this.#look("");
    this.#wishChanged();
    this.#recount();
  }

  #replaced(taken) {
    this.hall.replaceTaken(taken);
    this.#lose(taken);
    this.#recount();
  }

  #changed(taken, free) {
    this.hall.change(taken, free);
    this.#lose(taken);
    this.#recount();
  }

  // Picked seats that somebody else has taken meanwhile, except while our own press is on its way.
  #lose(taken) {
    if (this.#busy) return;
    const gone = this.#picks.filter(name => !this.hall.isFree(name));
    if (!gone.length || !taken.length) { this.#drawPicks(); return; }
    const { t } = this.words, category = this.#categoryOf(gone[0]);
    const { presses } = explain({ slug: "seats-taken", document: { seats: gone } }, { seats: this.#picks, category }, this.#now(), this.words);
    this.#picks = this.#picks.filter(name => !gone.includes(name));
    this.#drawPicks();
    this.say(t("refused.taken", { n: gone.length, seats: inWords(gone, this.words) }), presses);
  }

  #recount() {
    const counts = this.hall.free(), free = [...counts.values()].reduce((sum, n) => sum + n, 0);
    this.zones.update(counts);
    this.show.free = free;
    this.strip.update(this.shows, this.show.showtime);
    this.best.disabled = this.#busy || free === 0;
    if (free === 0 && this.soldOut !== this.show.showtime) this.#saySoldOut();
    if (free > 0 && this.soldOut === this.show.showtime) { this.soldOut = null; this.say(""); }
  }

  #saySoldOut() {
    const { t } = this.words, others = alternatives(this.#now());
    this.soldOut = this.show.showtime;
    this.say([t("show.soldout", { show: showName(this.show, this.words) }), t(others.length ? "show.instead" : "show.wait")].join(" "), others);
  }

  toggle(name) {
    if (this.#busy) return;
    const at = this.#picks.indexOf(name);
    if (at >= 0) this.#picks.splice(at, 1);
    else if (this.limit === 1) this.#picks = [name];
    else if (this.#picks.length >= this.limit) { this.say(this.words.t("pick.limit", { n: this.limit })); return; }
    else this.#picks.push(name);
    this.say("");
    this.#drawPicks();
    this.#remember();
  }

  #drawPicks() {
    const sum = this.#picks.reduce((total, name) => total + this.show.prices[this.#categoryOf(name)] + this.show.service_fee, 0);
    this.hall?.setMine(this.#picks);
    this.tray.update(this.#picks, this.words.money(sum, this.show.currency));
    this.tray.take.disabled = this.#busy || !this.#picks.length;
  }

  #wishChanged() {
    const category = this.zones.chosen;
    if (!category) return;
    const sum = this.words.money((this.show.prices[category] + this.show.service_fee) * this.count, this.show.currency);
    this.best.textContent = this.words.t("best.take", { n: this.count, sum });
    this.#drawPicks();
    this.#remember();
  }

  // Asks for seats; the same wish asked again after a lost answer keeps its key and has one effect. A refusal
  // is an answer and would be repeated under its key, so what follows one has a key of its own.
  async hold(want, key = newKey()) {
    if (this.#busy) return;
    this.#setBusy(true);
    this.say("");
    const asked = { ...want, category: want.seats ? this.#categoryOf(want.seats[0]) : want.best.category };
    try {
      const hold = await this.doors.post(`/v1/showtimes/${encodeURIComponent(this.show.showtime)}/holds`, want, { key, signal: this.#stop.signal });
      this.#picks = [];
      this.#remember();
      this.#setBusy(false);
      this.onHeld(hold, this.show);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#setBusy(false);
      const isAnswered = error.status < 500 && error.slug !== "in-progress";
      this.#refused(error, asked, () => this.hold(want, isAnswered ? newKey() : key));
    }
  }

  #refused(error, asked, again) {
    const found = error.document && explain(error, asked, this.#now(), this.words);
    if (!found) { this.#failed(error, again); return; }
    if (found.gone) {
      this.hall.change(found.gone, []);
      this.#picks = this.#picks.filter(name => !found.gone.includes(name));
    }
    if (found.limit !== undefined) this.counter.limit(found.limit);
    if (error.slug === "no-such-seats") this.pickShow(this.show.showtime);
    this.#drawPicks();
    this.#recount();
    this.say(found.text, found.presses, again);
    this.feed?.again();
  }

  #failed(error, again) {
    if (error.document && this.onProblem?.(error)) return;
    const { t, knows } = this.words, key = error.document ? `problem.${error.slug}` : "problem.offline";
    this.say(t(knows(key) ? key : "problem.other", error.document ?? {}), [{ label: t("press.again"), again: true }], again);
  }

  // Says it where the fan looks, with presses that act on it; an empty text takes it back.
  say(text, presses = [], again = null) {
    const act = press => press.again ? again?.() : press.show ? (this.say(""), this.pickShow(press.show)) : this.hold(press.want);
    this.saying.tell(text, presses.filter(press => !press.again || again), act);
  }

  #look(text) {
    this.caption.textContent = text || this.words.t(matchMedia("(pointer: coarse)").matches ? "hall.hint.touch" : "hall.hint");
    this.caption.toggleAttribute("data-hint", !text);
  }

  #staleSince(since_ms) {
    this.stale.hidden = since_ms === null;
    this.stale.textContent = since_ms === null ? "" : this.words.t("hall.stale", { time: this.words.clock(since_ms, true) });
  }

  #setBusy(is) {
    this.#busy = is;
    for (const each of [this.best, this.tray.take]) { each.setAttribute("aria-busy", String(is)); each.disabled = is; }
    if (is) this.tray.sum.textContent = this.words.t("pick.busy");
    else this.#drawPicks();
    if (!is) this.best.disabled = false;
  }

  #now() {
    const counts = this.hall?.free() ?? new Map();
    const categories = (this.hall?.plan.categories ?? []).map(each => ({ key: each.key, label: each.label, free: counts.get(each.key) }));
    return { categories, show: this.show, shows: this.shows, showName: show => showName(show, this.words) };
  }

  #price(key) {
    return this.words.money(this.show.prices[key] + this.show.service_fee, this.show.currency);
  }

  #categoryOf(name) {
    return this.hall?.plan.byName.get(name)?.category.key;
  }

  // The showtimes as they are listed now; of the one in view the hall itself knows better.
  update(showtimes) {
    const known = this.show;
    this.shows = ordered(showtimes);
    this.show = this.shows.find(show => show.showtime === known?.showtime) ?? known;
    if (this.show && this.hall) this.show.free = [...this.hall.free().values()].reduce((sum, n) => sum + n, 0);
    this.strip.update(this.shows, this.show?.showtime);
  }

  #remember() {
    this.memory.write("wish", { showtime: this.show.showtime, picks: this.#picks, count: this.count, category: this.zones.chosen, split: this.split.checked });
  }

  destroy() {
    this.#turn++;
    this.#stop.abort();
    this.feed?.stop();
    this.hall?.destroy();
    this.saying.goHome();
    this.root.replaceChildren();
    this.root.classList.remove("choosing");
  }
}

const ordered = shows => [...shows].sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at) || a.cinema.localeCompare(b.cinema));
