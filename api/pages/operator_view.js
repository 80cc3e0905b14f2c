// What the operator's screen shows: problems, numbers of now, the log.

import { el } from "./curves.js";
import { clock, count, knows, money, t } from "./words.js";

const $ = id => document.getElementById(id);
const minor = /^(\d+) ([A-Z]{3})$/;

export function showSale(halls) {
  $("sale-title").textContent = halls.title;
  $("sale-state").textContent = t(`op.state.${halls.state}`);
  $("sale-state").dataset.state = halls.state;
  const opens_ms = Date.parse(halls.opens_at);
  $("sale-opens").textContent = halls.state === "scheduled" ? t("op.opens", { time: clock(opens_ms) }) : "";
  $("message").textContent = halls.message ? t("op.message", { message: halls.message }) : "";
  document.title = `${halls.title} · ${t(`op.state.${halls.state}`)} · Usher`;
}

export function showNow(counts, capacity) {
  const known = value => value == null ? t("op.now.unknown") : count(value);
  const facts = [
    ["waiting", known(counts.waiting)], ["invited", known(counts.invited)],
    ["inside", known(counts.inside), capacity ? t("op.now.of", { n: capacity }) : ""],
    ["held", known(counts.held)], ["sold", known(counts.sold)], ["free", known(counts.free)],
    ["orders", known(counts.orders)], ["lag", known(counts.writer_lag)],
  ];
  $("now").replaceChildren(...facts.map(([name, value, more]) => el("div", { "data-at": `now-${name}` },
    el("dt", {}, t(`op.now.${name}`)), el("dd", {}, value, more ? el("small", {}, ` ${more}`) : ""))));
}

// A problem in the reader's words; `detail` and `items` stay as the engines' own.
function troubleCard(trouble) {
  const items = trouble.items.map(item => item.replace(minor, (_, amount, currency) => money(Number(amount), currency)));
  const facts = [
    trouble.since ? t("op.since", { time: clock(Date.parse(trouble.since), true) }) : "",
    trouble.sales.length ? t("op.sales", { sales: trouble.sales.join(t("list-and")) }) : "",
  ].filter(Boolean);
  return el("li", { class: "trouble", "data-grade": trouble.grade, "data-kind": trouble.kind },
    el("span", { class: "trouble-grade" }, t(`op.grade.${trouble.grade}`)),
    el("strong", {}, t(`op.trouble.${trouble.kind}`, { n: trouble.count, why: trouble.detail })),
    ...(facts.length ? [el("span", { class: "trouble-facts" }, facts.join(" · "))] : []),
    ...(trouble.detail ? [el("span", { class: "trouble-facts", lang: "en" }, trouble.detail)] : []),
    ...(items.length ? [el("ul", {}, ...items.map(item => el("li", {}, item)))] : []));
}

const wellCard = at => el("li", { class: "trouble", "data-grade": "well" },
  el("strong", {}, t("op.well")), el("span", { class: "trouble-facts" }, t("op.well.at", { time: clock(at, true) })));

let saidBefore = null;

// Problems first. A reader hears of them once, when they come or go, and not at every look.
export function showTroubles(troubles, at) {
  $("troubles-list").replaceChildren(...(troubles.length ? troubles.map(troubleCard) : [wellCard(at)]));
  const said = troubles.map(one => t(`op.trouble.${one.kind}`, { n: one.count, why: one.detail })).join(". ") || t("op.well");
  const kinds = troubles.map(one => one.kind).join();
  if (kinds !== saidBefore) { $("troubles-said").textContent = said; saidBefore = kinds; }
}

function logLine(action) {
  const facts = [action.detail, action.written ? "" : t("op.log.unwritten")].filter(Boolean);
  return el("li", { "data-verb": action.verb },
    el("time", { datetime: action.at }, clock(Date.parse(action.at), true)),
    el("span", {}, el("strong", {}, action.who || t("op.log.nobody")), ` ${t(`op.verb.${action.verb}`)}`),
    el("q", action.why ? {} : { hidden: "" }, action.why),
    ...(facts.length ? [el("span", { class: "quiet" }, facts.join(" · "))] : []));
}

export function showLog({ actions, complete }) {
  $("log-notice").textContent = complete ? "" : t("op.log.partly");
  $("log").replaceChildren(...(actions.length ? actions.map(logLine) : [el("li", { class: "quiet" }, t("op.log.none"))]));
}

// What a refusal says, in the reader's words where there are some.
export const inWords = problem => knows(`problem.${problem.slug}`) ? t(`problem.${problem.slug}`) : problem.document.detail || problem.document.title;
