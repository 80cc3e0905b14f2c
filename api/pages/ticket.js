// An order's page: it watches for the money, counts the time down, and keeps the order in this browser.

import { Offline, openDoors, Problem, serverNow } from "./doors.js";
import { memoryOf, orders } from "./memory.js";
import { keepPage, languages } from "./offline.js";
import { after } from "./ticker.js";
import { clock, dress, left, t } from "./words.js";

const LOOK_EVERY_S = 3;
const LOOK_AFTER_END_S = 2;
const $ = id => document.getElementById(id);
const box = $("order");
const { order: id, sale, payBy, payS, state } = box.dataset;
const memory = memoryOf(`sale:${sale}`);
const kept = orders.all().find(each => each.order === id);
let looked_ms = navigator.onLine ? Date.now() : null;

// The page is written by the server: when the order has changed, it is asked for again.
async function look() {
  try {
    const order = await openDoors().get(`/v1/orders/${id}`, { tries: 1 });
    $("offline").hidden = true;
    looked_ms = Date.now();
    if (order.state !== state) return location.replace(location.pathname);
  } catch (error) {
    $("offline").hidden = false;
    const key = error instanceof Offline ? "order.offline" : "order.reconnecting";
    $("offline").textContent = looked_ms ? t(key, { time: clock(looked_ms, true) }) : t("order.offline.first");
    if (error instanceof Problem && error.status === 404) return location.reload();
  }
  return after((serverNow() > Date.parse(payBy) ? LOOK_AFTER_END_S : LOOK_EVERY_S) * 1000, look);
}

function tick() {
  const text = left(Date.parse(payBy) - serverNow(), Number(payS));
  for (const each of document.querySelectorAll("[data-at=countdown]")) each.textContent = text;
}

async function copyLink() {
  let said = "copied";
  try { await navigator.clipboard.writeText(location.origin + location.pathname); } catch { said = "copy-failed"; }
  $("said").textContent = t(said);
}

dress();
// A link opened on another device is read there and not taken for this browser's own order.
if (kept || memory.read("order") === id) orders.keep({ ...kept, order: id, state, sale, film: box.dataset.film, starts_at: box.dataset.startsAt, zone: box.dataset.zone });
if (state === "expired" || state === "refunded") memory.write("order", null);
document.querySelector("[data-at=print]")?.addEventListener("click", () => print());
document.querySelector("[data-at=copy-link]")?.addEventListener("click", copyLink);
window.addEventListener("pageshow", event => { if (event.persisted) location.reload(); });
// Tickets must open at a cinema's door where there is no network; the page then says what it is.
const tellNetwork = () => {
  if (navigator.onLine) keepPage(`${document.body.dataset.root}/orders/`, state, languages);
  $("offline").hidden = navigator.onLine;
  $("offline").textContent = navigator.onLine ? "" : t(state === "awaiting_payment" ? "order.offline.first" : "order.offline.kept");
};
window.addEventListener("online", tellNetwork);
window.addEventListener("offline", tellNetwork);
tellNetwork();
if (state === "awaiting_payment") {
  tick();
  setInterval(tick, 1000);
  after(LOOK_EVERY_S * 1000, look);
}
