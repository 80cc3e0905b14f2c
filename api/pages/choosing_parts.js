// The parts around the hall: showtimes, categories, the count, the picked seats. They draw and tell of presses.

import { colorOf, checkOf, crossOf, shapeOf } from "./hall_shapes.js";
import { svg } from "./hall_svg.js";

const FEW = 10;

export function tag(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "data") Object.assign(element.dataset, value);
    else if (key in element) element[key] = value;
    else if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

export const button = (label, at, more = {}) => tag("button", { type: "button", className: "button", data: { at }, ...more }, label);

export function showName(show, { moment }) {
  return `${moment(Date.parse(show.starts_at), show.time_zone)} · ${show.cinema} · ${show.auditorium}`;
}

function freeWords(free, { t }) {
  return free === 0 ? t("show.none") : t(free <= FEW ? "show.few" : "show.free", { n: free });
}

// The strip of showtimes; `update(shows, chosen)` keeps the buttons, so that focus and scroll stay.
export class Showtimes {
  #cards = new Map();

  constructor(words, onPress) {
    Object.assign(this, { words, onPress });
    this.list = tag("ul", { className: "shows-strip" });
    this.element = tag("section", { className: "choosing-shows", "aria-label": words.t("show.title") }, this.list);
  }

  update(shows, chosen) {
    for (const show of shows) {
      if (!this.#cards.has(show.showtime)) this.#cards.set(show.showtime, this.#card(show));
      const { card, free } = this.#cards.get(show.showtime), said = freeWords(show.free, this.words);
      if (free.textContent !== said) free.textContent = said;
      card.dataset.free = String(show.free);
      card.setAttribute("aria-pressed", String(show.showtime === chosen));
    }
  }

  #card(show) {
    const { moment } = this.words, free = tag("span", { className: "show-free" });
    const card = button("", "showtime", { data: { at: "showtime", showtime: show.showtime }, onclick: () => this.onPress(show.showtime) });
    card.classList.add("show-card");
    card.append(
      tag("strong", {}, moment(Date.parse(show.starts_at), show.time_zone)),
      tag("span", {}, `${show.auditorium} · ${show.format}`), tag("small", {}, show.cinema), free,
    );
    this.list.append(tag("li", {}, card));
    return { card, free };
  }
}

// The legend, which is also the choice of a category: shape, colour, name, price and what is free.
export class Zones {
  constructor(words, onChange) {
    Object.assign(this, { words, onChange, rows: new Map() });
    this.element = tag("fieldset", { className: "zones" });
  }

  get chosen() {
    return this.element.querySelector("input:checked")?.value;
  }

  draw(categories, priceOf, wished) {
    const { t } = this.words;
    this.element.replaceChildren(tag("legend", {}, t("best.category")));
    this.rows.clear();
    for (const category of categories) {
      const free = tag("small"), mark = shapeMark(category);
      const input = tag("input", { type: "radio", name: "category", value: category.key, checked: category.key === wished, onchange: () => this.onChange(), data: { at: "category", category: category.key } });
      this.element.append(tag("label", { className: "zone" }, input, mark, tag("span", {}, category.label, free), tag("data", { value: category.key }, priceOf(category.key))));
      this.rows.set(category.key, free);
    }
  }

  update(counts) {
    for (const [key, free] of this.rows) {
      const n = counts.get(key) ?? 0, said = n ? this.words.t("best.category.free", { n }) : this.words.t("show.none");
      if (free.textContent !== said) free.textContent = said;
    }
  }
}

const MARK = "-28 -28 56 56", SIGN = "-20 -20 40 40";
const shapeMark = category => svg("svg", { class: "zone-mark", viewBox: MARK, "aria-hidden": "true" }, svg("path", { d: `M0 0${shapeOf(category.index, 34)}`, fill: colorOf(category) }));

