// Small curves: one figure each, a picture with its summary in words beside it.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 300, HEIGHT = 72;
const STEPS = [1, 2, 5];

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// The least of 1, 2, 5, 10, 20, 50 ... that is not below the value.
export function roundTop(value) {
  if (!(value > 1)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (STEPS.find(step => step * power >= value) ?? 10) * power;
}

// Points of a line in the picture, in unbroken pieces. A missing value or sample breaks the line, for nobody
// knows what was there. Where points are denser than pixels, the highest and lowest of each pixel stay.
export function pieces(at_s, values, from_s, to_s, isGap) {
  const scale = WIDTH / Math.max(1, to_s - from_s), found = [];
  let piece = null, before = null;
  for (let i = 0; i < at_s.length; i++) {
    if (values[i] == null || at_s[i] < from_s) { piece = null; continue; }
    if (!piece || isGap(at_s[before], at_s[i])) found.push(piece = []);
    before = i;
    const x = Math.round((at_s[i] - from_s) * scale), tip = piece.at(-1);
    if (tip?.x === x) {
      tip.low = Math.min(tip.low, values[i]);
      tip.high = Math.max(tip.high, values[i]);
      tip.end = values[i];
    } else piece.push({ x, start: values[i], low: values[i], high: values[i], end: values[i] });
  }
  return found;
}

export function pathOf(found, top) {
  const y = value => (HEIGHT - value / top * HEIGHT).toFixed(1);
  const drawn = [];
  for (const piece of found) {
    // A lone sample would be invisible as a line of no length.
    if (piece.length === 1) drawn.push(`M${piece[0].x - 0.5} ${y(piece[0].high)}h1`);
    piece.forEach((at, i) => {
      drawn.push(`${i ? "L" : "M"}${at.x} ${y(at.start)}`);
      if (at.low !== at.high) drawn.push(`L${at.x} ${y(at.high)}L${at.x} ${y(at.low)}L${at.x} ${y(at.end)}`);
    });
  }
  return drawn.join("");
}

// Spans of time in which a test of the samples holds.
export function spans(at_s, holds) {
  const found = [];
  let since = null;
  for (let i = 0; i < at_s.length; i++) {
    if (holds(i)) since ??= at_s[i];
    else if (since !== null) { found.push([since, at_s[i]]); since = null; }
  }
  if (since !== null) found.push([since, at_s.at(-1)]);
  return found;
}

// Least, most and last of all lines together; null when nothing is known.
export function summary(lines, at_s, from_s) {
  let least = Infinity, most = -Infinity;
  for (const { values } of lines) for (let i = 0; i < values.length; i++) {
    if (values[i] == null || at_s[i] < from_s) continue;
    least = Math.min(least, values[i]);
    most = Math.max(most, values[i]);
  }
  return least === Infinity ? null : { least, most };
}

// What the lines say last, once when none of them says anything.
export function last(lines, write) {
  const values = lines.map(line => line.values.at(-1));
  return values.every(value => value == null) ? write(null) : values.map(write).join(" · ");
}

export class Curve {
  // `lines`: names of the lines, the second one is drawn dashed; empty for a curve of one line. `unknown` is what a
  // reader hears until the first numbers come.
  constructor(name, title, unknown, lines = []) {
    this.now = el("strong");
    this.top = el("span");
    this.from = el("span");
    this.to = el("span");
    this.bands = svg("g", { class: "curve-bands" });
    this.paths = (lines.length ? lines : [""]).map((_, i) => svg("path", { class: `curve-line line-${i}` }));
    this.picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": unknown },
      this.bands, svg("path", { class: "curve-grid", d: `M0 0H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}` }),
      svg("path", { class: "curve-ground", d: `M0 ${HEIGHT}H${WIDTH}` }), ...this.paths);
    const keys = lines.map((line, i) => el("span", { class: `curve-key line-${i}` }, line));
    this.figure = el("figure", { class: "card curve", "data-at": `curve-${name}` },
      el("figcaption", {}, el("span", {}, title), this.now),
      el("div", { class: "curve-plot" },
        el("div", { class: "curve-axis", "aria-hidden": "true" }, this.top, el("span", {}, "0")), this.picture,
        el("div", { class: "curve-foot", "aria-hidden": "true" }, this.from, this.to)),
      ...(keys.length ? [el("div", { class: "curve-keys", "aria-hidden": "true" }, ...keys)] : []));
  }

  // `write` turns a value into text, `brief` the top of the axis, `clock` a second of the day; `said` is what a
  // reader hears instead.
  draw({ at_s, lines, from_s, to_s, isGap, paused, write, brief, clock, said }) {
    const found = summary(lines, at_s, from_s);
    const top = roundTop(found?.most ?? 1);
    lines.forEach((line, i) => this.paths[i].setAttribute("d", pathOf(pieces(at_s, line.values, from_s, to_s, isGap), top)));
    const scale = WIDTH / Math.max(1, to_s - from_s);
    this.bands.replaceChildren(...paused.filter(([, until]) => until > from_s).map(([since, until]) => {
      const x = Math.max(0, (since - from_s) * scale);
      return svg("rect", { x, y: 0, width: Math.max(1, (until - from_s) * scale - x), height: HEIGHT });
    }));
    this.now.textContent = last(lines, write);
    this.top.textContent = brief(top);
    this.from.textContent = clock(from_s);
    this.to.textContent = clock(to_s);
    this.picture.setAttribute("aria-label", said(found));
  }
}
