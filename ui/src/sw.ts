/**
 * The service worker: keeps the shell (styles, scripts, two pages without personal data) for days without a network.
 * Pages come from the network first; answers of the API are never kept here but the town's open data of places: the islands keep what they may, and
 * log-out wipes it.
 */
/// <reference lib="webworker" />
declare const SHELL: string[];
/** What a map needs besides. */
declare const MAP: string[];
declare const VERSION: string;
/** The picture beside a message. */
declare const NOTICE_ICON: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `tegata-${VERSION}`;
/** Pages that render without a session, by the start of the paths they stand in for. */
const PAGES = ['/offline', '/verify'];
const EXTRAS = ['/town.css', '/manifest.webmanifest'];
/** The map, with its list, its style and its places: kept from the day somebody opens it, so that the nearest shelter is found without a network. */
const MAP_PAGES = ['/map', '/map/list'];
const MAP_DATA = ['/map/style.json', '/api/v1/places.geojson'];
/** The style as it is drawn for who wants more contrast is kept beside the usual one. */
const STYLE = '/map/style.json';
const MORE_CONTRAST = '?contrast=more';
/** Pieces of the ground of the map: those around its middle, which the style names, and those somebody saw last. Addresses name their content. */
const GROUND = '/map/tiles/';
const GROUND_HOME = 'tegata-ground-home';
const GROUND_SEEN = 'tegata-ground-seen';
/** Pieces at most. One of outlines has a few hundred bytes, one of a city with its houses some 50 kB. */
const GROUND_HOME_MAX = 120;
const GROUND_SEEN_MAX = 300;
/** Pieces fetched at once. */
const GROUND_AT_ONCE = 6;
/** The kept map is fetched anew when it is opened and this old. */
const MAP_AGE_MS = 10 * 60_000;
/** Where the cache notes in which language its pages are. */
const LANGUAGE = '/kept-language';

worker.addEventListener('install', (event) => event.waitUntil(fill()));
worker.addEventListener('activate', (event) => event.waitUntil(sweep()));
worker.addEventListener('message', (event) => event.waitUntil(speak((event.data as { language?: unknown } | null)?.language)));
worker.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin) return;
  if (MAP_DATA.includes(url.pathname)) event.respondWith(networkFirst(event.request, url.pathname + contrastOf(url)));
  else if (url.pathname.startsWith(GROUND)) event.respondWith(ground(event.request));
  else if (url.pathname.startsWith('/api/')) return;
  else if (url.pathname.startsWith('/assets/')) event.respondWith(keptFirst(event.request, url.pathname));
  else if (event.request.mode === 'navigate') {
    event.respondWith(page(event.request, url.pathname));
    if (isMap(url.pathname)) event.waitUntil(keepMap());
  }
  else if (EXTRAS.includes(url.pathname)) event.respondWith(networkFirst(event.request, url.pathname));
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL);
  await Promise.all([...PAGES, ...EXTRAS].map((path) => keep(cache, path)));
  // Who had a map before this version has one after it.
  if (await caches.match('/map')) await keepMap();
  await worker.skipWaiting();
}

async function sweep(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('tegata-') && ![CACHE, GROUND_HOME, GROUND_SEEN].includes(name)).map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** Fetches the kept pages anew when the reader has chosen another language. */
async function speak(language: unknown): Promise<void> {
  if (typeof language !== 'string') return;
  const cache = await caches.open(CACHE);
  if (await (await cache.match(LANGUAGE))?.text() === language) return;
  const kept = await Promise.all(PAGES.map((path) => keep(cache, path, `?lang=${encodeURIComponent(language)}`)));
  if (kept.every(Boolean)) await cache.put(LANGUAGE, new Response(language));
}

/** A page is kept as it is for a visitor who is nobody: no cookies go out with the question. Says whether it worked. */
async function keep(cache: Cache, path: string, query = '', as = path): Promise<boolean> {
  try {
    const response = await fetch(path + query, { credentials: 'omit', redirect: 'error' });
    if (response.ok) await cache.put(as, response);
    return response.ok;
  } catch {
    // A town without this page, or no network now: the next version, or the next page, tries again.
    return false;
  }
}

async function keptFirst(request: Request, path: string): Promise<Response> {
  const kept = await caches.match(request, { ignoreSearch: true });
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok && MAP.includes(path)) await (await caches.open(CACHE)).put(path, response.clone());
  return response;
}

const isMap = (path: string): boolean => path === '/map' || path.startsWith('/map/');
let mapKeptAt = 0;

