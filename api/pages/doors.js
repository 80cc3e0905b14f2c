// Calls to Usher: JSON in, JSON out; a problem document becomes a Problem, no answer at all becomes Offline.

import { memoryOf } from "./memory.js";

const root = document.body.dataset.root;
const TRIES_MAX = 6;
const ANSWER_WITHIN_MS = 10_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

export class Problem extends Error {
  constructor(document, retryAfterS) {
    super(document.title ?? "Problem");
    this.document = document;
    this.retryAfterS = retryAfterS;
  }

  get slug() { return String(this.document.type ?? "").split("/").pop(); }
  get status() { return this.document.status; }
}

export class Offline extends Error {}

// How far the server's clock is ahead of this one's: as far as was found last time, unless an answer proves otherwise.
// The server's clock had reached the Date header when the answer came, so the largest difference seen is the truest;
// and when it was asked it was not far past it: the header counts whole seconds, is written once a second, and an
// answer kept for `max-age` bears that of its making. Asked at 0.2 s of this clock and answered at 0.4 s with a Date
// of 7 s, the server's is from 6.6 s to 9.8 s ahead.
const DATE_OLD_MS = 3_000;
const memory = memoryOf("all");
let ahead_ms = memory.read("ahead") ?? 0;
export const serverNow = () => Date.now() + ahead_ms;

function hearClock(answer, sent_ms) {
  const date_ms = Date.parse(answer.headers.get("date") ?? "");
  if (!Number.isFinite(date_ms) || Number(answer.headers.get("age"))) return;
  const kept_s = Number(/max-age=(\d+)/.exec(answer.headers.get("cache-control"))?.[1] ?? 0);
  const least_ms = date_ms - Date.now(), most_ms = date_ms + DATE_OLD_MS + kept_s * 1000 - sent_ms;
  // A clock that was set since makes the old difference worthless.
  const found_ms = ahead_ms > most_ms ? least_ms : Math.max(ahead_ms, least_ms);
  if (found_ms === ahead_ms) return;
  ahead_ms = found_ms;
  memory.write("ahead", ahead_ms);
}

// One intention, one key: the same request again after a lost answer has one effect.
export const newKey = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, "0")).join("");

async function once(method, path, { token, body, key, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (key) headers["Idempotency-Key"] = key;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const limit = AbortSignal.timeout(ANSWER_WITHIN_MS), sent_ms = Date.now();
  let answer, document;
  try {
    answer = await fetch(root + path, {
      method, headers, cache: method === "GET" ? "default" : "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal && AbortSignal.any ? AbortSignal.any([signal, limit]) : signal ?? limit,
    });
    document = answer.status === 204 ? null : await answer.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Offline(error.message);
  }
  hearClock(answer, sent_ms);
  if (!answer.ok) throw new Problem(document, Number(answer.headers.get("retry-after")) || null);
  return document;
}

// Whether the same request may be sent again, and after how long; null when its answer stands.
function pause(error, method, key, tried) {
  const isHarmless = method !== "POST" || key;
  const backoff = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tried) * (0.75 + Math.random() / 2);
  if (error instanceof Offline) return isHarmless ? backoff : null;
  if (!(error instanceof Problem)) return null;
  if (error.status === 429 || error.status === 503) return Math.max(backoff, (error.retryAfterS ?? 0) * 1000);
  if (error.slug === "in-progress" || error.status >= 500) return isHarmless ? backoff : null;
  return null;
}

const sleep = (ms, signal) => new Promise((wake, fail) => {
  const timer = setTimeout(wake, ms);
  signal?.addEventListener("abort", () => { clearTimeout(timer); fail(signal.reason); }, { once: true });
});

// Sends until there is an answer that stands. `tries` 1 leaves the repeating to the caller, as pollers want it.
async function ask(method, path, { tries = TRIES_MAX, ...rest } = {}) {
  for (let tried = 0; ; tried++) {
    try { return await once(method, path, rest); } catch (error) {
      const wait_ms = tried + 1 < tries ? pause(error, method, rest.key, tried) : null;
      if (wait_ms === null) throw error;
      await sleep(wait_ms, rest.signal);
    }
  }
}

// The doors for whoever holds this token (a text, or a function that gives the one of now). Options of each
// call: `signal`, `tries`, and for `post` the `key` of the intention; one is made when none is given.
export function openDoors(token) {
  const mine = options => ({ token: typeof token === "function" ? token() : token, ...options });
  return {
    get: (path, options) => ask("GET", path, mine(options)),
    post: (path, body = {}, options) => ask("POST", path, mine({ body, key: newKey(), ...options })),
    remove: (path, options) => ask("DELETE", path, mine(options)),
  };
}
