// What a fan reads who is not choosing: before the open, in the line, called, paused, and at the ends. Only
// the lead is a live region, and it changes when its meaning does; numbers change silently beside it.

import { clock, count, duration, t } from "./words.js";

const $ = id => document.getElementById(id);
const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };
const BUTTONS = { start: ["join"], invited: ["come-in"], lapsed: ["rejoin"], confirmed: ["my-order", "rejoin"], closed: ["others"], soldout: ["others"] };
const isGone = ({ step, pulse }) => ["start", "waiting", "paused"].includes(step) && pulse?.free === 0;

export function showWaiting(view) {
  const told = TOLD[view.step](view);
  put($("waiting-title"), told.title);
  put($("waiting-lead"), told.lead);
  put($("waiting-more"), told.more ?? "");
  milestone(view);
  figure(told);
  facts(told.facts ?? []);
  next(view);
  buttons(view);
  $("shows").hidden = ["invited", "lapsed"].includes(view.step);
}

const isBeforeOpen = ({ pulse, sale }) => (pulse?.state ?? sale.state) === "scheduled";

// Step -> title, lead, figure [number, what it counts] or "countdown", facts [name, value, data-at].
const TOLD = {
  start(view) {
    const { sale, pulse, order } = view;
    const state = pulse?.state ?? sale.state;
    const waiting = pulse?.waiting ? [[t("fact.waiting"), count(pulse.waiting)]] : [];
    if (sale.identity === "storefront" && !location.hash.includes("identity=")) return { title: sale.title, lead: t("start.storefront") };
    if (state === "paused") return { title: sale.title, lead: t("start.paused"), facts: waiting };
    if (state !== "scheduled") return { title: sale.title, lead: order ? t("bought") : t("start.open"), facts: waiting };
    const lead = t(sale.draw ? "start.soon" : "start.soon.line", { time: clock(sale.opens_ms) });
    return { title: sale.title, lead, figure: "countdown", what: t("start.left"), facts: waiting };
  },
  waiting(view) {
    const { sale, status, pulse } = view;
    if (status.rank == null) {
      const word = sale.draw ? "draw" : "early";
      if (!isBeforeOpen(view)) return { title: t(`${word}.title`), lead: t("opening.lead") };
      const facts = pulse?.waiting ? [[t("fact.waiting"), count(pulse.waiting)]] : [];
      return { title: t(`${word}.title`), lead: t(`${word}.lead`), more: t("kept"), figure: "countdown", what: t("start.left"), facts };
    }
    const isNext = status.ahead === 0;
    const shown = status.ahead == null ? {} : { figure: count(status.ahead), what: t("wait.ahead", { n: status.ahead }) };
    const word = isNext ? "wait.next" : "wait";
    return { title: t(`${word}.title`), lead: t(`${word}.lead`), more: t("kept"), ...(!isNext && shown), facts: lineFacts(view) };
  },
  invited(view) {
    const shopping = duration(view.sale.shopping_s);
    return { title: t("invited.title"), lead: t("invited.lead", { shopping }), figure: "countdown", what: t("invited.left") };
  },
  paused(view) {
    const reason = view.status?.message ?? view.pulse?.message;
    const lead = t(view.status?.state === "invited" ? "paused.invited" : "paused.lead");
    const facts = view.status?.rank == null ? [] : lineFacts(view);
    return { title: t("paused.title"), lead: reason ? `${t("paused.reason", { reason })}\n${lead}` : lead, facts };
  },
  lapsed(view) {
    if (view.lost) return { title: t("lost.title"), lead: t("lost") };
    if (view.lapsedHold) return { title: t("lapsed.hold.title"), lead: t("lapsed.hold"), figure: "countdown", what: t("lapsed.hold.left") };
    if (view.status?.why === "left") return { title: t("left.title"), lead: t("left") };
    const word = view.cameIn ? "lapsed.inside" : "lapsed.invited";
    return { title: t(`${word}.title`), lead: t(word) };
  },
  confirmed: () => ({ title: t("bought.title"), lead: t("bought") }),
  soldout: () => ({ title: t("soldout.title"), lead: t("soldout") }),
  closed: () => ({ title: t("closed.title"), lead: `${t("closed")} ${t("closed.next")}` }),
};

// Who cannot see the number hears it when it has halved, not each time it changes.
let told = null;

function milestone({ step, status }) {
  const ahead = step === "waiting" ? status.ahead : null;
  const now = ahead == null ? null : Math.ceil(Math.log2(ahead + 1));
  if (now !== null && told !== null && now < told && ahead > 0) put($("said"), t("said.ahead", { n: ahead }));
  told = now;
}

// An estimate of seconds would be guessing, and the next fan in line needs none: others must finish first.
const MOMENTS_S = 10;

