// The hall as a picture to look at and a grid to use: paths show all seats, cells are the seats one can reach.

import { HallKeys } from "./hall_keys.js";
import { edgeLetters, Picture } from "./hall_paint.js";
import { measure, seatAt, UNIT } from "./hall_plan.js";
import { shapeOf } from "./hall_shapes.js";
import { svg, Wanted } from "./hall_svg.js";
import { HallView } from "./hall_view.js";

const CELLS_MAX = 1500; // Up to here every seat is a cell; a larger hall has those in view,
const CELLS_IN_VIEW_MAX = 500; // once it is seen from so near that they are few.
const TARGET_PX = 24; // Smaller seats are pressed roughly: the press also comes nearer.
const BLIND_PX = 9; // Seats smaller than this are not told apart: a press only comes nearer.
const READ_PX = 22; // From here on the number of a seat is printed on it.

// `plan`: as it came, or measured already; `taken`: names; `price(category)`: text; `onToggle(name)` for a free or chosen seat; `onTaken(name)`;
// `onLook(text)`: what lies under the pointer or the focus.
export function drawHall(element, plan, options) {
  return new Hall(element, plan.byName ? plan : measure(plan), options);
}

class Hall {
  #taken = new Set();
  #mine = new Set();
  #current = null;
  #rows = new Map();
  #stop = new AbortController();

