// Keeps this page with its files in the browser, for a reload without a network (offline_worker.js opens it).
// Every page has a cache of its own, named by its path, release and state: a new release replaces it as a whole, so
// that files of two releases never meet. Orders, and all pages for who has chosen a language, are kept in every
// language and open in the one chosen last, be it elsewhere or without a network; the crowd that joins keeps its own alone.

import { lang } from "./words.js";

const KEPT_MAX = 12;
const base = new URL("./", import.meta.url).href;
const version = base.split("/").at(-2);
const isAble = "serviceWorker" in navigator && "caches" in window;
export const languages = [...document.querySelectorAll(".langs [hreflang]")].map(each => each.hreflang);
const LANGUAGE_KEPT_S = 365 * 24 * 3600;

// The language of the page seen last is the one that kept pages open in; one chosen without a network is told to
// Usher by the cookie that it writes itself when it hears of a choice.
if (isAble) caches.open("usher-language").then(kept => kept.put(new URL("../../language", base), new Response(lang))).catch(() => {});
if (new URLSearchParams(location.search).has("lang"))
  document.cookie = `usher_lang=${lang}; path=${document.body.dataset.root || "/"}; max-age=${LANGUAGE_KEPT_S}; samesite=lax`;

// `scope`: the folder of this page's siblings. False when it should be tried again: the network may be away. A
// browser that keeps nothing (private, full, no https) shows the same pages as long as it has a network.
export async function keepPage(scope, state = "", spoken = hasChosen() ? languages : [lang]) {
  if (!isAble) return true;
  try {
    await navigator.serviceWorker.register(`${base}offline_worker.js`, { scope });
    await keep(`usher:${location.pathname} `, `${version}.${state}`, spoken);
    return true;
  } catch { return false; }
}

// Whether a page would open without a network.
export const isKept = async path => isAble && Boolean(await caches.match(path, { ignoreSearch: true }).catch(() => null));

const hasChosen = () => document.cookie.includes("usher_lang=");

async function keep(mine, now, spoken) {
  const cache = await caches.open(mine + now), has = new Set((await cache.keys()).map(({ url }) => url));
  const put = async (urls, isRight) => Promise.all(urls.filter(url => !has.has(url)).map(async url => cache.put(url, await fetched(url, isRight))));
  const pages = spoken.map(each => `${location.origin}${location.pathname}?lang=${each}`);
  await put(loaded(spoken), isLasting);
  if (pages.every(url => has.has(url))) return;
  await put(pages, isOurs);
  for (const name of await caches.keys()) if (name.startsWith(mine) && name !== mine + now) await caches.delete(name);
  const all = (await caches.keys()).filter(name => name.startsWith("usher:"));
  for (const name of all.slice(0, -KEPT_MAX)) await caches.delete(name);
}

// The files that this page uses: loaded already, so that keeping them costs the network nothing but the words of the
// other languages.
function loaded(spoken) {
  const named = [...document.querySelectorAll("link[href], script[src]")].map(each => each.href || each.src);
  const words = spoken.map(each => `${base}words.${each}.js`);
  const all = [...named, ...performance.getEntriesByType("resource").map(({ name }) => name), ...words, `${base}ticker_worker.js`];
  return [...new Set(all)].filter(url => url.startsWith(base) && !url.endsWith("offline_worker.js"));
}

// Without cookies: a page asked for in a language must not make it the chosen one.
async function fetched(url, isRight) {
  const answer = await fetch(url, { credentials: "omit" });
  if (!answer.ok || answer.redirected || !await isRight(answer.clone())) throw new Error(`not kept: ${url}`);
  return answer;
}

// While a release is under way a name of the new one may still be answered with a file of the old.
const isLasting = answer => answer.headers.get("cache-control")?.includes("immutable");
const isOurs = async answer => (await answer.text()).includes(`/pages/${version}/`);