// The pulse is asked less often than the place: it may be from before this fan joined, and no fan waits in a line of 0.
const waitingAtLeast = ({ state, ahead }) => state === "waiting" ? (ahead ?? 0) + 1 : 0;

function lineFacts({ step, sale, status, pulse, heard_ms }) {
  const { wait_s: wait } = status, pace = pulse?.admitted_per_min;
  const from = wait && duration(wait.p50), to = wait && duration(wait.p90);
  const range = wait && (wait.p90 < MOMENTS_S ? t("fact.wait.moments") : from === to ? from : t("fact.range", { from, to }));
  const isMoving = step === "waiting" && status.ahead !== 0;
  return [
    [t("fact.rank"), count(status.rank + 1), "rank"],
    isMoving && range && [t("fact.wait"), range, "wait"],
    isMoving && [t("fact.pace"), pace ? t("fact.pace.per-min", { n: pace < 10 ? pace : Math.round(pace) }) : t("fact.pace.still"), "pace"],
    pulse && [t("fact.waiting"), count(Math.max(pulse.waiting, waitingAtLeast(status)))],
    [t("fact.turn"), duration(sale.shopping_s)],
    heard_ms && [t("fact.heard"), clock(heard_ms, true)],
  ].filter(Boolean);
}

// What is left to buy, as the pulse tells it: marked in the list of showtimes, and said where it changes what
// waiting is worth.
export function whatIsLeft(view) {
  const { pulse, step } = view, lines = [...document.querySelectorAll("#shows [data-show]")];
  if (pulse?.free == null || !["start", "waiting", "paused", "invited"].includes(step)) return "";
  const gone = new Set(pulse.sold_out);
  for (const line of lines) for (const each of line.querySelectorAll(".show-price")) each.hidden = each.classList.contains("show-gone") !== gone.has(line.dataset.show);
  if (pulse.free === 0) return t(isGone(view) ? "left.none" : "left.none.invited");
  return gone.size ? t("left.some", { n: gone.size, all: lines.length }) : "";
}

function figure({ figure: shown, what }) {
  const box = $("waiting-figure"), strong = box.querySelector("strong");
  box.hidden = shown === undefined;
  if (shown === undefined) return;
  // A countdown is written by the clock of the page, a number here.
  if (shown === "countdown") strong.dataset.at = "countdown";
  else { strong.dataset.at = "ahead"; put(strong, shown); }
  put(box.querySelector("span"), what);
}

function facts(list) {
  const box = $("waiting-facts");
  if (box.children.length !== list.length) {
    box.replaceChildren(...list.map(() => {
      const pair = document.createElement("div");
      pair.append(document.createElement("dt"), document.createElement("dd"));
      return pair;
    }));
  }
  list.forEach(([name, value, at], index) => {
    const [term, meaning] = box.children[index].children;
    put(term, name);
    put(meaning, value);
    at ? meaning.dataset.at = at : delete meaning.dataset.at;
  });
  box.hidden = list.length === 0;
}

// What is still to come, from where the fan stands now.
function next({ step, sale, status, pulse, lost }) {
  const shown = { start: 0, waiting: 1, paused: 1, invited: 2 }[step];
  $("next").hidden = shown === undefined || lost;
  if ($("next").hidden) return;
  const isBefore = isBeforeOpen({ sale, pulse }) && status?.rank == null;
  const time = clock(sale.opens_ms), of = s => duration(s);
  const all = [
    step === "start" && isBefore && sale.draw && t("next.join"),
    isBefore && t(sale.draw ? "next.draw" : "next.open", { time }),
    step !== "invited" && t("next.wait"),
    t("next.come-in", { claim: of(sale.claim_s) }),
    t("next.choose", { shopping: of(sale.shopping_s), n: sale.seatsPerFan, hold: of(sale.hold_s) }),
    t("next.pay", { pay: of(sale.pay_s) }),
  ].filter(Boolean);
  const list = $("next-list");
  if (list.dataset.text === all.join()) return;
  list.dataset.text = all.join();
  list.replaceChildren(...all.map((text, index) => {
    const line = document.createElement("li"), words = document.createElement("span");
    words.textContent = text;
    line.append(words);
    if (index === 0) line.setAttribute("aria-current", "step");
    return line;
  }));
}

function buttons({ step, sale, order, lapsedHold, pulse }) {
  const shown = [...BUTTONS[step] ?? [], isGone({ step, pulse }) && "others"];
  const isStranger = sale.identity === "storefront" && !location.hash.includes("identity=");
  for (const button of $("waiting-actions").children) {
    const name = button.dataset.at;
    button.hidden = !shown.includes(name) || (isStranger && (name === "join" || name === "rejoin")) || (name === "my-order" && !order);
    if (name === "my-order" && order) button.href = `${document.body.dataset.root}/orders/${order.order}`;
    if (name === "rejoin") put(button, t(lapsedHold && step === "lapsed" ? "choose-again" : "rejoin"));
  }
}
