// The curves of the operator's screen, and the same numbers as a table.

import { Curve, el, last, spans } from "./curves.js";
import { clock, count, duration, lang, t } from "./words.js";

// Room for the numbers of an axis is small: 50K, 5万.
const axis = new Intl.NumberFormat(lang === "zh" ? "zh-CN" : "en-GB", { notation: "compact" });
const ROWS_MAX = 30;
const whole = value => value == null ? "–" : count(value);
const fine = value => value == null ? "–" : count(Math.round(value * 10) / 10);
const CURVES = [
  ["waiting", ["waiting"], whole], ["invited", ["invited"], whole], ["inside", ["inside"], whole],
  ["held", ["held"], whole], ["sold", ["sold"], whole], ["orders", ["orders_per_s"], fine],
  ["lag", ["writer_lag"], whole], ["failures", ["failures"], whole],
  ...["poll", "join", "hold", "order", "pay"].map(call => [call, [`${call}.p50`, `${call}.p99`], fine]),
];
const nothingYet = name => t("op.curve.none", { name: t(`op.curve.${name}`) });

export class Curves {
  constructor(box, table, source) {
    this.table = table;
    this.source = source;
    this.curves = CURVES.map(([name, columns]) => new Curve(
      name, t(`op.curve.${name}`), nothingYet(name), columns.length > 1 ? [t("op.half"), t("op.most")] : [],
    ));
    box.replaceChildren(...this.curves.map(curve => curve.figure));
  }

  draw(view) {
    const { columns, from_s, to_s, isGap } = view, { at_s } = columns;
    const paused = spans(at_s, i => columns.state[i] === "paused");
    const atClock = s => clock(s * 1000);
    CURVES.forEach(([name, names, write], i) => {
      const lines = names.map(column => ({ values: columns[column] })), title = t(`op.curve.${name}`);
      const said = found => found
        ? t("op.curve.said", { name: title, now: last(lines, write), least: write(found.least), most: write(found.most), from: atClock(from_s), to: atClock(to_s) })
        : nothingYet(name);
      this.curves[i].draw({ at_s, lines, from_s, to_s, isGap, paused, write, clock: atClock, brief: axis.format, said });
    });
    const newest = at_s.at(-1);
    this.source.textContent = [
      t("op.source", { step: duration(1), n: columns.workers.at(-1) ?? 0 }),
      newest ? t("op.source.last", { time: clock(newest * 1000, true) }) : "",
    ].join(" ");
  }

  // Thirty moments evenly over what the curves show, the newest first.
  list(view) {
    const { columns, from_s } = view, { at_s } = columns;
    const first = at_s.findIndex(at => at >= from_s), length = first < 0 ? 0 : at_s.length - first;
    const step = Math.max(1, Math.ceil(length / ROWS_MAX)), rows = [];
    for (let i = at_s.length - 1; i >= at_s.length - length; i -= step) rows.push(i);
    const title = ([name, names], at) => names.length > 1 ? `${t(`op.curve.${name}`)}, ${t(at ? "op.most" : "op.half")}` : t(`op.curve.${name}`);
    const heads = CURVES.flatMap(curve => curve[1].map((_, at) => el("th", { scope: "col" }, title(curve, at))));
    const cells = i => CURVES.flatMap(([, names, write]) => names.map(name => el("td", {}, write(columns[name][i]))));
    this.table.replaceChildren(
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("op.time")), ...heads)),
      el("tbody", {}, ...rows.map(i => el("tr", {}, el("th", { scope: "row" }, clock(at_s[i] * 1000, true)), ...cells(i)))),
    );
  }
}
