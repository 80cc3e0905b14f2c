// What the operator's screen shows: the sale, numbers of now, the log.

import { el } from "./curves.js";
import { clock, count, knows, t } from "./words.js";

const $ = id => document.getElementById(id);

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

function logLine(action) {
  // What fans read is the reason itself, and stands there once.
  const detail = action.why && action.detail === `fans read: ${action.why}` ? t("op.log.read") : action.detail;
  const facts = [detail, action.written ? "" : t("op.log.unwritten")].filter(Boolean);
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
