// The operator's screen: signs in with a key that stays in this tab, then asks and shows, and asks again.

import { Offline, openDoors, Problem } from "./doors.js";
import { Night } from "./night.js";
import { Curves } from "./operator_curves.js";
import { Halls } from "./operator_halls.js";
import { Moves } from "./operator_moves.js";
import { showTroubles } from "./operator_troubles.js";
import { inWords, showLog, showNow, showSale } from "./operator_view.js";
import { el } from "./curves.js";
import { clock, lang, learn, t } from "./words.js";

learn((await import(`./operator_words.${lang}.js`)).default);

const $ = id => document.getElementById(id);
const NAME = `usher:${document.body.dataset.root}:operator`;
const TICK_MS = 1000, STALE_MS = 6000, HIDDEN_TICKS = 10;
const saved = () => { try { return JSON.parse(sessionStorage.getItem(NAME)) ?? {}; } catch { return {}; } };

let { key = "", who = "" } = saved();
const doors = openDoors(() => key);
const once = { tries: 1 };
const now = { sale: null, halls: null, counts: null, range_s: 900, heard_ms: Date.now(), signedIn: false };
let night = new Night(), halls = null, curves = null, ticks = 0;

// What is asked, and every how many seconds.
const TASKS = [
  { every: 1, run: readSeconds }, { every: 2, run: readCounts }, { every: 2, run: readHalls }, { every: 3, run: readTroubles },
  { every: 5, run: readActions }, { every: 10, run: readSales }, { every: 30, run: readMinutes },
];

const moves = new Moves(doors, () => ({
  sale: now.sale, title: now.halls?.title ?? now.sale, capacity: now.halls?.capacity ?? 1, waiting: now.counts?.waiting ?? 0, who,
}), () => TASKS.forEach(start));

const path = more => `/v1/sales/${encodeURIComponent(now.sale)}${more}`;

async function readSales() {
  const { sales } = await doors.get("/v1/sales", once);
  const options = sales.map(sale => el("option", { value: sale.sale }, `${sale.title} – ${t(`op.state.${sale.state}`)}`));
  $("sale-choice").replaceChildren(...options);
  const wanted = now.sale ?? new URLSearchParams(location.search).get("sale");
  const first = sales.find(sale => sale.state === "open" || sale.state === "paused") ?? sales.at(-1);
  const chosen = (sales.find(sale => sale.sale === wanted) ?? first)?.sale ?? null;
  if (chosen !== now.sale) choose(chosen);
  $("sale-choice").value = chosen ?? "";
  if (!chosen) $("sale-title").textContent = t("op.none");
}

// Another sale: nothing of the old one may be seen under its name.
function choose(sale) {
  Object.assign(now, { sale, halls: null, counts: null });
  night = new Night();
  halls = new Halls($("halls"), doors);
  const url = new URL(location);
  url.searchParams.set("sale", sale);
  history.replaceState(null, "", url);
  if (sale) TASKS.filter(task => task.run !== readSales).forEach(start);
}

async function readSeconds() {
  const mine = night;
  const since = mine.since_s || Math.floor(Date.now() / 1000) - 3600;
  const answer = await doors.get(path(`/history?step_s=1&since=${Math.max(0, since)}`), once);
  if (mine !== night) return;
  mine.takeSeconds(answer);
  draw();
}

async function readMinutes() {
  const mine = night;
  const answer = await doors.get(path("/history?step_s=60&since=0"), once);
  if (mine === night) mine.takeMinutes(answer);
}

function draw() {
  const view = night.view(now.range_s);
  if (!view) return;
  curves.draw(view);
  if ($("numbers").open && ticks % 5 === 0) curves.list(view);
}

async function readCounts() {
  const sale = now.sale, counts = await doors.get(path(""), once);
  if (sale !== now.sale) return;
  now.counts = counts;
  now.heard_ms = Date.now();
  showNow(counts, now.halls?.capacity);
}

