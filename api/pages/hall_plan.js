// A plan as the picture needs it: seats on one scale, whatever unit the plan was measured in.

export const UNIT = 40; // One seat's width in the picture: whole numbers are exact enough, and short.
const SCREEN_SEATS = 3.2; // How far the screen stands before the first row, in seats.
const STAGE_SEATS = 3; // A focal point this far from every seat is a stage, not the best seat.
const SAMPLES = 60;

const SEATS_AT_ONCE = 1000;

export function measure(plan) {
  const steps = measuring(plan);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

// The same in several tasks, so that a large plan holds nothing up; what follows has a task of its own.
export async function measureSoftly(plan) {
  const steps = measuring(plan);
  for (;;) {
    await nextTask();
    const { done, value } = steps.next();
    if (!done) continue;
    await nextTask();
    return value;
  }
}

const nextTask = () => globalThis.scheduler?.yield?.() ?? new Promise(next => setTimeout(next));

function* measuring(plan) {
  const scale = UNIT / pitch(plan);
  const categories = plan.categories.map((category, index) => ({ ...category, index }));
  const byKey = new Map(categories.map(category => [category.key, category]));
  const seats = [], rows = [];
  for (const row of plan.rows) {
    if (Math.floor(seats.length / SEATS_AT_ONCE) > Math.floor((rows.at(-1)?.first ?? 0) / SEATS_AT_ONCE)) yield;
    rows.push(measuredRow(row, rows.length, seats, byKey, scale));
  }
  yield;
  const used = new Set(seats.map(seat => seat.category));
  const side = Math.min(UNIT, ...nearest(seats)) * 0.84;
  const hall = { seats, rows, side, categories: categories.filter(category => used.has(category)) };
  placeFront(hall, plan.focal.x * scale, plan.focal.y * scale);
  yield;
  return { ...hall, byName: new Map(seats.map(seat => [seat.name, seat])) };
}

function measuredRow(row, index, seats, byKey, scale) {
  const first = seats.length, runs = [];
  for (const run of row.runs) {
    const from = seats.length;
    for (const seat of run) seats.push(measuredSeat(row, seat, index, seats.length, byKey, scale));
    runs.push([from, seats.length]);
  }
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = first; i < seats.length; i++) {
    const { x, y } = seats[i];
    if (x < box[0]) box[0] = x;
    if (y < box[1]) box[1] = y;
    if (x > box[2]) box[2] = x;
    if (y > box[3]) box[3] = y;
  }
  return { index, label: row.label, section: row.section ?? "", runs, first, end: seats.length, box };
}

const measuredSeat = (row, seat, rowIndex, index, byKey, scale) => ({
  index,
  name: (row.section ? `${row.section}-` : "") + (row.label ? `${row.label}-` : "") + seat.label,
  label: seat.label,
  row: row.label,
  section: row.section ?? "",
  rowIndex,
  x: Math.round(seat.x * scale),
  y: Math.round(seat.y * scale),
  category: byKey.get(seat.category),
  accessible: Boolean(seat.accessible),
  companion: Boolean(seat.companion),
  restricted: Boolean(seat.restricted_view),
});

// The usual distance between neighbours of a run: what one seat is wide.
function pitch(plan) {
  const gaps = [];
  for (const row of plan.rows) for (const run of row.runs) for (let i = 1; i < run.length; i++)
    gaps.push(Math.hypot(run[i].x - run[i - 1].x, run[i].y - run[i - 1].y));
  const usual = gaps.filter(gap => gap > 0).sort((a, b) => a - b)[gaps.length >> 1];
  return usual > 0 ? usual : 1;
}

// Distance to the nearest other seat for a sample of seats: rows may stand closer than neighbours do.
function nearest(seats) {
  const step = Math.max(1, Math.floor(seats.length / SAMPLES)), found = [];
  for (let i = 0; i < seats.length; i += step) {
    const { x, y } = seats[i];
    let least = Infinity;
    for (const other of seats) {
      const square = (other.x - x) ** 2 + (other.y - y) ** 2;
      if (square > 0 && square < least) least = square;
    }
    if (Number.isFinite(least)) found.push(Math.sqrt(least));
  }
  return found;
}

// The box of the whole picture, with the screen before the first row or a stage where all seats look.
function placeFront(hall, focalX, focalY) {
  const [left, top, right, bottom] = [0, 1, 2, 3].map(side => (side < 2 ? Math.min : Math.max)(...hall.rows.map(row => row.box[side])));
  const seats = { left, right, top, bottom };
  hall.box = { left: seats.left - 2 * UNIT, right: seats.right + 2 * UNIT, top: seats.top - UNIT, bottom: seats.bottom + UNIT };
  if (!seatAt(hall, focalX, focalY, STAGE_SEATS * UNIT)) {
    hall.stage = { x: focalX, y: focalY, size: 2 * UNIT };
    hall.box.top = Math.min(hall.box.top, focalY - 2 * UNIT);
    hall.box.bottom = Math.max(hall.box.bottom, focalY + 2 * UNIT);
    return;
  }
  const width = (seats.right - seats.left) * 0.74, middle = (seats.left + seats.right) / 2;
  const y = seats.top - SCREEN_SEATS * UNIT;
  hall.screen = { left: middle - width / 2, right: middle + width / 2, middle, y };
  hall.box.top = y - 1.2 * UNIT;
}

// The seat at a point, if one is within `reach`.
export function seatAt(hall, x, y, reach) {
  let found = null, least = reach ** 2;
  for (const seat of hall.seats) {
    const square = (seat.x - x) ** 2 + (seat.y - y) ** 2;
    if (square < least) { least = square; found = seat; }
  }
  return found;
}