// What the other signs in the hall mean.
export function signs({ t }) {
  const sign = (state, ...paths) => tag("li", {}, svg("svg", { viewBox: SIGN, "aria-hidden": "true" }, ...paths), t(`seat.${state}`));
  return tag("ul", { className: "signs" },
    sign("taken", svg("path", { class: "hall-taken", d: `M0 0${crossOf(40)}` })),
    sign("mine", svg("path", { class: "hall-mine", d: `M0 0${shapeOf(0, 34)}` }), svg("path", { class: "hall-check", d: `M0 0${checkOf(34)}` })));
}

// A count with a press for one fewer and one more.
export function counter({ t }, least, most, value, onChange) {
  const input = tag("input", { type: "number", id: "choosing-count", inputMode: "numeric", min: least, max: most, value, data: { at: "count" } });
  const set = to => { input.value = Math.min(Number(input.max), Math.max(least, Math.round(to) || least)); onChange(Number(input.value)); };
  input.addEventListener("change", () => set(Number(input.value)));
  input.addEventListener("input", () => { if (input.validity.valid && input.value) onChange(Number(input.value)); });
  const step = (by, sign, label, at) => button(sign, at, { "aria-label": t(label), onclick: () => set(Number(input.value) + by) });
  const element = tag("div", { className: "field" }, tag("label", { htmlFor: "choosing-count" }, t("best.count")),
    tag("div", { className: "counter" }, step(-1, "−", "best.fewer", "fewer"), input, step(1, "+", "best.more", "more")));
  return { element, set, limit: n => { input.max = n; if (Number(input.value) > n) set(n); } };
}

const ICONS = { "hall.smaller": "M6 12h12", "hall.bigger": "M6 12h12M12 6v12", "hall.whole": "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5" };

// Zoom for those who press.
export function hallTools({ t }, act) {
  const tool = key => {
    const at = key.replace("hall.", "zoom-");
    return button(svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: ICONS[key] })), at, { "aria-label": t(key), title: t(key), onclick: () => act(key) });
  };
  return tag("div", { className: "hall-tools" }, ...Object.keys(ICONS).map(tool));
}

// The picked seats, what they cost, and the press that keeps them.
export class Tray {
  constructor(words, { onDrop, onTake }) {
    Object.assign(this, { words, onDrop });
    this.sum = tag("p", { role: "status" });
    this.chips = tag("ul", { className: "chips" });
    this.take = button("", "take", { className: "button primary", onclick: onTake });
    this.element = tag("section", { className: "tray", "aria-label": words.t("pick.title") }, this.sum, this.chips, this.take);
  }

  update(picks, sum) {
    const { t, seatName } = this.words, n = picks.length;
    const said = n ? t("pick.some", { n, sum }) : t("pick.none");
    if (this.sum.textContent !== said) this.sum.textContent = said;
    this.element.dataset.picked = String(n);
    this.chips.hidden = !n;
    this.chips.replaceChildren(...picks.map(name => tag("li", {},
      button(`${seatName(name)} ×`, "drop", { "aria-label": t("pick.drop", { seat: seatName(name) }), onclick: () => this.onDrop(name) }))));
    this.take.disabled = !n;
    this.take.textContent = t("pick.take", { n: n || 1 });
  }
}

// The page's one place for problems, brought to where the fan presses as long as seats are chosen.
export class Say {
  constructor(box) {
    this.box = box ?? tag("p", { className: "problem", role: "alert", data: { at: "problem" } });
    this.home = this.box.parentNode && { parent: this.box.parentNode, before: this.box.nextSibling };
  }

  tell(text, presses, act) {
    const row = presses.map(press => button(press.label, press.show ? "alternative" : "press", { onclick: () => act(press) }));
    this.box.replaceChildren(...(text ? [text] : []), ...(row.length ? [tag("span", { className: "presses" }, ...row)] : []));
    if (text) this.box.scrollIntoView({ block: "nearest" });
  }

  goHome() {
    this.box.querySelector(".presses")?.remove();
    if (this.home) this.home.parent.insertBefore(this.box, this.home.before);
  }
}
