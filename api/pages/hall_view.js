// Which part of the hall is seen, and how large: by touch, mouse, wheel and buttons.
//
// The hall is laid out once, so that all of it fits the window; nearer and aside it is moved as a sheet, by a CSS
// transform. While it moves, the sheet is a layer that the compositor moves without laying out or painting
// anything; when it stands still it is none, and every browser draws it sharply at its size.

import { UNIT } from "./hall_plan.js";

const NEAREST_PX = 64; // A seat never grows larger than this.
const DRAG_PX = 6; // A press that moves less is a press, not a drag.
const GLIDE_MS = 180;
const SETTLED_MS = 120;
const STRETCH = 2;

export class HallView {
  #pointers = new Map();
  #frame = 0;
  #glide = 0;
  #settling = 0;
  #entered = false;
  #stop = new AbortController();
  dragged = false;

  // `onSettled()` is told when the view has stood still for a moment.
  constructor({ window, sheet, world, box }, onSettled) {
    Object.assign(this, { window, sheet, world, box, onSettled, k: 0, x: 0, y: 0, width: 0, height: 0, laid: { k: 1, x: 0, y: 0 } });
    this.observer = new ResizeObserver(() => this.#resized());
    this.observer.observe(window);
    const on = (name, handle, more = {}) => window.addEventListener(name, handle, { signal: this.#stop.signal, ...more });
    on("pointerdown", event => this.#down(event));
    on("pointermove", event => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) on(name, event => this.#pointers.delete(event.pointerId));
    on("pointerleave", event => { if (event.pointerType === "mouse") this.#entered = false; });
    on("focusin", () => { this.#entered = true; });
    on("wheel", event => this.#wheel(event), { passive: false });
  }

  get seatPx() { return this.k * UNIT; }
  get fitK() { return Math.min(this.width / (this.box.right - this.box.left), this.height / (this.box.bottom - this.box.top)); }
  get nearestK() { return Math.max(this.fitK, NEAREST_PX / UNIT); }
  get zoomed() { return this.k > this.fitK * 1.02; }

  // The part of the hall that is seen, with a margin of `more` times its size.
  seen(more = 0) {
    const left = -this.x / this.k, top = -this.y / this.k, w = this.width / this.k, h = this.height / this.k;
    return { left: left - more * w, right: left + w + more * w, top: top - more * h, bottom: top + h + more * h };
  }

  point(event) {
    const at = this.window.getBoundingClientRect();
    const px = event.clientX - at.left, py = event.clientY - at.top;
    return { px, py, x: (px - this.x) / this.k, y: (py - this.y) / this.k };
  }

  fit() { this.#glideTo(this.fitK, 0, 0); }
  zoomBy(factor) { this.zoomTo(this.k * factor, this.width / 2, this.height / 2); }

  // Larger or smaller, with the point at (px, py) of the window staying where it is.
  zoomTo(k, px, py) {
    const to = Math.min(this.nearestK, Math.max(this.fitK, k));
    this.#glideTo(to, px - (px - this.x) * to / this.k, py - (py - this.y) * to / this.k);
  }

  panBy(dx, dy) {
    this.#set(this.k, this.x + dx, this.y + dy);
  }

  // The seat comes into view, at least `least` pixels large; what is seen well already stays still.
  show(seat, least) {
    const k = Math.min(this.nearestK, Math.max(this.k, least / UNIT));
    const margin = Math.min(2.2 * UNIT * k, this.width / 3, this.height / 3);
    const held = (at, size) => Math.min(size - margin, Math.max(margin, at));
    const grown = k > this.k * 1.001;
    const px = grown ? this.width / 2 : held(seat.x * k + this.x, this.width);
    const py = grown ? this.height / 2 : held(seat.y * k + this.y, this.height);
    this.#glideTo(k, px - seat.x * k, py - seat.y * k);
  }

  destroy() {
    this.#stop.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.#frame);
    cancelAnimationFrame(this.#glide);
    clearTimeout(this.#settling);
  }

  #resized() {
    const whole = !this.k || !this.zoomed;
    const middle = this.k ? { x: (this.width / 2 - this.x) / this.k, y: (this.height / 2 - this.y) / this.k } : null;
    this.width = this.window.clientWidth;
    this.height = this.window.clientHeight;
    if (!this.width || !this.height) return;
    this.#layOut();
    if (whole || !middle) this.#set(this.fitK, 0, 0);
    else this.#set(this.k, this.width / 2 - middle.x * this.k, this.height / 2 - middle.y * this.k);
  }

  #layOut() {
    const k = this.fitK, middle = (low, high, size) => (size - (low + high) * k) / 2;
    const x = middle(this.box.left, this.box.right, this.width), y = middle(this.box.top, this.box.bottom, this.height);
    this.laid = { k, x, y };
    this.world.setAttribute("transform", `matrix(${k} 0 0 ${k} ${x} ${y})`);
  }

  #down(event) {
    this.#entered = true;
    this.dragged = false;
    cancelAnimationFrame(this.#glide);
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, from: { x: event.clientX, y: event.clientY } });
  }

  #move(event) {
    const pointer = this.#pointers.get(event.pointerId);
    if (!pointer) return;
    const before = [...this.#pointers.values()].map(({ x, y }) => ({ x, y }));
    const dx = event.clientX - pointer.x, dy = event.clientY - pointer.y;
    if (!this.dragged) {
      if (Math.hypot(event.clientX - pointer.from.x, event.clientY - pointer.from.y) < DRAG_PX && before.length === 1) return;
      this.dragged = true;
      this.window.setPointerCapture(event.pointerId);
    }
    pointer.x = event.clientX;
    pointer.y = event.clientY;
    if (before.length === 2) this.#pinch(before, [...this.#pointers.values()]);
    else if (before.length === 1) this.panBy(dx, dy);
  }

  #pinch(before, after) {
    const apart = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y), at = this.window.getBoundingClientRect();
    const middle = ([a, b]) => ({ x: (a.x + b.x) / 2 - at.left, y: (a.y + b.y) / 2 - at.top });
    const from = middle(before), to = middle(after);
    const k = Math.min(this.nearestK, Math.max(this.fitK, this.k * apart(after) / Math.max(1, apart(before))));
    this.#set(k, to.x - (from.x - this.x) * k / this.k, to.y - (from.y - this.y) * k / this.k);
  }

  // A wheel that only passes by scrolls the page; held with Ctrl, or once the hall is in use, it zooms.
  #wheel(event) {
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!event.ctrlKey && !event.metaKey && !this.#entered) return;
    if (!this.zoomed && (sideways || event.deltaY > 0) && !event.ctrlKey) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    if (sideways) { this.panBy(-(event.deltaX || event.deltaY) * lines, 0); return; }
    const { px, py } = this.point(event);
    const k = Math.min(this.nearestK, Math.max(this.fitK, this.k * Math.exp(-event.deltaY * lines / (event.ctrlKey ? 120 : 400))));
    this.#set(k, px - (px - this.x) * k / this.k, py - (py - this.y) * k / this.k);
  }

  #glideTo(k, x, y) {
    cancelAnimationFrame(this.#glide);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) { this.#set(k, x, y); return; }
    const from = { k: this.k, x: this.x, y: this.y, at: performance.now() };
    const tick = now => {
      const part = Math.max(0, Math.min(1, (now - from.at) / GLIDE_MS)), eased = 1 - (1 - part) ** 3;
      const between = (a, b) => a + (b - a) * eased;
      this.#set(between(from.k, k), between(from.x, x), between(from.y, y));
      if (part < 1) this.#glide = requestAnimationFrame(tick);
    };
    this.#glide = requestAnimationFrame(tick);
  }

  // The hall fills the window, or stands in its middle where it is smaller.
  #set(k, x, y) {
    const place = (at, low, high, size) => {
      const length = (high - low) * k;
      return length <= size ? (size - length) / 2 - low * k : Math.min(-low * k, Math.max(size - high * k, at));
    };
    this.k = k;
    this.x = place(x, this.box.left, this.box.right, this.width);
    this.y = place(y, this.box.top, this.box.bottom, this.height);
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#apply());
  }

  #apply() {
    this.#frame = 0;
    const scale = this.k / this.laid.k, { style } = this.sheet;
    this.#lift(style);
    style.transform = `matrix(${scale}, 0, 0, ${scale}, ${this.x - this.laid.x * scale}, ${this.y - this.laid.y * scale})`;
    const zoom = this.seatPx < 9 ? "far" : this.seatPx < 22 ? "mid" : "near";
    if (this.window.dataset.zoom !== zoom) this.window.dataset.zoom = zoom;
    if (this.window.classList.contains("hall-zoomed") !== this.zoomed) this.window.classList.toggle("hall-zoomed", this.zoomed);
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#settle(), SETTLED_MS);
  }

  // A layer stays as sharp as it was when it was made: stretched, it would blur, and shrunk, it would be drawn far too
  // finely for all that comes into view. So it is put down for a frame and made anew.
  #lift(style) {
    const isLifted = style.willChange !== "", stretch = this.k / this.drawnK;
    if (isLifted && (stretch > STRETCH || stretch < 1 / STRETCH)) { style.willChange = ""; return; }
    if (!isLifted) this.drawnK = this.k;
    style.willChange = "transform";
  }

  #settle() {
    this.sheet.style.willChange = "";
    this.onSettled();
  }
}
