// The keyboard in the hall: arrows go to the seat that lies there, whatever is printed on it.

import { UNIT } from "./hall_plan.js";

const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ZOOM_STEP = 1.5;
const PAN_PX = 80;

// Calls `go(seat)` and `press(seat)`; the seat to start from comes from `current()`.
export class HallKeys {
  #column = null; // Going up and down keeps to the column where it began, past shorter rows.

  constructor(hall, view, { current, go, press, isFree }) {
    Object.assign(this, { hall, view, current, go, press, isFree });
  }

  handle(event) {
    const seat = this.current();
    if (event.altKey || event.metaKey || !seat) return;
    if (this.#look(event) || this.#move(event, seat)) event.preventDefault();
    else if (event.key === " " || event.key === "Enter") { event.preventDefault(); this.press(seat); }
  }

  // Zoom and, with Ctrl, pan; true when the key was one of these.
  #look(event) {
    const way = event.ctrlKey && WAYS[event.key];
    if (way) this.view.panBy(-way[0] * PAN_PX, -way[1] * PAN_PX);
    else if (event.key === "+" || event.key === "=") this.view.zoomBy(ZOOM_STEP);
    else if (event.key === "-") this.view.zoomBy(1 / ZOOM_STEP);
    else if (event.key === "0" && !event.ctrlKey) this.view.fit();
    else return false;
    return true;
  }

  #move(event, seat) {
    const to = this.#target(event, seat);
    if (to === undefined) return false;
    if (to) this.go(to);
    return true;
  }

  // The seat to go to; null at the edge, undefined when the key moves nothing.
  #target(event, seat) {
    const row = this.hall.rows[seat.rowIndex], line = inLine(this.hall, row);
    const way = WAYS[event.key];
    if (!way || way[0]) this.#column = null;
    if (way) return this.#walk(seat, way, event.shiftKey);
    if (event.key === "Home") return event.ctrlKey ? this.hall.seats[0] : line[0];
    if (event.key === "End") return event.ctrlKey ? this.hall.seats.at(-1) : line.at(-1);
    if (event.key === "PageUp" || event.key === "PageDown") return this.#leap(seat, event.key === "PageUp" ? -1 : 1);
    return undefined;
  }

  // One seat further; with Shift on to the next free one.
  #walk(seat, way, toFree) {
    let at = neighbour(this.hall, seat, way, this.#columnOf(seat, way));
    for (let left = this.hall.seats.length; toFree && at && !this.isFree(at) && left > 0; left--)
      at = neighbour(this.hall, at, way, this.#columnOf(at, way));
    return at;
  }

  #leap(seat, down) {
    let at = seat;
    for (let rows = 0; rows < 5; rows++) at = neighbour(this.hall, at, [0, down], this.#columnOf(seat, [0, down])) ?? at;
    return at;
  }

  #columnOf(seat, way) {
    if (way[1]) this.#column ??= seat.x;
    return this.#column;
  }
}

const inLine = (hall, row) => hall.seats.slice(row.first, row.end).sort((a, b) => a.x - b.x);

// Sideways: the next of the row, then whatever lies beyond its end. Up and down: the nearest to the column.
export function neighbour(hall, seat, [right, down], column) {
  if (right) {
    const line = inLine(hall, hall.rows[seat.rowIndex]);
    const next = line[line.indexOf(seat) + right];
    if (next) return next;
  }
  const x = down ? column ?? seat.x : seat.x;
  let found = null, least = Infinity;
  for (const other of hall.seats) {
    const along = down ? (other.y - seat.y) * down : (other.x - seat.x) * right;
    if (along <= 0.3 * UNIT || (down && other.rowIndex === seat.rowIndex)) continue;
    const across = down ? Math.abs(other.x - x) : Math.abs(other.y - seat.y) * 2;
    if (!down && across > 2 * UNIT) continue;
    const cost = along + 2 * across;
    if (cost < least) { least = cost; found = other; }
  }
  return found;
}
