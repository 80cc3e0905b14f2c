// Keeps this page with its files in the browser, for a reload without a network (offline_worker.js opens it).
// Every page has a cache of its own, named by its path, release, language and state: a new release replaces it
// as a whole, so that files of two releases never meet.

import { lang } from "./words.js";

const KEPT_MAX = 12;
const base = new URL("./", import.meta.url).href;
const version = base.split("/").at(-2);
const isAble = "serviceWorker" in navigator && "caches" in window;

// `scope`: the folder of this page's siblings. False when it should be tried again: the network may be away. A
// browser that keeps nothing (private, full, no https) shows the same pages as long as it has a network.
export async function keepPage(scope, state = "") {
  if (!isAble) return true;
  try {
    await navigator.serviceWorker.register(`${base}offline_worker.js`, { scope });
    await keep(`usher:${location.pathname} `, `${version}.${lang}.${state}`);
    return true;
  } catch { return false; }
}

// Whether a page would open without a network.
export const isKept = async path => isAble && Boolean(await caches.match(path).catch(() => null));

async function keep(mine, now) {
  const cache = await caches.open(mine + now), has = new Set((await cache.keys()).map(({ url }) => url));
  await Promise.all(loaded().filter(url => !has.has(url)).map(async url => cache.put(url, await fetched(url, isLasting))));
  if (has.has(location.origin + location.pathname)) return;
  await cache.put(location.pathname, await fetched(location.pathname, isOurs));
  for (const name of await caches.keys()) if (name.startsWith(mine) && name !== mine + now) await caches.delete(name);
  const all = (await caches.keys()).filter(name => name.startsWith("usher:"));
  for (const name of all.slice(0, -KEPT_MAX)) await caches.delete(name);
}

// The files that this page uses: loaded already, so that keeping them costs the network nothing.
function loaded() {
  const named = [...document.querySelectorAll("link[href], script[src]")].map(each => each.href || each.src);
  const all = [...named, ...performance.getEntriesByType("resource").map(({ name }) => name), `${base}ticker_worker.js`];
  return [...new Set(all)].filter(url => url.startsWith(base) && !url.endsWith("offline_worker.js"));
}

async function fetched(url, isRight) {
  const answer = await fetch(url);
  if (!answer.ok || answer.redirected || !await isRight(answer.clone())) throw new Error(`not kept: ${url}`);
  return answer;
}

// While a release is under way a name of the new one may still be answered with a file of the old.
const isLasting = answer => answer.headers.get("cache-control")?.includes("immutable");
const isOurs = async answer => (await answer.text()).includes(`/pages/${version}/`);
