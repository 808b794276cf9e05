// Answers for the network where there is none: the pages of a worker's day as she last saw them, and the files they need. The server
// writes PORTAL before this file (governance/offline.py): whose pages they are, which, and what they load. What is kept is
// named by the account, and goes when somebody else signs in, when nobody is signed in, and after three days.
"use strict";
const FILES = "portal-files", PAGES = `portal-pages-${PORTAL.account}`;
const DAYS = 3, PATIENCE = 4000, JUST_NOW = 60_000;
const keeps = (path) => PORTAL.pages.some((pattern) => new RegExp(pattern).test(path));
const HASHED = /\.[0-9a-f]{12}\.\w+$/;

// With the moment at which it came, which the page shows when it is shown again without network.
const store = async (request, response) => {
  const content = await response.blob();
  // Somebody else may have signed in a moment ago.
  if (content.type.startsWith("text/html") && !(await content.text()).includes(`data-account="${PORTAL.account}"`)) return;
  const headers = new Headers(response.headers);
  headers.set("X-Kept-At", new Date().toISOString());
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  const cache = await caches.open(PAGES);
  await cache.put(request, new Response(content, { status: 200, headers }));
};
const held = async (request) => {
  const found = await (await caches.open(PAGES)).match(request, { ignoreVary: true });
  return found && Date.now() - Date.parse(found.headers.get("X-Kept-At")) < DAYS * 24 * 3600 * 1000 ? found : null;
};
// What is out of reach now is not shown from memory either.
const forget = async (address) => (await caches.open(PAGES)).delete(address, { ignoreVary: true });
const isPage = (response) => response.ok && response.type === "basic" && !response.redirected;
const fetchAndKeep = async (address, anew) => {
  const found = anew ? null : await held(address);
  if (found && Date.now() - Date.parse(found.headers.get("X-Kept-At")) < JUST_NOW) return;
  // Nobody looks at it now, so it takes no message and no draft (governance/ahead.py).
  const response = await fetch(address, { credentials: "same-origin", redirect: "manual", headers: { "X-Ahead": "1" } });
  if (isPage(response)) await store(address, response);
  else if (response.status === 404) await forget(address);
};
const marked = async (page) => {
  const text = await page.text();
  return new Response(text.replace("<html ", `<html data-kept-at="${page.headers.get("X-Kept-At")}" `), { headers: page.headers });
};

self.addEventListener("install", (event) => event.waitUntil((async () => {
  if (PORTAL.account) {
    const files = await caches.open(FILES);
    await files.addAll(PORTAL.files);
    await Promise.allSettled([PORTAL.offline, ...PORTAL.shell].map((address) => fetchAndKeep(address, false)));
  }
  await self.skipWaiting();
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (![FILES, PAGES].includes(name) || !PORTAL.account) await caches.delete(name);
  if (!PORTAL.account) { await self.registration.unregister(); return; }
  const files = await caches.open(FILES), wanted = new Set(PORTAL.files.map((path) => new URL(path, location).href));
  for (const request of await files.keys()) if (!wanted.has(request.url)) await files.delete(request);
  await self.clients.claim();
})()));

// A page says what she may need next: the forms of the incident that she is looking at; or, anew, what has just changed.
self.addEventListener("message", (event) => {
  if (!PORTAL.account || !Array.isArray(event.data?.warm)) return;
  const ours = event.data.warm.map((each) => new URL(each, location)).filter((url) => url.origin === location.origin && keeps(url.pathname));
  event.waitUntil((async () => {
    const cache = await caches.open(PAGES);
    for (const request of await cache.keys()) if (!(await held(request)) && !request.url.endsWith(PORTAL.offline)) await cache.delete(request);
    for (const url of ours) { url.hash = ""; await fetchAndKeep(url.href, event.data.anew === true).catch(() => {}); }
  })());
});

const page = async (event, path) => {
  const kept = keeps(path), network = fetch(event.request);
  if (kept) event.waitUntil(network.then(async (response) => {
    if (isPage(response)) await store(event.request.url, response.clone());
    else if (response.status === 404) await forget(event.request.url);
  }).catch(() => {}));
  const before = kept ? await held(event.request.url) : null;
  try {
    if (!before) return await network;
    return await Promise.race([network, new Promise((_, no) => setTimeout(no, PATIENCE))]);
  } catch {
    if (before) return marked(before);
    return (await (await caches.open(PAGES)).match(PORTAL.offline, { ignoreVary: true })) || Response.error();
  }
};
const file = async (request) => {
  const cache = await caches.open(FILES), before = await cache.match(request, { ignoreVary: true });
  if (before && HASHED.test(new URL(request.url).pathname)) return before;
  try { return await fetch(request); } catch (failure) { if (before) return before; throw failure; }
};
const picture = async (request) => {
  const before = await held(request.url);
  if (before) return before;
  const response = await fetch(request);
  if (isPage(response)) await store(request.url, response.clone());
  return response;
};

self.addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname } = new URL(request.url);
  if (!PORTAL.account || request.method !== "GET" || origin !== location.origin) return;
  if (PORTAL.files.includes(pathname)) event.respondWith(file(request));
  else if (PORTAL.pictures.some((pattern) => new RegExp(pattern).test(pathname))) event.respondWith(picture(request));
  else if (request.mode === "navigate" && !/^\/(admin|api|files)\//.test(pathname)) event.respondWith(page(event, pathname));
});