/** Keeps the map as a visitor sees it who is nobody and nowhere: neither cookies nor a position go out with the question. */
async function keepMap(): Promise<void> {
  if (Date.now() - mapKeptAt < MAP_AGE_MS) return;
  mapKeptAt = Date.now();
  const cache = await caches.open(CACHE);
  const language = await (await caches.match(LANGUAGE))?.text();
  const query = language ? `?lang=${encodeURIComponent(language)}` : '';
  const kept = await Promise.all([...MAP_PAGES, ...MAP_DATA].map((path) => keep(cache, path, query)));
  const strong = query ? `${query}&contrast=more` : MORE_CONTRAST;
  await keep(cache, STYLE, strong, STYLE + MORE_CONTRAST);
  await keepGround(cache);
  const missing = (await Promise.all(MAP.map(async (path) => ((await cache.match(path)) ? [] : [path])))).flat();
  await Promise.all(missing.map((path) => cache.add(path).catch(() => undefined)));
  if (!kept.every(Boolean)) mapKeptAt = 0;
}

const contrastOf = (url: URL): string => (url.pathname === STYLE && url.searchParams.get('contrast') === 'more' ? MORE_CONTRAST : '');

/** Keeps the pieces around the middle of the map, and lets go of those of a ground that is no more. */
async function keepGround(cache: Cache): Promise<void> {
  const style = (await (await cache.match(STYLE))?.json().catch(() => undefined)) as { metadata?: { 'tegata:keep'?: unknown } } | undefined;
  const named = style?.metadata?.['tegata:keep'];
  if (!Array.isArray(named)) return;
  const wanted = named.filter((path): path is string => typeof path === 'string' && path.startsWith(GROUND)).slice(0, GROUND_HOME_MAX);
  const [home, seen] = await Promise.all([caches.open(GROUND_HOME), caches.open(GROUND_SEEN)]);
  const content = (address: string): string | null => new URL(address, location.origin).searchParams.get('v');
  const now = wanted[0] === undefined ? null : content(wanted[0]);
  const there = new Set((await home.keys()).map(({ url }) => url.slice(location.origin.length)));
  await Promise.all([...there].filter((path) => !wanted.includes(path)).map((path) => home.delete(path)));
  await Promise.all((await seen.keys()).filter(({ url }) => content(url) !== now).map((request) => seen.delete(request)));
  // Who pays for every megabyte keeps what they look at and no more.
  if ((navigator as { connection?: { saveData?: boolean } }).connection?.saveData) return;
  const missing = wanted.filter((path) => !there.has(path));
  for (let at = 0; at < missing.length; at += GROUND_AT_ONCE) await Promise.all(missing.slice(at, at + GROUND_AT_ONCE).map((path) => keep(home, path)));
}

let piecesKept = 0;

/** A piece of the ground, the kept one first: what its address names never changes. */
async function ground(request: Request): Promise<Response> {
  const kept = await caches.match(request.url);
  if (kept) return kept;
  const response = await fetch(request);
  if (!response.ok || !new URL(request.url).searchParams.has('v')) return response;
  const seen = await caches.open(GROUND_SEEN);
  await seen.put(request.url, response.clone());
  piecesKept += 1;
  if (piecesKept % 25 === 1) {
    const all = await seen.keys();
    await Promise.all(all.slice(0, Math.max(0, all.length - GROUND_SEEN_MAX)).map((oldest) => seen.delete(oldest)));
  }
  return response;
}

async function networkFirst(request: Request, path: string): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(path)) ?? Response.error();
  }
}

async function page(request: Request, path: string): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    const instead = path.startsWith('/verify') ? '/verify' : path === '/map' ? '/map' : isMap(path) ? '/map/list' : '/offline';
    return (await caches.match(instead)) ?? (await caches.match('/offline')) ?? Response.error();
  }
}

/** A message of the town: shown with its own tag, so that the same one twice is one. */
worker.addEventListener('push', (event) => {
  const told = event.data?.json() as { title?: string; body?: string; href?: string; tag?: string } | undefined;
  if (!told?.title) return;
  event.waitUntil(worker.registration.showNotification(told.title, {
    body: told.body ?? '', data: told.href ?? '/inbox', icon: NOTICE_ICON, badge: NOTICE_ICON, ...(told.tag === undefined ? {} : { tag: told.tag }),
  }));
});

/** Opens what a message is about, in a window that is open already where there is one. */
worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const href = new URL(String(event.notification.data ?? '/inbox'), location.origin);
  if (href.origin !== location.origin) return;
  event.waitUntil(openAt(href.href));
});

async function openAt(href: string): Promise<void> {
  const windows = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const open = windows.find((client) => client.url.startsWith(location.origin));
  if (!open) return void (await worker.clients.openWindow(href));
  await open.focus();
  await open.navigate(href).catch(() => worker.clients.openWindow(href));
}