  constructor(element, plan, options) {
    Object.assign(this, { element, plan, options });
    this.picture = new Picture(plan, index => this.#stateOf(index), options.words, () => { this.window.dataset.drawn = "1"; });
    this.cells = new Wanted(index => this.#cell(index), (index, cell) => this.#drop(cell));
    this.numbers = new Wanted(index => this.#number(index), (_, text) => text.remove());
    this.#build();
    this.view = new HallView({ window: this.window, sheet: this.sheet, world: this.world, box: plan.box }, () => this.#settled());
    this.keys = new HallKeys(plan, this.view, {
      current: () => this.#current, go: seat => this.focus(seat.name),
      press: seat => this.#press(seat), isFree: seat => !this.#taken.has(seat.index),
    });
    this.#listen();
    this.replaceTaken(options.taken ?? []);
  }

  #build() {
    const { box, side, seats, rows } = this.plan, { t } = this.options.words;
    this.numberLayer = svg("g", { class: "hall-numbers", "aria-hidden": "true" });
    this.grid = svg("g", {
      role: "grid", "aria-label": this.options.label ?? t("hall.label"), "aria-multiselectable": "true", "aria-rowcount": rows.length,
    });
    this.ring = svg("path", { class: "hall-ring", d: `M0 0${shapeOf(0, side * 1.28)}`, visibility: "hidden" });
    this.hover = svg("path", { class: "hall-hover", d: `M0 0${shapeOf(0, side * 1.2)}`, visibility: "hidden" });
    this.edges = svg("g", { "aria-hidden": "true" });
    this.world = svg("g", {}, this.picture.element, this.numberLayer, this.edges, this.hover, this.grid, this.ring);
    this.sheet = svg("svg", { class: "hall-sheet" }, this.world);
    this.window = document.createElement("div");
    this.window.className = "hall-map";
    this.window.append(this.sheet);
    this.window.style.setProperty("--hall-aspect", String((box.right - box.left) / (box.bottom - box.top)));
    this.element.replaceChildren(this.window);
    const middle = seatAt(this.plan, (box.left + box.right) / 2, (box.top + box.bottom) / 2, Infinity);
    this.#current = middle ?? seats[0];
  }

  #listen() {
    const on = (name, handle) => this.window.addEventListener(name, handle, { signal: this.#stop.signal });
    on("click", event => this.#click(event));
    on("keydown", event => this.keys.handle(event));
    on("pointermove", event => { if (event.pointerType === "mouse" && !event.buttons) this.#look(event); });
    on("pointerleave", () => this.#point(null));
    on("focusin", event => this.#focused(event.target));
    on("focusout", () => this.ring.setAttribute("visibility", "hidden"));
  }

  // All that is taken.
  replaceTaken(names) {
    this.#taken = new Set([...names].map(name => this.plan.byName.get(name)?.index).filter(index => index !== undefined));
    this.picture.touchAll();
    for (const [index, cell] of this.cells.entries()) this.#dress(cell, this.plan.seats[index]);
    for (const [index, number] of this.numbers.entries()) number.dataset.is = this.#stateOf(index);
  }

  // What has changed since.
  change(taken, free) {
    for (const [names, is] of [[free, false], [taken, true]]) for (const name of names) {
      const seat = this.plan.byName.get(name);
      if (!seat) continue;
      is ? this.#taken.add(seat.index) : this.#taken.delete(seat.index);
      this.#changed(seat);
    }
  }

  setMine(names) {
    const now = new Set(names.map(name => this.plan.byName.get(name).index)), before = this.#mine;
    this.#mine = now;
    for (const index of new Set([...before, ...now])) if (before.has(index) !== now.has(index)) this.#changed(this.plan.seats[index]);
  }

  isFree(name) {
    const seat = this.plan.byName.get(name);
    return Boolean(seat) && !this.#taken.has(seat.index);
  }

  // Free seats by category key.
  free() {
    const counts = new Map(this.plan.categories.map(category => [category.key, 0]));
    for (const seat of this.plan.seats) if (!this.#taken.has(seat.index)) counts.set(seat.category.key, counts.get(seat.category.key) + 1);
    return counts;
  }

  // The seat in words, as it is spoken and shown.
  describe(name) {
    const seat = this.plan.byName.get(name), { t } = this.options.words;
    const parts = [t(seat.section ? "seat-in" : "seat", { section: seat.section, row: seat.row, seat: seat.label })];
    if (seat.accessible) parts.push(t("seat.wheelchair"));
    if (seat.companion) parts.push(t("seat.companion"));
    if (seat.restricted) parts.push(t("seat.restricted"));
    parts.push(seat.category.label, this.options.price(seat.category.key), t(`seat.${this.#stateOf(seat.index)}`));
    return parts.join(t("seat.comma"));
  }

  focus(name) {
    const seat = this.plan.byName.get(name);
    this.#makeCurrent(seat);
    this.view.show(seat, TARGET_PX);
    this.cells.now(seat.index).focus({ preventScroll: true, focusVisible: true });
  }

  show(name) {
    this.view.show(this.plan.byName.get(name), TARGET_PX);
  }

  destroy() {
    this.#stop.abort();
    this.view.destroy();
    this.picture.destroy();
    this.cells.slices.stop();
    this.numbers.slices.stop();
    this.element.replaceChildren();
  }

  #stateOf(index) {
    return this.#mine.has(index) ? "mine" : this.#taken.has(index) ? "taken" : "free";
  }

  #changed(seat) {
    this.picture.touch(seat.index);
    const cell = this.cells.get(seat.index), number = this.numbers.get(seat.index);
    if (cell) this.#dress(cell, seat);
    if (number) number.dataset.is = this.#stateOf(seat.index);
    if (seat === this.looked) this.#tell(seat);
  }

  #tell(seat) {
    this.looked = seat;
    this.options.onLook?.(seat ? this.describe(seat.name) : "");
  }

  #cell(index) {
    const seat = this.plan.seats[index], side = UNIT * 0.98;
    const cell = svg("rect", { role: "gridcell", class: "hall-cell", x: seat.x - side / 2, y: seat.y - side / 2, width: side, height: side, "data-seat": seat.name });
    this.#dress(cell, seat);
    const row = this.#row(seat.rowIndex);
    let after = row.lastElementChild; // Seats mostly come in their order, so the place is near the end.
    while (after && Number(after.dataset.index) > index) after = after.previousElementSibling;
    cell.dataset.index = index;
    after ? after.after(cell) : row.prepend(cell);
    return cell;
  }

  #drop(cell) {
    const row = cell.parentNode;
    cell.remove();
    if (!row.childElementCount) { row.remove(); this.#rows.delete(Number(row.getAttribute("aria-rowindex")) - 1); }
  }

  #row(index) {
    const known = this.#rows.get(index);
    if (known) return known;
    const { section, label } = this.plan.rows[index], { t } = this.options.words;
    const row = svg("g", { role: "row", "aria-rowindex": index + 1, "aria-label": t(section ? "row.in-section" : "row.alone", { section, row: label }) });
    let next = index + 1;
    while (next < this.plan.rows.length && !this.#rows.has(next)) next++;
    this.grid.insertBefore(row, this.#rows.get(next) ?? null);
    this.#rows.set(index, row);
    return row;
  }

  #dress(cell, seat) {
    const state = this.#stateOf(seat.index);
    if (cell.dataset.state !== state) cell.dataset.state = state;
    cell.setAttribute("aria-label", this.describe(seat.name));
    cell.setAttribute("aria-selected", String(state === "mine"));
    cell.setAttribute("aria-disabled", String(state === "taken"));
    cell.setAttribute("tabindex", seat === this.#current ? "0" : "-1");
  }

  #number(index) {
    const seat = this.plan.seats[index], text = svg("text", { x: seat.x, y: seat.y, class: "hall-number", "data-is": this.#stateOf(index) }, seat.label);
    this.numberLayer.append(text);
    return text;
  }

  #settled() {
    const { left, right, top, bottom } = this.view.seen(0.25), inView = [];
    for (const row of this.plan.rows) {
      const [x0, y0, x1, y1] = row.box;
      if (x1 < left || x0 > right || y1 < top || y0 > bottom) continue;
      for (let index = row.first; index < row.end; index++) {
        const { x, y } = this.plan.seats[index];
        if (x > left && x < right && y > top && y < bottom) inView.push(index);
      }
    }
    const all = this.plan.seats.length <= CELLS_MAX;
    const near = all ? this.plan.seats.keys() : inView.length <= CELLS_IN_VIEW_MAX ? inView : [];
    this.cells.want(new Set([this.#current.index, ...this.#mine, ...near]));
    if (this.view.seatPx >= BLIND_PX) this.picture.letter();
    this.#print(this.view.seatPx >= READ_PX ? inView : []);
  }

  // Numbers on these seats, and letters at the edge of the view, which no number runs into.
  #print(inView) {
    const seen = this.view.seen(), letters = inView.length ? edgeLetters(this.plan, seen) : [];
    const isFree = letters.length ? index => Math.abs(this.plan.seats[index].x - seen.left) > UNIT * 0.7 : () => true;
    this.edges.replaceChildren(...letters);
    this.numbers.want(inView.filter(isFree));
  }

  #makeCurrent(seat) {
    const before = this.#current;
    this.#current = seat;
    for (const one of [before, seat]) this.cells.get(one.index)?.setAttribute("tabindex", one === seat ? "0" : "-1");
    this.cells.now(seat.index);
  }

  #focused(target) {
    const seat = this.plan.byName.get(target.dataset?.seat);
    if (!seat) return;
    this.#makeCurrent(seat);
    this.ring.setAttribute("transform", `translate(${seat.x} ${seat.y})`);
    this.ring.setAttribute("visibility", target.matches(":focus-visible") ? "visible" : "hidden");
    this.#tell(seat);
  }

  #look(event) {
    const { x, y } = this.view.point(event);
    this.#point(this.view.seatPx >= BLIND_PX ? seatAt(this.plan, x, y, UNIT * 0.6) : null);
  }

  #point(seat) {
    if (seat === this.pointed) return;
    this.pointed = seat;
    this.hover.setAttribute("visibility", seat ? "visible" : "hidden");
    if (seat) this.hover.setAttribute("transform", `translate(${seat.x} ${seat.y})`);
    this.window.classList.toggle("hall-at-seat", Boolean(seat));
    this.#tell(seat);
  }

  // A press by a finger, a mouse, or (without coordinates) by an assistive technology.
  #click(event) {
    if (this.view.dragged) { this.view.dragged = false; return; }
    const cell = event.target.closest?.("[data-seat]");
    if (cell && event.detail === 0) { this.#press(this.plan.byName.get(cell.dataset.seat)); return; }
    const { x, y, px, py } = this.view.point(event), size = this.view.seatPx;
    const seat = seatAt(this.plan, x, y, size < TARGET_PX ? UNIT : UNIT * 0.7);
    if (size < BLIND_PX) { this.view.zoomTo((TARGET_PX + 8) / UNIT, px, py); return; }
    if (!seat) return;
    const touched = event.pointerType === "touch";
    this.#press(seat);
    if (touched && size < TARGET_PX) this.view.show(seat, TARGET_PX + 8);
  }

  #press(seat) {
    this.#makeCurrent(seat);
    if (this.#taken.has(seat.index) && !this.#mine.has(seat.index)) this.options.onTaken?.(seat.name);
    else {
      this.options.onToggle?.(seat.name);
      this.#tell(seat);
    }
  }
}
