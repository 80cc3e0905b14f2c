// What a refusal means to the fan: words, and presses that take what does fit.

// `asked`: {seats} or {best}; `at`: what the hall and the showtimes say now. Answers {text, presses}, each press
// {label, want} to hold, {label, show} to go to, or {label, again}; null for a refusal that is not about seats.
export function explain(problem, asked, at, words) {
  const found = WAYS[problem.slug]?.(problem.document, asked, at, words);
  return found ? { presses: [], ...found } : null;
}

const WAYS = {
  "seats-taken": seatsTaken,
  "leaves-single": leavesSingle,
  "no-fit": noFit,
  "sold-out": soldOut,
  "over-limit": overLimit,
  "no-such-seats": (_, __, ___, { t }) => ({ text: t("refused.no-such") }),
  "sale-paused": (document, _, __, { t }) => ({ text: t("problem.sale-paused", { reason: document.reason }), presses: [{ label: t("press.again"), again: true }] }),
  "too-many": again("problem.too-many"),
  "overloaded": again("problem.overloaded"),
  "store-unavailable": again("problem.store-unavailable"),
  "internal-error": again("problem.other"),
  "in-progress": again("problem.other"),
};

function again(key) {
  return (_, __, ___, { t }) => ({ text: t(key), presses: [{ label: t("press.again"), again: true }] });
}

export const inWords = (names, { lang, seatName }) => new Intl.ListFormat(lang).format(names.map(seatName));

// Another way to sit down as many: the same category first, then the others that have so many free.
function bests(n, first, at, { t }) {
  const order = [...at.categories].sort((a, b) => (b.key === first) - (a.key === first));
  return order.filter(category => category.free >= n).slice(0, 3)
    .map(category => ({ label: t("press.best", { n, category: category.label }), want: best(n, category.key) }));
}

const best = (count, category, split = false) => ({ best: { count, category, split } });
const label = (key, at) => at.categories.find(category => category.key === key)?.label ?? key;

function seatsTaken(document, asked, at, words) {
  const gone = new Set(document.seats), left = (asked.seats ?? []).filter(name => !gone.has(name));
  const n = asked.seats?.length ?? asked.best.count, presses = bests(n, asked.category ?? asked.best?.category, at, words).slice(0, 2);
  if (left.length) presses.unshift({ label: words.t("press.keep", { n: left.length }), want: { seats: left } });
  return { text: words.t("refused.taken", { n: gone.size, seats: inWords([...gone], words) }), presses, gone: [...gone] };
}

function leavesSingle(document, asked, at, words) {
  const { t, seatName } = words, presses = [];
  if (document.instead.length) presses.push({ label: t("press.instead", { seats: inWords(document.instead, words) }), want: { seats: document.instead }, look: document.instead });
  presses.push(...bests(asked.seats?.length ?? asked.best.count, asked.category, at, words).slice(0, 1));
  return { text: t("refused.single", { single: seatName(document.single) }), presses };
}

function noFit(document, asked, at, words) {
  const { t } = words, { count, category } = asked.best, n = document.largest, presses = [];
  const zone = at.categories.find(each => each.key === category);
  if (n) presses.push({ label: t("press.together", { n, category: zone.label }), want: best(n, category) });
  if (zone.free >= count) presses.push({ label: t("press.apart", { n: count, category: zone.label }), want: best(count, category, true) });
  presses.push(...bests(count, null, { categories: at.categories.filter(each => each !== zone) }, words).slice(0, 2));
  return { text: t("refused.no-fit", { n, category: zone.label }), presses };
}

function soldOut(_, asked, at, words) {
  const key = asked.best?.category ?? asked.category, n = asked.best?.count ?? asked.seats.length;
  const others = bests(n, null, { categories: at.categories.filter(each => each.key !== key) }, words);
  return { text: words.t("refused.sold-out", { category: label(key, at) }), presses: [...others, ...alternatives(at, n)] };
}

function overLimit(document, asked, at, words) {
  const { t } = words, n = document.left;
  if (n < 1) return { text: t("refused.limit.none") };
  const first = asked.seats?.slice(0, n), category = label(asked.best?.category, at);
  const press = first ? { label: t("press.only", { seats: inWords(first, words) }), want: { seats: first } }
    : { label: t("press.best", { n, category }), want: { best: { ...asked.best, count: n } } };
  return { text: t("refused.limit", { n }), limit: n, presses: [press] };
}

// Showtimes with so many seats free: the same cinema first, then the nearest in time.
export function alternatives({ show, shows, showName }, n = 1) {
  const far = other => Math.abs(Date.parse(other.starts_at) - Date.parse(show.starts_at)) + (other.cinema === show.cinema ? 0 : 1e12);
  return shows.filter(other => other.showtime !== show.showtime && other.free >= n).sort((a, b) => far(a) - far(b)).slice(0, 3)
    .map(other => ({ label: showName(other), show: other.showtime }));
}
