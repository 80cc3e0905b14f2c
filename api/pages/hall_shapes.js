// What a category looks like: a shape and a colour, so that neither has to be told apart alone.

const DARK = [0x13, 0x15, 0x1b]; // The hall's floor, as in hall.css.
const CONTRAST = 3.6;

// Outlines around the middle of a seat of side 2, as [command, numbers...]; the curves are quadratic.
const OUTLINES = [
  [["m", -1, -0.55], ["q", 0, -0.45, 0.45, -0.45], ["h", 1.1], ["q", 0.45, 0, 0.45, 0.45], ["v", 1.1],
    ["q", 0, 0.45, -0.45, 0.45], ["h", -1.1], ["q", -0.45, 0, -0.45, -0.45], ["z"]],
  [["m", -1, 0], ["a", 1, 1, 0, 1, 0, 2, 0], ["a", 1, 1, 0, 1, 0, -2, 0], ["z"]],
  [["m", -1, 1], ["v", -1.1], ["a", 1, 0.9, 0, 0, 1, 2, 0], ["v", 1.1], ["z"]],
  [["m", -0.5, -1], ["h", 1], ["l", 0.5, 1], ["l", -0.5, 1], ["h", -1], ["l", -0.5, -1], ["z"]],
  [["m", 0, -1.1], ["l", 1.1, 1.1], ["l", -1.1, 1.1], ["l", -1.1, -1.1], ["z"]],
  [["m", -1, -1], ["h", 2], ["v", 1.1], ["a", 1, 0.9, 0, 0, 1, -2, 0], ["z"]],
];
const CROSS = [["m", -0.42, -0.42], ["l", 0.84, 0.84], ["m", 0, -0.84], ["l", -0.84, 0.84]];
const WHEELCHAIR = [["m", -0.12, -0.85], ["v", 0.95], ["h", 0.6], ["l", 0.4, 0.75], ["m", -1, -1.1], ["h", 0.5], ["m", -0.75, 0.3],
  ["a", 0.55, 0.55, 0, 1, 0, 0.85, 0.75]];
const CHECK = [["m", -0.5, 0.05], ["l", 0.35, 0.38], ["l", 0.65, -0.8]];

// A path that can follow any "M x y": relative, and short, because halls have thousands of seats. A radius that is
// rounded by itself makes arcs as wide as twice the radius, or circles would bulge.
function outline(commands, exactHalf) {
  const half = round(exactHalf);
  const part = ([letter, ...numbers]) => letter + numbers.map((number, i) => letter === "a" && i > 1 && i < 5 ? number : round(number * half)).join(" ");
  return commands.map(part).join("");
}

const round = number => Math.round(number * 2) / 2;

export const shapeOf = (index, side) => outline(OUTLINES[index % OUTLINES.length], side / 2);
export const crossOf = side => outline(CROSS, side / 2);
export const wheelchairOf = side => outline(WHEELCHAIR, side / 2);
export const checkOf = side => outline(CHECK, side / 2);

// The plan's colour, as light as it must be to stand out from the hall's floor.
export function colorOf(category) {
  let rgb = parse(category.color) ?? [136, 136, 136];
  for (let step = 0; step < 12 && contrast(rgb, DARK) < CONTRAST; step++) rgb = rgb.map(part => part + (255 - part) * 0.15);
  return `#${rgb.map(part => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

function parse(text) {
  const long = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.test(text) ? text.replace(/[0-9a-f]/gi, "$&$&") : text;
  return /^#[0-9a-f]{6}$/i.test(long) ? [1, 3, 5].map(at => parseInt(long.slice(at, at + 2), 16)) : null;
}

const channel = part => part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4;
const light = rgb => 0.2126 * channel(rgb[0]) + 0.7152 * channel(rgb[1]) + 0.0722 * channel(rgb[2]);
const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
