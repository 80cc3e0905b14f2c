// How the page calls a fan whose turn it is: title, vibration, and a sound if a press has allowed it.

import { t } from "./words.js";

const $ = id => document.getElementById(id);
const REPEAT_MS = 8000;
const NOTES_HZ = [660, 880, 1320];

export class Signals {
  constructor() {
    this.step = "";
    this.sound = null;
    this.lock = null;
    this.sounder = document.querySelector("[data-at=sound]");
    this.waker = document.querySelector("[data-at=awake]");
    this.waker.hidden = !("wakeLock" in navigator);
    this.sounder.addEventListener("click", () => this.#toggleSound());
    this.waker.addEventListener("click", () => this.#toggleAwake());
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && isOn(this.waker)) this.#keepAwake(); });
  }

  ready() { $("signals").hidden = false; }

  tell(step, title) {
    // Who is called already needs no more signals, but may want to end the one that sounds.
    $("signals").hidden = !["waiting", "paused"].includes(step) && !(step === "invited" && isOn(this.sounder));
    document.title = step === "invited" ? `● ${t("invited.tab")} · Usher` : step === "choosing" ? `${t("inside.tab")} · Usher` : `${title} · Usher`;
    if (step === "invited" && this.step !== "invited") this.#call();
    if (step !== "invited") clearInterval(this.repeating);
    this.step = step;
  }

  // At once and every few seconds until the fan comes in.
  #call() {
    const once = () => {
      if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([200, 100, 200, 100, 400]);
      if (isOn(this.sounder)) this.#play();
    };
    once();
    clearInterval(this.repeating);
    this.repeating = setInterval(once, REPEAT_MS);
  }

  // The press is what allows the sound; it is heard once, so that the fan knows it.
  #toggleSound() {
    this.sound ??= new AudioContext();
    this.sound.resume();
    if (flip(this.sounder)) this.#play();
  }

  #play() {
    NOTES_HZ.forEach((hz, index) => {
      const tone = this.sound.createOscillator(), volume = this.sound.createGain(), at = this.sound.currentTime + index * 0.18;
      tone.frequency.value = hz;
      volume.gain.setValueAtTime(0.0001, at);
      volume.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.4);
      tone.connect(volume).connect(this.sound.destination);
      tone.start(at);
      tone.stop(at + 0.45);
    });
  }

  async #toggleAwake() {
    if (flip(this.waker)) return this.#keepAwake();
    await this.lock?.release();
    this.lock = null;
  }

  async #keepAwake() {
    try { this.lock = await navigator.wakeLock.request("screen"); } catch { this.waker.setAttribute("aria-pressed", "false"); }
  }
}

const isOn = button => button.getAttribute("aria-pressed") === "true";

function flip(button) {
  button.setAttribute("aria-pressed", String(!isOn(button)));
  return isOn(button);
}
