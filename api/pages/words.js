// The page's language: words, numbers, money and times, as the language writes them.

export const lang = document.documentElement.lang === "zh" ? "zh" : "en";
const locale = lang === "zh" ? "zh-CN" : (navigator.languages ?? []).find(tag => tag.startsWith("en")) ?? "en-GB";
const words = (await import(`./words.${lang}.js`)).default;
const plural = new Intl.PluralRules(locale);
const numbers = new Intl.NumberFormat(locale);

// The words of a key, `{name}` filled from values. A key with forms `{one, other}` follows the number `n`.
export function t(key, values = {}) {
  const found = words[key];
  if (found === undefined) return key;
  const form = typeof found === "string" ? found : found[plural.select(values.n)] ?? found.other;
  return form.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? numbers.format(value) : value ?? "";
  });
}

// More words of the same language, for a page that brings its own.
export const learn = more => { Object.assign(words, more); };

export const knows = key => key in words;
export const count = n => numbers.format(n);

// An amount in the minor unit of its currency.
export function money(amount, currency) {
  const writer = new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  return writer.format(amount / 10 ** writer.resolvedOptions().maximumFractionDigits);
}

const zoned = (options, timeZone) => {
  try { return new Intl.DateTimeFormat(locale, { ...options, timeZone }); } catch { return new Intl.DateTimeFormat(locale, options); }
};

const HOUR = { hour: "2-digit", minute: "2-digit" };

// A day and time; the year as well when it is not this one.
function dated(ms, time, zone) {
  const year = zoned({ year: "numeric" }, zone), isNow = year.format(ms) === year.format(Date.now());
  return zoned({ ...(!isNow && { year: "numeric" }), weekday: "short", month: "short", day: "numeric", ...time }, zone).format(ms);
}

// A day and time, in the reader's time zone unless another is named (a showtime's is its cinema's).
export const moment = (ms, zone) => dated(ms, HOUR, zone);

// A time of today, or the day as well.
export function clock(ms, withSeconds = false) {
  const isToday = new Date(ms).toDateString() === new Date().toDateString();
  const time = { ...HOUR, ...(withSeconds && { second: "2-digit" }) };
  return isToday ? zoned(time).format(ms) : dated(ms, time);
}

// A length of time in words, as exact as it is useful: "45 s", "10 min", "1 h 20 min", "3 days".
export function duration(s) {
  if (s < 90 && Math.round(s) !== 60) return t("seconds", { n: Math.max(0, Math.round(s)) });
  const minutes = Math.round(s / 60);
  if (minutes < 60) return t("minutes", { n: minutes });
  if (minutes < 48 * 60) return [t("hours", { n: Math.floor(minutes / 60) }), minutes % 60 ? t("minutes", { n: minutes % 60 }) : ""].filter(Boolean).join(t("and-time"));
  return t("days", { n: Math.round(minutes / 1440) });
}

// A countdown: 4:05, 1:02:03, or days and hours. Never more than was promised, where a promise is known: passes end on
// whole seconds, rounded up, and the clock of the server is known to a second.
export function left(ms, promised_s = Infinity) {
  const s = Math.max(0, Math.min(Math.ceil(ms / 1000), promised_s)), two = n => String(n).padStart(2, "0");
  if (s >= 2 * 86400) return [t("days", { n: Math.floor(s / 86400) }), t("hours", { n: Math.floor(s % 86400 / 3600) })].join(t("and-time"));
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

// A seat as people say it: "Row C, seat 7" for C-7, with the section before it.
export function seatName(name) {
  const parts = name.split("-");
  if (parts.length === 2) return t("seat", { row: parts[0], seat: parts[1] });
  return parts.length === 3 ? t("seat-in", { section: parts[0], row: parts[1], seat: parts[2] }) : name;
}

// Writes what the server sent plainly as the language does.
export function dress(root = document) {
  for (const each of root.querySelectorAll("data.money")) each.textContent = money(Number(each.value), each.dataset.currency);
  for (const each of root.querySelectorAll("time[datetime]")) each.textContent = moment(Date.parse(each.dateTime), each.dataset.zone);
  for (const each of root.querySelectorAll("[data-seat-name]")) each.textContent = seatName(each.dataset.seatName);
}
