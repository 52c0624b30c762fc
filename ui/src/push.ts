/** Has this browser told of new notices, or no more. */
import { fromBase64Url } from './lib/bytes.ts';
import { ask } from './lib/http.ts';
import { text } from './lib/texts.ts';

const ENDPOINT = '/api/v1/inbox/subscriptions';

document.querySelectorAll<HTMLElement>('[data-push]').forEach((place) => void start(place));

async function start(place: HTMLElement): Promise<void> {
  const on = place.querySelector<HTMLButtonElement>('[data-push-on]');
  const off = place.querySelector<HTMLButtonElement>('[data-push-off]');
  if (!on || !off) return;
  if (!('serviceWorker' in navigator) || !('PushManager' in window) || !('Notification' in window)) return say(place, 'push.unsupported');
  on.addEventListener('click', () => void change(place, () => subscribe(place.dataset['key'] ?? '')));
  off.addEventListener('click', () => void change(place, unsubscribe));
  await show(place);
}

async function show(place: HTMLElement): Promise<void> {
  const subscription = await (await navigator.serviceWorker.ready).pushManager.getSubscription();
  const denied = Notification.permission === 'denied';
  say(place, subscription ? 'push.on' : denied ? 'push.denied' : 'push.off');
  place.querySelector<HTMLElement>('[data-push-on]')?.toggleAttribute('hidden', Boolean(subscription));
  place.querySelector<HTMLElement>('[data-push-off]')?.toggleAttribute('hidden', !subscription);
}

async function change(place: HTMLElement, work: () => Promise<void>): Promise<void> {
  place.setAttribute('aria-busy', 'true');
  try {
    await work();
    await show(place);
  } catch (cause) {
    say(place, Notification.permission === 'denied' ? 'push.denied' : 'push.failed', cause instanceof Error && cause.name === 'Problem' ? cause.message : undefined);
  } finally {
    place.removeAttribute('aria-busy');
  }
}

async function subscribe(key: string): Promise<void> {
  const { pushManager } = await navigator.serviceWorker.ready;
  const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: fromBase64Url(key) as BufferSource });
  try {
    await ask(ENDPOINT, { body: subscription.toJSON() });
  } catch (cause) {
    // What the town does not know of must not look as if it were on.
    await subscription.unsubscribe();
    throw cause;
  }
}

async function unsubscribe(): Promise<void> {
  const subscription = await (await navigator.serviceWorker.ready).pushManager.getSubscription();
  if (!subscription) return;
  await ask(ENDPOINT, { method: 'DELETE', body: { endpoint: subscription.endpoint } });
  await subscription.unsubscribe();
}

function say(place: HTMLElement, key: string, message?: string): void {
  const state = place.querySelector('[data-slot="state"]');
  if (state) state.textContent = message ?? text(key);
}
