// The auditoriums filling: a bar each, and seat by seat for those that are opened.

import { el, svg } from "./curves.js";
import { count, moment, t } from "./words.js";

const HALF = 0.36;
// One shape per letter of a board, so that colour is not the only sign; `s` is half the width of a seat.
const SHAPES = {
  s: (x, y, s) => `M${x - s} ${y - s}h${2 * s}v${2 * s}h${-2 * s}z`,
  h: (x, y, s) => `M${x - s} ${y - s}h${s}v${2 * s}h${-s}z`,
  ".": (x, y, s) => `M${x - s} ${y - s}h${2 * s}v${2 * s}h${-2 * s}z`,
  b: (x, y, s) => `M${x - s} ${y - s}l${2 * s} ${2 * s}M${x + s} ${y - s}l${-2 * s} ${2 * s}`,
};
const KINDS = { s: "sold", h: "held", ".": "free", b: "blocked" };

class Hall {
  constructor(doors, showtime) {
    this.doors = doors;
    this.showtime = showtime;
    this.bar = svg("svg", { class: "fill", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" });
    this.name = el("strong");
    this.where = el("span", { class: "quiet" });
    this.text = el("span");
    this.map = el("div", { class: "seats" });
    this.details = el("details", {}, el("summary", {}, t("op.hall.show")), this.map);
    this.details.addEventListener("toggle", () => this.look());
    this.item = el("li", { class: "card", "data-showtime": showtime }, this.name, this.where, this.bar, this.text, this.details);
    this.plan = null;
  }

  show(hall) {
    const all = hall.free + hall.held + hall.sold + hall.blocked;
    this.name.textContent = `${hall.film} · ${hall.format}`;
    this.where.textContent = `${hall.cinema}, ${hall.auditorium} · ${moment(Date.parse(hall.starts_at), hall.time_zone)}`;
    this.text.textContent = [
      t("op.hall.full", { n: all ? Math.floor(hall.sold / all * 100) : 0 }), " – ",
      t("op.hall", { sold: count(hall.sold), held: count(hall.held), free: count(hall.free) }),
      hall.blocked ? t("op.hall.blocked", { blocked: count(hall.blocked) }) : "",
    ].join("");
    let x = 0;
    this.bar.replaceChildren(...["sold", "held", "blocked"].map(kind => {
      const width = all ? hall[kind] / all * 100 : 0;
      x += width;
      return svg("rect", { class: `fill-${kind}`, x: x - width, y: 0, width, height: 8 });
    }));
  }

  async look() {
    if (!this.details.open) return;
    this.plan ??= (await this.doors.get(`/v1/showtimes/${this.showtime}/plan`)).plan;
    const { seats } = await this.doors.get(`/v1/showtimes/${this.showtime}/board`, { tries: 1 });
    this.draw(this.plan.rows.flatMap(row => row.runs.flat()), seats);
  }

  draw(places, letters) {
    const xs = places.map(seat => seat.x), ys = places.map(seat => seat.y);
    const low = values => values.reduce((a, b) => Math.min(a, b), Infinity), high = values => values.reduce((a, b) => Math.max(a, b), -Infinity);
    const pitch = this.pitch ??= pitchOf(this.plan.rows), half = pitch * HALF;
    const paths = Object.fromEntries(Object.keys(SHAPES).map(letter => [letter, []]));
    places.forEach((seat, i) => paths[letters[i]]?.push(SHAPES[letters[i]](seat.x, seat.y, half)));
    const [left, top, right, bottom] = [low(xs) - pitch, low(ys) - pitch, high(xs) + pitch, high(ys) + pitch];
    this.map.replaceChildren(svg("svg", { viewBox: `${left} ${top} ${right - left} ${bottom - top}`, role: "img", "aria-label": t("op.hall.map", { name: this.name.textContent, text: this.text.textContent }) },
      ...Object.entries(paths).map(([letter, drawn]) => svg("path", { class: `seats-${KINDS[letter]}`, d: drawn.join(""), "stroke-width": pitch * 0.1 }))));
  }
}

// The usual distance between neighbours of a run.
function pitchOf(rows) {
  const gaps = rows.flatMap(row => row.runs.flatMap(run => run.slice(1).map((seat, i) => Math.hypot(seat.x - run[i].x, seat.y - run[i].y))));
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] || 1;
}

export class Halls {
  constructor(box, doors) {
    this.box = box;
    this.doors = doors;
    this.halls = new Map();
    box.replaceChildren();
  }

  // Halls stay in place while they change, so that an opened one stays open and focus where it was.
  show(showtimes) {
    if (!showtimes.length) this.box.replaceChildren(el("li", { class: "quiet" }, t("op.halls.none")));
    else if (!this.halls.size) this.box.replaceChildren();
    const byTime = [...showtimes].sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
    for (const [index, hall] of byTime.entries()) {
      if (!this.halls.has(hall.showtime)) this.halls.set(hall.showtime, new Hall(this.doors, hall.showtime));
      const shown = this.halls.get(hall.showtime), there = this.box.children[index];
      if (there !== shown.item) this.box.insertBefore(shown.item, there ?? null);
      shown.show(hall);
    }
  }

  // Reads the seats of those that are opened.
  look() { return Promise.all([...this.halls.values()].map(hall => hall.look())); }
}
