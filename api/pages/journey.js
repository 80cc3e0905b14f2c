// The fan's journey through one sale, as a machine of steps: start, waiting, invited, choosing, held, and the
// ends. What is remembered (place, pass, hold, order) and what Usher answers decide the step, never the way
// the fan came: a reload, a closed tab or a second tab all find the same one.

import { Offline, openDoors, Problem, serverNow } from "./doors.js";
import { Line } from "./line.js";
import { memoryOf, orders } from "./memory.js";
import { showHeld } from "./held.js";
import { isKept, keepPage } from "./offline.js";
import { Signals } from "./signals.js";
import { Turn } from "./turn.js";
import { showWaiting, whatIsLeft } from "./waiting.js";
import { clock, dress, knows, left, t } from "./words.js";

const $ = id => document.getElementById(id);
const box = $("journey");
const sale = {
  id: box.dataset.sale, title: box.dataset.title, state: box.dataset.state, identity: box.dataset.identity,
  draw: box.dataset.draw === "1", opens_ms: Date.parse(box.dataset.opensAt), seatsPerFan: Number(box.dataset.seatsPerFan),
  claim_s: Number(box.dataset.claimS), shopping_s: Number(box.dataset.shoppingS), hold_s: Number(box.dataset.holdS), pay_s: Number(box.dataset.payS),
};
const root = document.body.dataset.root;
const memory = memoryOf(`sale:${sale.id}`);
const CHANGED = new Set(["bad-token", "pass-used-up", "not-your-turn", "sale-closed", "sale-paused", "sale-not-open"]);
const SECTIONS = { choosing: "inside", held: "held" };

// What is known now: the place's status, the sale's pulse, the order made last.
const known = { status: null, pulse: null, order: null, lost: false, soldOut: false, note: "" };
const signals = new Signals();
const line = new Line(sale, memory, { heard, unheard, onStatus, onPulse, onLost });
const turn = new Turn(sale, memory, { onHeld, onSoldOut, onProblem });
let step = "", kept = "", hasActed = false;

// The step that follows from what is known; the first that holds.
function stepOf() {
  const { status, pulse } = known;
  if (known.lost) return "lapsed";
  if (!status) return known.order ? "confirmed" : pulse?.state === "closed" ? "closed" : "start";
  if (status.state === "inside") {
    if (memory.read("hold")) return "held";
    if (pulse?.state === "closed") return "closed";
    return memory.read("lapsed") ? "lapsed" : known.soldOut ? "soldout" : "choosing";
  }
  if (status.state === "done") return status.why === "bought" ? "confirmed" : "lapsed";
  if (status.state === "closed") return "closed";
  return isPaused() ? "paused" : status.state;
}

// A place with a rank and without an estimate stands in a line that does not move; before the draw and for
// those called, the pulse says it.
function isPaused() {
  const { status, pulse } = known;
  if (status.state === "waiting" && status.rank != null && status.ahead != null) return !status.wait_s;
  return pulse?.state === "paused";
}

function render() {
  const next = stepOf();
  const isNew = next !== step;
  if (isNew) known.note = "";
  step = document.body.dataset.step = next;
  const section = SECTIONS[step] ?? "waiting";
  for (const id of ["waiting", "inside", "held"]) $(id).hidden = id !== section;
  if (section === "waiting") showWaiting({ sale, step, ...known, heard_ms: line.heard_ms, cameIn: Boolean(memory.read("came-in")), lapsedHold: Boolean(memory.read("lapsed")) });
  if (step === "held") showHeld(memory.read("hold"));
  turn.show(step, known.status);
  signals.tell(step, sale.title);
  notice();
  if (isNew) arrive(section);
  if (kept !== step && memory.read("place")) {
    kept = step;
    keepPage(`${root}/sales/`).then(isDone => { if (!isDone) kept = ""; });
  }
  tick();
}

// After a press the focus follows to the new step; a page that changes by itself leaves it where it is.
function arrive(section) {
  say("");
  const heading = $(`${section}-title`);
  if (hasActed && (document.activeElement === document.body || !document.activeElement?.checkVisibility?.())) heading.focus();
  if (hasActed && section !== "waiting") scrollTo({ top: 0 });
}

// Every countdown on the page shows the time to the end of the step it stands in.
function tick() {
  const ends_ms = line.ends_ms(step, known) ?? turn.ends_ms(step, known.status);
  // The time to choose stands still during a pause; it is told anew when the sale goes on.
  const isStill = step === "choosing" && known.pulse?.state === "paused";
  const text = isStill ? t("paused.still") : ends_ms == null ? "" : left(ends_ms - serverNow(), promised_s());
  for (const each of document.querySelectorAll("[data-at=countdown]")) if (each.textContent !== text) each.textContent = text;
  if (isStill || ends_ms == null || serverNow() < ends_ms) return;
  if (step === "held") turn.lapse().then(render);
  else line.askOnceAfter(ends_ms);
}

// How long the step lasts at most; the opening is promised for a moment, not for a time.
function promised_s() {
  return { invited: sale.claim_s, choosing: sale.shopping_s, lapsed: sale.shopping_s, held: sale.hold_s }[step];
}

