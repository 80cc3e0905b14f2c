// The fan's turn: the pass, the choosing of seats (choosing.js), the hold and its order.

import { newKey, openDoors, Problem } from "./doors.js";
import { orders } from "./memory.js";
import { after } from "./ticker.js";
import { money, moment, t } from "./words.js";

const SHOWTIMES_EVERY_MS = 8000;
const MOUNT_AGAIN_MS = 2000;

export class Turn {
  // `on`: onHeld(hold), onSoldOut(bool), onProblem(problem) -> whether it was dealt with.
  constructor(sale, memory, on) {
    this.sale = sale;
    this.memory = memory;
    this.on = on;
    this.path = `/v1/sales/${encodeURIComponent(sale.id)}`;
    this.place = openDoors(() => memory.read("place"));
    this.doors = openDoors(() => memory.read("pass")?.pass);
  }

  // The pass, which is the same when asked for again; and the showtimes to choose from.
  async begin() {
    const pass = await this.place.post(`${this.path}/pass`, {}, { tries: 3 });
    this.memory.write("pass", pass);
    this.memory.write("came-in", true);
    await this.#look();
    return true;
  }

  ends_ms(step, status) {
    if (step === "held") return Date.parse(this.memory.read("hold").expires_at);
    const isInside = step === "choosing" || (step === "lapsed" && status?.state === "inside");
    return isInside && status.expires_at ? Date.parse(status.expires_at) : null;
  }

  // Mounts the choosing of seats while it is the step, and takes it away after.
  show(step) {
    const isInside = step === "choosing" || step === "soldout";
    if (isInside && !this.watching) this.#watch();
    if (!isInside) { this.watching?.(); this.watching = null; }
    if (step === "choosing") this.#mount();
    else if (step !== "soldout") this.#unmount();
  }

  async #mount() {
    if (this.mounting) return;
    const mounting = this.mounting = {};
    try {
      const { mountChoosing } = await import("./choosing.js");
      if (!this.showtimes) await this.#look();
      if (this.mounting !== mounting) return;
      mounting.view = mountChoosing(document.getElementById("choosing"), {
        doors: this.doors, sale: this.sale, showtimes: this.showtimes, words: { t, money, moment },
        onHeld: (hold, show) => this.#held(hold, show), onProblem: this.on.onProblem,
      });
    } catch {
      // Without a network the hall cannot be fetched; it is asked for again, and the page says so.
      this.mounting = null;
      this.#tellAway();
      after(MOUNT_AGAIN_MS, () => { if (this.watching) this.show("choosing"); });
    }
  }

  #tellAway() {
    const told = document.createElement("p");
    told.className = "notice";
    told.textContent = t("choosing.away");
    document.getElementById("choosing").replaceChildren(told);
  }

  // The hold with what its page shows and its order needs: it must stand a reload.
  async #held(hold, show) {
    const { showtime, film, starts_at, time_zone: zone, cinema, auditorium } = show;
    const kept = { ...hold, showtime, show: { film, starts_at, zone, cinema, auditorium }, order_key: newKey() };
    this.on.onHeld(kept);
    // The names of the categories stand in the plan, which the browser has; without them their keys are shown.
    const found = await this.doors.get(`/v1/showtimes/${showtime}/plan`, { tries: 1 }).catch(() => null);
    if (found && this.memory.read("hold")?.hold === hold.hold) this.on.onHeld({ ...kept, labels: Object.fromEntries(found.plan.categories.map(each => [each.key, each.label])) });
  }

  #unmount() {
    this.mounting?.view?.destroy();
    this.mounting = null;
  }

  #watch() {
    let cancel = () => {};
    const round = async () => {
      await this.#look().catch(() => {});
      if (this.watching) cancel = after(SHOWTIMES_EVERY_MS, round);
    };
    cancel = after(SHOWTIMES_EVERY_MS, round);
    this.watching = () => cancel();
  }

  async #look() {
    const { showtimes } = await this.doors.get(`/v1/showtimes?sale=${encodeURIComponent(this.sale.id)}`, { token: undefined, tries: 3 });
    this.showtimes = showtimes;
    this.mounting?.view?.update(showtimes);
    this.on.onSoldOut(showtimes.length > 0 && showtimes.every(show => show.free === 0));
  }

  // The order of the hold; asked again after a lost answer, the same order.
  async order() {
    const hold = this.memory.read("hold");
    const order = await this.doors.post("/v1/orders", { hold: hold.hold }, { key: hold.order_key });
    this.memory.write("order", order.order);
    this.memory.write("hold", null);
    orders.keep({ order: order.order, state: order.state, sale: this.sale.id, ...hold.show });
    return order;
  }

  async release() {
    const hold = this.memory.read("hold");
    try { await this.doors.remove(`/v1/holds/${hold.hold}`); } catch (error) {
      if (!(error instanceof Problem && error.slug === "unknown-hold")) throw error;
    }
    this.memory.write("hold", null);
  }

  // The hold's time is over: its seats are going back. Remembered, so that a reload says so too.
  async lapse() {
    this.memory.write("hold", null);
    this.memory.write("lapsed", true);
  }

  forget() {
    for (const name of ["pass", "hold", "lapsed"]) this.memory.write(name, null);
    this.#unmount();
  }
}
