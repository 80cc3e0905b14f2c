// Small pieces of SVG, and work spread over frames so that a finger never waits for it.

const SVG = "http://www.w3.org/2000/svg";
const SLICE_MS = 6;
const MADE_AT_ONCE = 40; // The browser lays out and paints what was made, which takes longer than to make it.

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// Runs `work(item)` over what `next()` hands out, a few milliseconds and items a frame, until it hands out undefined.
export class Slices {
  #frame = 0;

  constructor(next, work, { sliceMs = SLICE_MS, itemsMax = Infinity } = {}) {
    Object.assign(this, { next, work, sliceMs, itemsMax });
  }

  start() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#run());
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #run() {
    this.#frame = 0;
    const until = performance.now() + this.sliceMs;
    for (let left = this.itemsMax; left > 0 && performance.now() < until; left--) {
      const item = this.next();
      if (item === undefined) return;
      this.work(item);
    }
    this.start();
  }
}

// Elements for the seats that are wanted just now, made and dropped little by little as the wish changes.
export class Wanted {
  #made = new Map();
  #wanted = new Set();
  #changing = [];

  constructor(make, drop) {
    Object.assign(this, { make, drop });
    this.slices = new Slices(() => this.#changing.pop(), index => this.#settle(index), { itemsMax: MADE_AT_ONCE });
  }

  get(index) {
    return this.#made.get(index);
  }

  entries() {
    return this.#made.entries();
  }

  // At once, not in a later frame: a seat that the keyboard goes to.
  now(index) {
    if (!this.#made.has(index)) this.#made.set(index, this.make(index));
    return this.#made.get(index);
  }

  want(indices) {
    this.#wanted = new Set(indices);
    const missing = [...this.#wanted].filter(index => !this.#made.has(index));
    const needless = [...this.#made.keys()].filter(index => !this.#wanted.has(index));
    this.#changing = [...needless, ...missing.reverse()];
    this.slices.start();
  }

  #settle(index) {
    if (this.#wanted.has(index)) this.now(index);
    else if (this.#made.has(index)) {
      this.drop(index, this.#made.get(index));
      this.#made.delete(index);
    }
  }
}
