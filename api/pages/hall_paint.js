// The picture of the hall: few paths whatever the number of seats, one per category and state of some rows.

import { names, sized } from "./hall_names.js";
import { UNIT } from "./hall_plan.js";
import { checkOf, colorOf, crossOf, shapeOf, wheelchairOf } from "./hall_shapes.js";
import { Slices, svg } from "./hall_svg.js";

const CHUNK_SEATS = 250;
const ROWS_LETTERED_AT_ONCE = 8;
const PAINT_MS = 20; // A frame or two late, but the hall is there at once.

export class Picture {
  #dirty = new Set();
  #unlettered = [];

  // `stateOf(index)` says "free", "taken" or "mine"; `onDrawn()` is told when nothing is left to draw.
  constructor(hall, stateOf, words, onDrawn) {
    Object.assign(this, { hall, stateOf, onDrawn });
    this.shapes = new Map(hall.categories.map(category => [category, shapeOf(category.index, hall.side)]));
    this.colors = new Map(hall.categories.map(category => [category, colorOf(category)]));
    this.chunks = chunked(hall.rows);
    this.chunkOfRow = this.chunks.flatMap((chunk, at) => chunk.rows.map(() => at));
    this.element = svg("g", { "aria-hidden": "true" }, ...front(hall, words));
    for (const chunk of this.chunks) {
      chunk.layer = svg("g");
      chunk.paths = new Map();
      this.element.append(chunk.layer);
    }
    this.letters = svg("g", { class: "hall-letters" });
    this.element.append(this.letters, svg("g", { class: "hall-names" }, ...names(hall)));
    this.#unlettered = [...hall.rows].reverse();
    this.lettering = new Slices(() => this.#unlettered.pop(), row => this.letters.append(...letters(row, hall.seats)), { itemsMax: ROWS_LETTERED_AT_ONCE });
    this.slices = new Slices(() => this.#next(), chunk => this.#paint(chunk), { sliceMs: PAINT_MS });
    this.touchAll();
  }

  touchAll() {
    for (const chunk of this.chunks) this.#dirty.add(chunk);
    this.slices.start();
  }

  touch(index) {
    this.#dirty.add(this.chunks[this.chunkOfRow[this.hall.seats[index].rowIndex]]);
    this.slices.start();
  }

  // The letters of the rows, once they can be read: hundreds of words would hold up a hall seen from afar.
  letter() {
    this.lettering.start();
  }

  destroy() {
    this.slices.stop();
    this.lettering.stop();
  }

  #next() {
    const [chunk] = this.#dirty;
    this.#dirty.delete(chunk);
    if (!chunk) this.onDrawn();
    return chunk;
  }

  #paint(chunk) {
    if (!chunk.layer.firstChild) chunk.layer.append(floor(chunk.rows, this.hall.seats));
    const drawn = new Map();
    const add = (key, text) => drawn.has(key) ? drawn.get(key).push(text) : drawn.set(key, [text]);
    const { side } = this.hall, cross = crossOf(side), check = checkOf(side), wheelchair = wheelchairOf(side);
    for (let index = chunk.first; index < chunk.end; index++) {
      const seat = this.hall.seats[index], at = `M${seat.x} ${seat.y}`, state = this.stateOf(index);
      if (state === "taken") seat.accessible ? add("wheelchair", at + wheelchair) : add("taken", at + cross);
      else add(state === "mine" ? "mine" : seat.category, at + this.shapes.get(seat.category));
      if (state === "mine") add("check", at + check);
    }
    for (const [key, path] of chunk.paths) if (!drawn.has(key)) { path.remove(); chunk.paths.delete(key); }
    for (const [key, parts] of drawn) this.#path(chunk, key).setAttribute("d", parts.join(""));
  }

  #path(chunk, key) {
    const known = chunk.paths.get(key);
    if (known) return known;
    const path = typeof key === "string" ? svg("path", { class: `hall-${key}` }) : svg("path", { class: "hall-free", fill: this.colors.get(key) });
    chunk.layer.append(path);
    chunk.paths.set(key, path);
    return path;
  }
}

// Whole rows, in their order, about CHUNK_SEATS seats each: what changes together is drawn again together.
function chunked(rows) {
  const chunks = [];
  for (const row of rows) {
    const last = chunks.at(-1);
    if (last && row.end - last.first <= CHUNK_SEATS) { last.rows.push(row); last.end = row.end; }
    else chunks.push({ rows: [row], first: row.first, end: row.end });
  }
  return chunks;
}

// The steps that the rows stand on; the floor between them is the aisles.
function floor(rows, seats) {
  const parts = [];
  for (const row of rows) for (const [from, end] of row.runs) {
    const line = seats.slice(from, end);
    if (line.length) parts.push(`M${line[0].x} ${line[0].y}${line.length === 1 ? "h0" : line.slice(1).map(seat => `L${seat.x} ${seat.y}`).join("")}`);
  }
  return svg("path", { class: "hall-floor", d: parts.join(""), "stroke-width": UNIT * 1.04 });
}

function front({ screen, stage, box }, { t }) {
  if (stage) {
    return [
      svg("circle", { class: "hall-stage", cx: stage.x, cy: stage.y, r: stage.size / 2 }),
      sized(svg("text", { class: "hall-front", x: stage.x, y: stage.y + UNIT * 1.8 }, t("hall.stage")), box, 48),
    ];
  }
  const { left, right, middle, y } = screen, bend = Math.min(UNIT * 0.9, (right - left) * 0.07), inset = (right - left) * 0.08;
  const curve = `M${left} ${y + bend}Q${middle} ${y - bend} ${right} ${y + bend}`;
  return [
    svg("path", { class: "hall-glow", d: `${curve}L${right - inset} ${y + bend + 1.7 * UNIT}Q${middle} ${y - bend + 1.9 * UNIT} ${left + inset} ${y + bend + 1.7 * UNIT}Z` }),
    svg("path", { class: "hall-screen", d: curve }),
    sized(svg("text", { class: "hall-front", x: middle, y: y + UNIT * 1.3 }, t("hall.screen")), box, 48),
  ];
}

// Where the row's letter stands: at both of its ends and in its aisles.
function spots(row, seats) {
  const line = seats.slice(row.first, row.end).sort((a, b) => a.x - b.x), found = [];
  if (!line.length) return found;
  found.push([line[0].x - 1.15 * UNIT, line[0].y], [line.at(-1).x + 1.15 * UNIT, line.at(-1).y]);
  for (let i = 1; i < line.length; i++) if (line[i].x - line[i - 1].x > 2.2 * UNIT)
    found.push([(line[i].x + line[i - 1].x) / 2, (line[i].y + line[i - 1].y) / 2]);
  return found;
}

const letters = (row, seats) => spots(row, seats).map(([x, y]) => svg("text", { class: "hall-row", x, y }, row.label));

// The letters, once more, of rows that cross what is seen and have all of theirs outside of it: at the left edge.
export function edgeLetters({ rows, seats }, { left, right, top, bottom }) {
  const found = [];
  for (const row of rows) {
    const [x0, y0, x1, y1] = row.box, isSeen = x => x > left && x < right;
    if (x0 > left || x1 < left || y1 < top || y0 > bottom || spots(row, seats).some(([x]) => isSeen(x))) continue;
    const [first] = seats.slice(row.first, row.end).filter(seat => seat.x > left).sort((a, b) => a.x - b.x);
    if (first.y > top && first.y < bottom) found.push(svg("text", { class: "hall-row hall-edge", x: left + UNIT * 0.26, y: first.y }, row.label));
  }
  return found;
}
