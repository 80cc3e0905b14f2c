// Problems first: what is wrong, one card a kind however often it is wrong, and the button that closes an alarm.

import { el } from "./curves.js";
import { clock, money, t } from "./words.js";

const $ = id => document.getElementById(id);
const CASES_MAX = 5;
const minor = /^(\d+) ([A-Z]{3})$/;

// Troubles of one kind together, in the order in which they came: worst first.
export function grouped(troubles) {
  const groups = new Map();
  for (const trouble of troubles) {
    const name = `${trouble.grade} ${trouble.kind}`, group = groups.get(name);
    if (group) group.push(trouble); else groups.set(name, [trouble]);
  }
  return [...groups.values()];
}

const total = group => group.reduce((sum, trouble) => sum + trouble.count, 0);
const titleOf = group => t(`op.trouble.${group[0].kind}`, { n: total(group), why: group[0].detail });

// The same line twice is one line with a number.
function lines(items) {
  const times = new Map();
  for (const item of items) times.set(item, (times.get(item) ?? 0) + 1);
  return [...times].map(([item, n]) => n > 1 ? `${item} ${t("op.times", { n })}` : item);
}

// `detail` and `items` stay as the engines' own words, but for money.
function caseLine(trouble, isOneOfMany, close) {
  const items = lines(trouble.items).map(item => item.replace(minor, (_, amount, currency) => money(Number(amount), currency)));
  const facts = [
    trouble.since ? t("op.since", { time: clock(Date.parse(trouble.since), true) }) : "",
    trouble.sales.length ? t("op.sales", { sales: trouble.sales.join(t("list-and")) }) : "",
    isOneOfMany && trouble.count > 1 ? t("op.times", { n: trouble.count }) : "",
  ].filter(Boolean);
  const told = el("div", {},
    ...(facts.length ? [el("p", {}, facts.join(" · "))] : []),
    ...(trouble.detail ? [el("p", { lang: "en" }, trouble.detail)] : []),
    ...(items.length ? [el("ul", {}, ...items.map(item => el("li", {}, item)))] : []));
  if (trouble.alarm === null) return told.childElementCount ? el("li", {}, told) : "";
  const button = el("button", { class: "button", type: "button", "data-at": "close-alarm", "data-alarm": trouble.alarm }, t("op.close-alarm"));
  button.addEventListener("click", () => close(trouble));
  return el("li", {}, told, button);
}

function card(group, close) {
  const rest = group.length - CASES_MAX;
  const cases = group.slice(0, CASES_MAX).map(trouble => caseLine(trouble, group.length > 1, close)).filter(Boolean);
  return el("li", { class: "trouble", "data-grade": group[0].grade, "data-kind": group[0].kind },
    el("span", { class: "trouble-grade" }, t(`op.grade.${group[0].grade}`)),
    el("strong", {}, titleOf(group)),
    ...(cases.length ? [el("ul", { class: "plain cases" }, ...cases, rest > 0 ? el("li", {}, t("op.rest", { n: rest })) : "")] : []));
}

const wellCard = at => el("li", { class: "trouble", "data-grade": "well" },
  el("strong", {}, t("op.well")), el("span", { class: "trouble-at" }, t("op.well.at", { time: clock(at, true) })));

let saidBefore = null, drawnBefore = null;

// A list that says the same is left as it is, for someone may be about to press a button in it. A reader hears
// of problems once, when they come or go, and not at every look.
export function showTroubles(troubles, at, close) {
  const list = $("troubles-list"), drawn = JSON.stringify(troubles);
  if (!troubles.length || drawn !== drawnBefore) {
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    list.replaceChildren(...(troubles.length ? grouped(troubles).map(group => card(group, close)) : [wellCard(at)]));
    if (focused) (list.querySelector(`[data-alarm="${focused.dataset.alarm}"]`) ?? list).focus();
    drawnBefore = drawn;
  }
  const kinds = troubles.map(one => one.kind).join();
  if (kinds === saidBefore) return;
  $("troubles-said").textContent = grouped(troubles).map(titleOf).join(". ") || t("op.well");
  saidBefore = kinds;
}