async function readHalls() {
  const sale = now.sale, found = await doors.get(path("/halls"), once);
  if (sale !== now.sale) return;
  now.halls = found;
  showSale(found);
  moves.show(found.state);
  halls.show(found.showtimes);
  await halls.look();
}

async function readActions() {
  const sale = now.sale, found = await doors.get(path("/actions"), once);
  if (sale === now.sale) showLog(found);
}

const UNKNOWN = { kind: "unknown", grade: "stops", count: 1, sales: [], items: [], since: null, alarm: null };
const closeAlarm = trouble => moves.ask("close-alarm", trouble.alarm);

async function readTroubles() {
  try {
    const { troubles, at } = await doors.get("/v1/troubles", once);
    showTroubles(troubles, Date.parse(at), closeAlarm);
  } catch (error) {
    const why = error instanceof Problem ? error.document.title : t("op.key.away");
    if (error.status !== 401) showTroubles([{ ...UNKNOWN, detail: why }], Date.now(), closeAlarm);
    throw error;
  }
}

// One question of a kind at a time; one that fails is asked again at its next turn.
async function start(task) {
  const needsSale = task.run !== readSales && task.run !== readTroubles;
  if (task.isRunning || !now.signedIn || (needsSale && !now.sale)) return;
  task.isRunning = true;
  try { await task.run(); } catch (error) {
    if (error instanceof Problem && (error.status === 401 || error.status === 403)) signOut(t("op.key.ended"));
    else if (!(error instanceof Problem || error instanceof Offline)) throw error;
  } finally { task.isRunning = false; }
}

// Says when what is shown is old, and goes on asking; a hidden tab asks less.
function tick() {
  ticks++;
  const isOld = now.signedIn && now.sale && Date.now() - now.heard_ms > STALE_MS && !document.hidden;
  const said = isOld ? t("op.stale", { time: clock(now.heard_ms, true) }) : "";
  if ($("stale").textContent !== said) $("stale").textContent = said;
  $("screen").classList.toggle("old", Boolean(isOld));
  if (document.hidden && ticks % HIDDEN_TICKS) return;
  for (const task of TASKS) if (document.hidden || ticks % task.every === 0) start(task);
}

async function signIn() {
  try {
    await doors.get("/v1/troubles", once);
  } catch (error) {
    const known = { "bad-token": "op.key.wrong", "not-allowed": "op.key.other" }[error.slug];
    return signOut(known ? t(known) : error instanceof Problem ? inWords(error) : t("op.key.away"));
  }
  try { sessionStorage.setItem(NAME, JSON.stringify({ key, who })); } catch { /* Then a reload asks for the key again. */ }
  now.signedIn = true;
  now.heard_ms = Date.now();
  $("sign-in").hidden = true;
  $("screen").hidden = false;
  $("key").value = "";
  curves ??= new Curves($("curves"), $("numbers-table"), $("curves-source"));
  TASKS.forEach(start);
}

function signOut(why = "") {
  now.signedIn = false;
  key = "";
  try { sessionStorage.removeItem(NAME); } catch { /* Nothing was kept. */ }
  if ($("confirm").open) $("confirm").close();
  $("screen").hidden = true;
  $("sign-in").hidden = false;
  $("sign-in-problem").textContent = why;
  $("who").value = who;
  $("key").focus();
}

$("sign-in-form").addEventListener("submit", event => {
  event.preventDefault();
  key = $("key").value.trim();
  who = $("who").value.trim();
  $("sign-in-problem").textContent = "";
  signIn();
});
$("sign-out").addEventListener("click", () => signOut());
$("sale-choice").addEventListener("change", event => choose(event.target.value));
$("numbers").addEventListener("toggle", () => { const view = night.view(now.range_s); if (view && $("numbers").open) curves.list(view); });
for (const button of $("ranges").querySelectorAll("button")) button.addEventListener("click", () => {
  now.range_s = Number(button.dataset.range);
  for (const each of $("ranges").querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === button));
  draw();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) { now.heard_ms = Date.now(); TASKS.forEach(start); } });
$("legend").textContent = t("op.legend");
setInterval(tick, TICK_MS);
if (key) signIn(); else signOut();
