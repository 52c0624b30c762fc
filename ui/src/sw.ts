/**
 * The service worker: keeps the shell (styles, scripts, two pages without personal data) for days without a network.
 * Pages come from the network first; answers of the API are never kept here: the islands keep what they may, and log-out wipes it.
 */
/// <reference lib="webworker" />
declare const SHELL: string[];
declare const VERSION: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `tegata-${VERSION}`;
/** Pages that render without a session, by the start of the paths they stand in for. */
const PAGES = ['/offline', '/verify'];
const EXTRAS = ['/town.css', '/manifest.webmanifest'];
/** Where the cache notes in which language its pages are. */
const LANGUAGE = '/kept-language';

worker.addEventListener('install', (event) => event.waitUntil(fill()));
worker.addEventListener('activate', (event) => event.waitUntil(sweep()));
worker.addEventListener('message', (event) => event.waitUntil(speak((event.data as { language?: unknown } | null)?.language)));
worker.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin || url.pathname.startsWith('/api/')) return;
  if (url.pathname.startsWith('/assets/')) event.respondWith(keptFirst(event.request));
  else if (event.request.mode === 'navigate') event.respondWith(page(event.request, url.pathname));
  else if (EXTRAS.includes(url.pathname)) event.respondWith(networkFirst(event.request, url.pathname));
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL);
  await Promise.all([...PAGES, ...EXTRAS].map((path) => keep(cache, path)));
  await worker.skipWaiting();
}

async function sweep(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('tegata-') && name !== CACHE).map((name) => caches.delete(name)));
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
async function keep(cache: Cache, path: string, query = ''): Promise<boolean> {
  try {
    const response = await fetch(path + query, { credentials: 'omit', redirect: 'error' });
    if (response.ok) await cache.put(path, response);
    return response.ok;
  } catch {
    // A town without this page, or no network now: the next version, or the next page, tries again.
    return false;
  }
}

async function keptFirst(request: Request): Promise<Response> {
  return (await caches.match(request, { ignoreSearch: true })) ?? fetch(request);
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
    const instead = path.startsWith('/verify') ? '/verify' : '/offline';
    return (await caches.match(instead)) ?? Response.error();
  }
}
