// The place in the line: joins, asks how it stands as often as it is told and no more, and keeps on through
// lost networks. The pulse, which is the same for everybody, is asked at a pace of its own.

import { newKey, Offline, openDoors, Problem, serverNow } from "./doors.js";
import { after } from "./ticker.js";

const POLL_S = 5;
const FAILED_POLL_S = [2, 4, 8];

export class Line {
  // `on`: heard(), unheard(error, last_ms), onStatus(status), onPulse(pulse), onLost().
  constructor(sale, memory, on) {
    this.sale = sale;
    this.memory = memory;
    this.on = on;
    this.doors = openDoors(() => memory.read("place"));
    this.public = openDoors();
    this.path = `/v1/sales/${encodeURIComponent(sale.id)}`;
    this.failures = 0;
    this.heard_ms = memory.read("heard") ?? 0;
    this.due_ms = 0;
    this.asked_after = 0;
    const wake = () => { if (document.visibilityState === "visible" && (this.failures || Date.now() > this.due_ms + 500)) this.askNow(); };
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    window.addEventListener("offline", () => on.unheard(new Offline(), this.heard_ms));
  }

  begin() {
    this.#pulse();
    if (this.memory.read("place")) this.askNow();
  }

  // A place, kept under one key until its answer is known: a lost answer or a second tab gets the same place.
  async join() {
    const key = this.memory.read("join-key") ?? newKey();
    this.memory.write("join-key", key);
    const identity = new URLSearchParams(location.hash.slice(1)).get("identity");
    const joined = await this.public.post(`${this.path}/places`, identity ? { identity } : {}, { key }).catch(error => {
      if (error instanceof Problem && error.status < 500 && error.status !== 429) this.memory.write("join-key", null);
      throw error;
    });
    this.memory.write("place", joined.place);
    this.memory.write("join-key", null);
    this.#schedule(joined.poll_in_s);
    return { state: joined.state, rank: joined.rank, poll_in_s: joined.poll_in_s };
  }

  // Whether a join was sent whose answer is not known.
  isJoining() { return Boolean(this.memory.read("join-key")); }

  // When the step ends, as far as the line knows.
  ends_ms(step, { status, pulse }) {
    if (step === "invited" && status.claim_by) return Date.parse(status.claim_by);
    const isBefore = pulse ? pulse.state === "scheduled" : this.sale.state === "scheduled";
    return (step === "start" || step === "waiting") && isBefore && status?.rank == null ? this.sale.opens_ms : null;
  }

  // One question more than told, when a deadline has passed under the fan's eyes.
  askOnceAfter(ends_ms) {
    if (this.asked_after === ends_ms || !this.memory.read("place")) return;
    this.asked_after = ends_ms;
    this.#schedule(0.5);
  }

  async askNow() {
    this.cancel?.();
    if (!this.memory.read("place") || this.asking) return;
    this.asking = true;
    try { await this.#ask(); } finally { this.asking = false; }
  }

  async #ask() {
    let status;
    try {
      status = await this.doors.get(`${this.path}/place`, { tries: 1 });
    } catch (error) {
      if (error instanceof Problem && ["bad-token", "not-allowed", "unknown-sale"].includes(error.slug)) return this.on.onLost();
      this.on.unheard(error, this.heard_ms);
      return this.#schedule(Math.max(error.retryAfterS ?? 0, FAILED_POLL_S[Math.min(this.failures++, FAILED_POLL_S.length - 1)]));
    }
    this.failures = 0;
    this.#hear();
    if (status.place) this.memory.write("place", status.place);
    if (status.state !== "done" && status.state !== "closed") this.#schedule(status.poll_in_s ?? POLL_S);
    await this.on.onStatus(status);
  }

  // Remembered, so that a page opened without a network says how old its news are.
  #hear() {
    this.heard_ms = Date.now();
    this.memory.write("heard", this.heard_ms);
    this.on.heard();
  }

  #schedule(s) {
    this.cancel?.();
    this.due_ms = Date.now() + s * 1000;
    this.cancel = after(s * 1000, () => this.askNow());
  }

  async #pulse() {
    let wait_s = POLL_S * 2;
    try {
      const pulse = await this.public.get(`${this.path}/pulse`, { tries: 1 });
      this.on.onPulse(pulse);
      if (!this.memory.read("place")) this.#hear();
      wait_s = pulse.poll_in_s;
      const until_open_s = (this.sale.opens_ms - serverNow()) / 1000;
      if (pulse.state === "closed") return;
      if (pulse.state === "scheduled" && until_open_s > 0 && until_open_s < wait_s) wait_s = until_open_s + 1 + Math.random() * 2;
    } catch (error) {
      if (!this.memory.read("place")) this.on.unheard(error, this.heard_ms);
    }
    after(wait_s * 1000, () => this.#pulse());
  }
}
