// The names of sections, which far views show instead of letters: each above the seats of its section, where no seat
// lies. In a hall too close for that they stand over the middle of their seats, on ground of their own: a name with
// seats between its letters could not be read, nor could the seats.

import { UNIT } from "./hall_plan.js";
import { svg } from "./hall_svg.js";

const NAME_SIZE = 88; // In a hall as wide as a view.
const LETTER_EM = 0.64, WIDE_EM = 1.04, WIDE_FROM = 0x2e80; // How wide letters are at most, and Chinese ones.
const HIGH_EM = 0.86, APART_EM = 0.1; // As high as letters are, and so far from the seats.

export function names(hall) {
  const all = sections(hall), size = sizeOf(hall.box, NAME_SIZE), front = frontOf(hall);
  const above = all.map(each => aboveOf(each, hall.seats, size));
  const isRoom = above.every((one, at) => isInside(one, hall.box) && !isTaken(one, hall)
    && ![front, ...above.slice(0, at)].some(other => isOver(one, other)));
  return all.map(({ name, box: [left, top, right, bottom] }, at) => {
    const y = isRoom ? (above[at].top + above[at].bottom) / 2 : (top + bottom) / 2;
    return sized(svg("text", { class: isRoom ? "hall-section" : "hall-section hall-over", x: (left + right) / 2, y }, name), hall.box, NAME_SIZE);
  });
}

// Words that far views show are as large in the picture as the hall is.
export function sized(text, box, least) {
  text.style.fontSize = `${sizeOf(box, least)}px`;
  return text;
}

const sizeOf = ({ left, right, top, bottom }, least) => Math.round(Math.max(least * 0.5, least * Math.max(right - left, (bottom - top) * 0.75) / 2800));

function sections({ rows }) {
  const found = new Map();
  for (const { section: name, first, end, box } of rows) {
    if (!name || end === first) continue;
    const known = found.get(name) ?? { name, rows: [], box };
    known.box = known.box.map((side, at) => (at < 2 ? Math.min : Math.max)(side, box[at]));
    known.rows.push([first, end]);
    found.set(name, known);
  }
  return [...found.values()];
}

// The box of a name that stands on its section's seats.
function aboveOf({ name, rows, box }, seats, size) {
  const middle = (box[0] + box[2]) / 2, half = widthOf(name, size) / 2, left = middle - half, right = middle + half;
  let top = Infinity;
  for (const [first, end] of rows) for (let at = first; at < end; at++)
    if (seats[at].x > left - UNIT && seats[at].x < right + UNIT) top = Math.min(top, seats[at].y);
  const bottom = (Number.isFinite(top) ? top : box[1]) - UNIT / 2 - APART_EM * size;
  return { left, right, top: bottom - HIGH_EM * size, bottom };
}

const widthOf = (name, size) => size * [...name].reduce((sum, one) => sum + (one.codePointAt(0) < WIDE_FROM ? LETTER_EM : WIDE_EM), 0);

// What stands before the seats: the screen with its word, or the stage.
function frontOf({ screen, stage }) {
  if (stage) return { left: stage.x - 2 * UNIT, right: stage.x + 2 * UNIT, top: stage.y - stage.size / 2, bottom: stage.y + 2.4 * UNIT };
  return { left: screen.left, right: screen.right, top: screen.y - UNIT, bottom: screen.y + 2 * UNIT };
}

const isOver = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const isInside = (a, b) => a.left > b.left && a.right < b.right && a.top > b.top && a.bottom < b.bottom;

function isTaken({ left, right, top, bottom }, { rows, seats }) {
  const half = UNIT / 2, isIn = (x, y) => x > left - half && x < right + half && y > top - half && y < bottom + half;
  return rows.some(({ first, end, box: [x0, y0, x1, y1] }) => {
    if (x1 < left - half || x0 > right + half || y1 < top - half || y0 > bottom + half) return false;
    for (let at = first; at < end; at++) if (isIn(seats[at].x, seats[at].y)) return true;
    return false;
  });
}
