// Opens a fan's page that this browser has kept when the network does not: after a reload in a tunnel the fan
// sees the place and not an error. Pages keep themselves (offline.js); calls to Usher are left alone, as they
// are true only when they are asked anew.

const PATIENCE_MS = 6000;
const files = new URL("../", location.href).href;
const root = new URL("../../", location.href).href;
const language = `${root}language`;
const KEPT = { ignoreSearch: true, ignoreVary: true };
const isOurs = url => url.split(/[?#]/)[0] === root || url.startsWith(`${root}sales/`) || url.startsWith(`${root}orders/`);

addEventListener("install", () => skipWaiting());
addEventListener("activate", event => event.waitUntil(clients.claim()));
addEventListener("fetch", event => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && isOurs(request.url)) event.respondWith(opened(request));
  else if (request.url.startsWith(files)) event.respondWith(file(request));
});

// The network's answer; the kept page where that fails, is a fault of the house, or does not come in time.
async function opened(request) {
  const kept = page(new URL(request.url));
  const answer = fetch(request).then(async found => found.status >= 500 ? await kept ?? found : found);
  const late = new Promise(wake => setTimeout(wake, PATIENCE_MS)).then(() => kept).then(found => found ?? answer);
  try { return await Promise.race([answer, late]); } catch (error) {
    const found = await kept;
    if (!found) throw error;
    return found;
  }
}

// In the language that is asked for, or was seen last (offline.js).
async function page({ origin, pathname, searchParams }) {
  const chosen = searchParams.get("lang") ?? await (await caches.match(language))?.text();
  return await caches.match(`${origin}${pathname}?lang=${chosen}`, { ignoreVary: true }) ?? caches.match(origin + pathname, KEPT);
}

// A file of this name never changes: its name bears the digest of its release.
const file = async request => await caches.match(request, { ignoreVary: true }) ?? fetch(request);
