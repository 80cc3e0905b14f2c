// The fan's way: join, wait as told, come in, hold, order, pay, ticket. Each step shows one section.

import { ask, memory, money, newKey, Problem } from "./doors.js";
import { Hall } from "./hall.js";

const $ = id => document.getElementById(id);
const SEATS_EVERY_MS = 2000;
const hall = new Hall($("hall"), names => { chosen = names; $("take").disabled = names.length === 0; });
let sale, shows = [], show, chosen = [], version, hold, timer, watching;

const visible = (...ids) => { for (const id of ["place", "shop", "hold", "ticket"]) $(id).hidden = !ids.includes(id); };

async function tell(work) {
  $("problem").textContent = "";
  try { return await work(); } catch (error) {
    if (!(error instanceof Problem)) $("problem").textContent = "Usher cannot be reached; trying again helps.";
    else $("problem").textContent = error.message;
    return undefined;
  }
}

async function join(id) {
  sale = id;
  if (!memory.read(`place:${sale}`)) {
    const joined = await ask("POST", `/v1/sales/${sale}/places`, { body: {}, key: newKey() });
    memory.write(`place:${sale}`, joined.place);
  }
  visible("place");
  await poll();
}

async function poll() {
  clearTimeout(timer);
  let wait_s = 2;
  try {
    const place = await ask("GET", `/v1/sales/${sale}/place`, { token: memory.read(`place:${sale}`) });
    if (place.place) memory.write(`place:${sale}`, place.place);
    wait_s = place.poll_in_s ?? 5;
    where(place);
    if (place.state === "inside" && $("shop").hidden && $("hold").hidden) await tell(comeIn);
    if (place.state === "done" || place.state === "closed") return;
  } catch (error) {
    if (error instanceof Problem && error.slug === "bad-token") { memory.write(`place:${sale}`, null); throw error; }
  }
  timer = setTimeout(() => tell(poll), wait_s * 1000);
}

function where(place) {
  const words = { invited: "It is your turn.", inside: "You are inside.", done: "This place has been used.", closed: "The sale is closed." };
  const wait = place.wait_s ? `, about ${Math.ceil(place.wait_s.p50 / 60)} min (nine of ten within ${Math.ceil(place.wait_s.p90 / 60)} min)` : "";
  const ahead = place.ahead == null ? "Waiting for the draw at the open." : `${place.ahead} ahead of you${wait}.`;
  $("where").textContent = [words[place.state] ?? ahead, place.message ?? ""].join(" ");
  $("come-in").hidden = place.state !== "invited";
  if (place.state === "done") memory.write(`place:${sale}`, null);
}

async function comeIn() {
  const { pass } = await ask("POST", `/v1/sales/${sale}/pass`, { token: memory.read(`place:${sale}`) });
  memory.write(`pass:${sale}`, pass);
  shows = (await ask("GET", `/v1/showtimes?sale=${encodeURIComponent(sale)}`)).showtimes;
  $("show").replaceChildren(...shows.map(s => new Option(`${s.film} · ${s.auditorium} · ${new Date(s.starts_at).toLocaleString()} · ${s.free} free`, s.showtime)));
  visible("place", "shop");
  if (shows.length) await pickShow(shows[0].showtime);
}

async function pickShow(id) {
  show = shows.find(s => s.showtime === id);
  $("category").replaceChildren(...Object.entries(show.prices).map(([key, amount]) => new Option(`${key} · ${money(amount + show.service_fee, show.currency)}`, key)));
  hall.draw((await ask("GET", `/v1/showtimes/${id}/plan`)).plan);
  version = undefined;
  await refresh();
  clearInterval(watching);
  watching = setInterval(() => refresh().catch(() => {}), SEATS_EVERY_MS);
}

async function refresh() {
  if ($("shop").hidden) return;
  const seats = await ask("GET", `/v1/showtimes/${show.showtime}/seats${version === undefined ? "" : `?since=${version}`}`);
  version = seats.version;
  hall.update(seats);
}

async function take(want) {
  hold = await ask("POST", `/v1/showtimes/${show.showtime}/holds`, { token: memory.read(`pass:${sale}`), body: want, key: newKey() });
  hold.key = newKey();
  $("held").textContent = `${hold.seats.map(seat => `${seat.seat} (${seat.category})`).join(", ")}: ${money(hold.amount, hold.currency)}`;
  visible("hold");
  countDown(Date.parse(hold.expires_at));
}

function countDown(until) {
  clearTimeout(timer);
  const left = Math.max(0, Math.round((until - Date.now()) / 1000));
  $("left").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  if (left > 0) timer = setTimeout(() => countDown(until), 1000);
  else { visible("place", "shop"); tell(poll); }
}

async function order() {
  const placed = await ask("POST", "/v1/orders", { token: memory.read(`pass:${sale}`), body: { hold: hold.hold }, key: hold.key });
  clearTimeout(timer);
  if (placed.pay_url) location.assign(placed.pay_url);
  else location.hash = `order=${placed.order}`;
}

async function release() {
  await ask("DELETE", `/v1/holds/${hold.hold}`, { token: memory.read(`pass:${sale}`) });
  visible("place", "shop");
  await poll();
}

async function showOrder(id) {
  const found = await ask("GET", `/v1/orders/${encodeURIComponent(id)}`);
  visible("ticket");
  $("order-state").textContent = `${found.state.replace("_", " ")} · ${money(found.amount, found.currency)}` + (found.durability ? ` · ${found.durability}` : "");
  $("tickets").replaceChildren(...(found.tickets ?? []).map(ticket => {
    const line = document.createElement("li"), code = document.createElement("code");
    code.textContent = ticket.code;
    line.append(`${found.film} · ${found.auditorium} · ${ticket.seat} · `, code);
    return line;
  }));
  if (found.pay_url) {
    const link = document.createElement("a");
    link.href = found.pay_url; link.textContent = " Pay";
    $("order-state").append(link);
  }
}

function byAddress() {
  const id = new URLSearchParams(location.hash.slice(1)).get("order");
  if (id) tell(() => showOrder(id));
}

for (const box of document.querySelectorAll(".sale")) box.querySelector(".join").addEventListener("click", () => tell(() => join(box.dataset.sale)));
$("come-in").addEventListener("click", () => tell(comeIn));
$("show").addEventListener("change", event => tell(() => pickShow(event.target.value)));
$("best").addEventListener("submit", event => {
  event.preventDefault();
  tell(() => take({ best: { count: Number($("count").value), category: $("category").value, split: $("split").checked } }));
});
$("take").addEventListener("click", () => tell(() => take({ seats: chosen })));
$("order").addEventListener("click", () => tell(order));
$("release").addEventListener("click", () => tell(release));
window.addEventListener("hashchange", byAddress);
byAddress();
