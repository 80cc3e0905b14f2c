// Moving a sale, closing an alarm: pressed, explained, confirmed in a dialog with a reason, logged with a name.

import { newKey, Problem } from "./doors.js";
import { inWords } from "./operator_view.js";
import { t } from "./words.js";

const $ = id => document.getElementById(id);
const FROM = { open: ["scheduled"], pause: ["open"], resume: ["paused"], close: ["scheduled", "open", "paused"], capacity: ["scheduled", "open", "paused"] };
const READ_BY_FANS = ["pause", "close"];
const NEEDS_WHY = ["pause", "close", "capacity", "close-alarm"];
const FINAL = ["close"];

export class Moves {
  // `now()` gives {sale, title, state, capacity, waiting, who}; `moved()` is called after each move.
  constructor(doors, now, moved) {
    this.doors = doors;
    this.now = now;
    this.moved = moved;
    this.dialog = $("confirm");
    for (const button of $("moves").querySelectorAll("button")) button.addEventListener("click", () => this.ask(button.dataset.verb));
    $("cancel").addEventListener("click", () => this.dialog.close());
    $("confirm-form").addEventListener("submit", event => { event.preventDefault(); this.confirm(); });
  }

  // Only what can be done from this state can be pressed.
  show(state) {
    for (const button of $("moves").querySelectorAll("button")) {
      const { verb } = button.dataset;
      button.disabled = !FROM[verb].includes(state);
      button.hidden = (verb === "open" && state !== "scheduled") || (verb === "resume" && state !== "paused");
    }
  }

  // `alarm`: the number of the one to close.
  ask(verb, alarm = null) {
    const { title, capacity, waiting, who } = this.now();
    this.verb = verb;
    this.alarm = alarm;
    this.key = newKey();
    $("confirm-title").textContent = t(`op.${verb}.title`, { sale: title });
    $("confirm-what").textContent = t(`op.${verb}.what`, { n: verb === "capacity" ? capacity : waiting });
    $("capacity-field").hidden = verb !== "capacity";
    $("capacity").required = verb === "capacity";
    $("capacity").value = capacity;
    $("reason-label").textContent = t(`op.reason.${READ_BY_FANS.includes(verb) ? "fans" : alarm === null ? "log" : "done"}`);
    $("reason").required = NEEDS_WHY.includes(verb);
    $("reason").value = "";
    $("confirm-who").textContent = t("op.who", { who: who || t("op.log.nobody") });
    $("confirm-problem").textContent = "";
    $("confirm-button").textContent = t(`op.${verb}.do`);
    $("confirm-button").classList.toggle("danger", FINAL.includes(verb));
    $("confirm-button").classList.toggle("primary", !FINAL.includes(verb));
    this.dialog.showModal();
    (verb === "capacity" ? $("capacity") : $("reason")).focus();
  }

  // Where the move goes, and what it says.
  asked(said) {
    const { sale, who } = this.now();
    if (this.alarm !== null) return [`/v1/alarms/${this.alarm}/close`, { reason: said, who }];
    const body = READ_BY_FANS.includes(this.verb) ? { reason: said, who } : { why: said, who };
    if (this.verb === "capacity") body.capacity = Number($("capacity").value);
    return [`/v1/sales/${encodeURIComponent(sale)}/${this.verb}`, body];
  }

  async confirm() {
    const said = $("reason").value.trim();
    if ($("reason").required && !said) { $("confirm-problem").textContent = t("op.reason.needed"); return; }
    const [path, body] = this.asked(said);
    $("confirm-button").setAttribute("aria-busy", "true");
    try {
      await this.doors.post(path, body, { key: this.key, tries: 3 });
      this.dialog.close();
    } catch (error) {
      $("confirm-problem").textContent = error instanceof Problem ? t("op.failed", { why: inWords(error) }) : t("op.failed.offline");
      // A refusal stands under its key; another press is another intention.
      if (error instanceof Problem) this.key = newKey();
    } finally {
      $("confirm-button").removeAttribute("aria-busy");
      this.moved();
    }
  }
}
