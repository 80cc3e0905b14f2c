// The hall as an SVG: one rectangle per seat, coloured by category; the taken ones cannot be chosen.

const SVG = "http://www.w3.org/2000/svg";

export class Hall {
  constructor(box, onChoice) {
    this.box = box;
    this.onChoice = onChoice;
    this.seats = new Map();
    this.chosen = new Set();
  }

  draw(plan) {
    this.seats.clear();
    this.chosen.clear();
    const colors = new Map(plan.categories.map(category => [category.key, category.color]));
    const placed = plan.rows.flatMap(row => row.runs.flat().map(seat => ({
      seat, name: [row.section, row.label, seat.label].filter(Boolean).join("-"),
    })));
    const xs = placed.map(({ seat }) => seat.x), ys = placed.map(({ seat }) => seat.y);
    const least = list => list.reduce((a, b) => Math.min(a, b), Infinity);
    const most = list => list.reduce((a, b) => Math.max(a, b), -Infinity);
    const size = pitch(plan) * 0.8;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", [least(xs) - size, least(ys) - size, most(xs) - least(xs) + 2 * size, most(ys) - least(ys) + 2 * size].join(" "));
    for (const { seat, name } of placed) svg.append(this.#seat(seat, name, size, colors.get(seat.category)));
    this.box.replaceChildren(svg);
  }

  #seat(seat, name, size, color) {
    const shape = document.createElementNS(SVG, "rect");
    const set = (key, value) => shape.setAttribute(key, value);
    set("x", seat.x - size / 2); set("y", seat.y - size / 2); set("width", size); set("height", size);
    set("rx", size / 5); set("fill", color || "#888888"); set("class", "seat"); set("tabindex", "0");
    set("role", "checkbox"); set("aria-checked", "false"); set("aria-label", `${name}, ${seat.category}`);
    const press = () => this.toggle(name);
    shape.addEventListener("click", press);
    shape.addEventListener("keydown", event => { if (event.key === " " || event.key === "Enter") { event.preventDefault(); press(); } });
    this.seats.set(name, shape);
    return shape;
  }

  toggle(name) {
    const shape = this.seats.get(name);
    if (shape.classList.contains("taken")) return;
    this.chosen.has(name) ? this.chosen.delete(name) : this.chosen.add(name);
    shape.classList.toggle("chosen", this.chosen.has(name));
    shape.setAttribute("aria-checked", String(this.chosen.has(name)));
    this.onChoice([...this.chosen]);
  }

  // Either the whole list of taken seats, or the changes since the version asked for.
  update({ taken, free }) {
    if (free === undefined) for (const shape of this.seats.values()) shape.classList.remove("taken");
    for (const name of free ?? []) this.seats.get(name)?.classList.remove("taken");
    for (const name of taken) {
      this.seats.get(name)?.classList.add("taken");
      if (this.chosen.has(name)) { this.chosen.delete(name); this.seats.get(name).classList.remove("chosen"); }
    }
    this.onChoice([...this.chosen]);
  }
}

// The smallest distance between neighbours of a run: what one seat is wide.
function pitch(plan) {
  let least = Infinity;
  for (const row of plan.rows) for (const run of row.runs) for (let i = 1; i < run.length; i++)
    least = Math.min(least, Math.hypot(run[i].x - run[i - 1].x, run[i].y - run[i - 1].y));
  return Number.isFinite(least) && least > 0 ? least : 1;
}