function notice() {
  const { status, pulse } = known;
  const isInside = step === "choosing" || step === "held";
  const isPausedInside = isInside && pulse?.state === "paused";
  const told = { "We are reconnecting. Your place is kept.": "message.away", "The sale is paused while its records are checked. Your place is kept.": "message.checking" }[status?.message];
  let text = told ? t(told) : known.note || whatIsLeft({ step, pulse });
  if (!told && isPausedInside) text = t(`paused.${step}`, { reason: status?.message ?? pulse?.message ?? "" });
  if ($("notice").textContent !== text) $("notice").textContent = text;
}

function say(text) { if ($("problem").textContent !== text) $("problem").textContent = text; }

// A refusal in words; one that means that the turn has changed is looked into.
async function trouble(error) {
  if (error instanceof Offline) return say(t("problem.offline"));
  if (!(error instanceof Problem)) throw error;
  const key = `problem.${error.slug}`;
  say(t(knows(key) ? key : "problem.other", { reason: error.document.detail ?? "" }));
  if (CHANGED.has(error.slug)) await line.askNow();
}

// What the choosing of seats hands back, as it is not about seats.
function onProblem(error) {
  if (!CHANGED.has(error.slug)) return false;
  trouble(error);
  return true;
}

function heard() { $("offline").hidden = true; }

function unheard(error, heard_ms) {
  const key = error instanceof Offline ? "offline" : "reconnecting";
  const text = heard_ms ? t(key, { time: clock(heard_ms, true) }) : t("offline.first");
  if ($("offline").textContent !== text) $("offline").textContent = text;
  $("offline").hidden = false;
  if (known.pulse || !memory.read("pulse")) return;
  known.pulse = memory.read("pulse");
  render();
}

async function onStatus(status) {
  if (status.state === "inside" && !memory.read("pass") && !(await turn.begin().catch(trouble))) return;
  keep(status);
  if (status.state === "done") turn.forget();
  render();
}

// The status is remembered too, so that a reload shows at once where the fan stood last.
function keep(status) {
  known.status = status;
  memory.write("status", status);
}

function onPulse(pulse) {
  known.pulse = pulse;
  memory.write("pulse", pulse);
  if (pulse.opens_at) sale.opens_ms = Date.parse(pulse.opens_at);
  render();
}

function onLost() {
  turn.forget();
  memory.write("place", null);
  keep(null);
  known.lost = true;
  render();
}

function onHeld(hold) {
  memory.write("hold", hold);
  render();
}

function onSoldOut(soldOut) {
  if (known.soldOut !== soldOut) { known.soldOut = soldOut; render(); }
}

// The presses. Each is guarded: while one is under way its button is busy and pressing again does nothing.
const presses = {
  async join() {
    known.lost = false;
    known.order = null;
    keep(await line.join());
    signals.ready();
  },
  async "come-in"() {
    await turn.begin();
    keep({ state: "inside", expires_at: memory.read("pass").expires_at });
  },
  async rejoin() {
    const wasLapsed = memory.read("lapsed");
    memory.write("lapsed", null);
    if (known.status?.state === "inside" && wasLapsed) return;
    turn.forget();
    for (const name of ["place", "order", "came-in"]) memory.write(name, null);
    await presses.join();
  },
  async order() {
    const order = await turn.order();
    location.replace(`${root}/orders/${order.order}`);
  },
  async release() {
    await turn.release();
    render();
    known.note = t("held.released");
  },
};

async function press(name, button) {
  if (button.getAttribute("aria-busy") === "true") return;
  hasActed = true;
  button.setAttribute("aria-busy", "true");
  say("");
  try {
    await presses[name]();
    render();
  } catch (error) {
    if (name === "order" && error instanceof Problem && ["hold-expired", "unknown-hold"].includes(error.slug)) {
      await turn.lapse();
      render();
    } else await trouble(error);
  } finally { button.removeAttribute("aria-busy"); }
}

// An order that waits for its money has a page of its own; a finished one is offered until the fan goes on.
async function resumeOrder() {
  const isAgain = new URLSearchParams(location.search).has("again");
  if (isAgain) history.replaceState(null, "", location.pathname);
  const id = memory.read("order");
  if (!id) return false;
  const path = `${root}/orders/${id}`;
  let order;
  try { order = await openDoors().get(`/v1/orders/${id}`, { tries: navigator.onLine ? 3 : 1 }); } catch (error) {
    if (error instanceof Problem && error.status === 404) memory.write("order", null);
    const isOpened = error instanceof Offline && !isAgain && await isKept(path);
    if (isOpened) location.replace(path);
    return isOpened;
  }
  orders.keep({ ...orders.all().find(each => each.order === id), order: id, state: order.state });
  memory.write("hold", null);
  if (order.state === "awaiting_payment" && !isAgain) { location.replace(path); return true; }
  if (order.state === "confirmed") known.order = order;
  else memory.write("order", null);
  return false;
}

for (const name of Object.keys(presses))
  for (const button of document.querySelectorAll(`[data-at="${name}"]`)) button.addEventListener("click", () => press(name, button));
memory.watch(name => { if (name === "place" || name === "pass" || name === "hold") line.askNow(); });
window.addEventListener("pageshow", event => { if (event.persisted) location.reload(); });
setInterval(tick, 1000);
dress();
if (!await resumeOrder()) {
  if (memory.read("place")) known.status = memory.read("status") ?? { state: "waiting" };
  render();
  line.begin();
  // A join whose answer got lost with the page goes on: its key makes it the same one.
  if (line.isJoining() && !memory.read("place")) press("join", document.querySelector("[data-at=join]"));
}
