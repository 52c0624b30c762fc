/** Reports: photos are made ready in the browser, what is written without a network sends itself later, staff go through the queue by keys. */
import { el } from './lib/dom.ts';
import { text } from './lib/texts.ts';
import { live } from './report/live.ts';
import { keep, send, sendAll, throwAway, waiting, type Kept, type Outcome } from './report/outbox.ts';
import { photos } from './report/photo.ts';
import { queue } from './report/queue.ts';

/** Without an answer after this, there is no network worth the name. */
const REACHED_WITHIN_MS = 4000;

const form = document.querySelector<HTMLFormElement>('form[data-report]');
if (form) {
  form.querySelectorAll<HTMLInputElement>('input[data-photos]').forEach(photos);
  form.addEventListener('submit', (event) => { event.preventDefault(); void submit(form); });
}
queue();
live([...document.querySelectorAll<HTMLElement>('[data-live]')]);
const box = document.querySelector<HTMLElement>('[data-outbox]');
if (box) {
  void show(box);
  addEventListener('online', () => void show(box));
}

/** Sends the form as any other when the server is there; keeps it when it is not. */
async function submit(of: HTMLFormElement): Promise<void> {
  if (await reached()) { of.submit(); return; }
  const status = of.querySelector<HTMLElement>('[data-slot="status"]');
  const say = (words: string): void => { if (status) { status.textContent = words; status.scrollIntoView({ block: 'center' }); } };
  const data = new FormData(of);
  const missing = lacks(data);
  if (missing) { say(text(missing)); return; }
  const fields: Kept['fields'] = [...data.entries()].filter(([, value]) => typeof value === 'string' || value.size > 0);
  fields.push(['category', of.dataset['report'] ?? '']);
  await keep({ key: String(data.get('key')), address: of.dataset['send'] ?? '', fields });
  say(text('reports-form.offline'));
  addEventListener('online', () => void sendAll().then((outcomes) => say(words(outcomes) || text('reports-form.offline'))));
}

/** What the server would say is missing, of what can be known here. */
function lacks(data: FormData): string | undefined {
  if (!String(data.get('words') ?? '').trim()) return 'reports-error.words';
  return data.get('district') || data.get('latitude') ? undefined : 'reports-error.place';
}

async function reached(): Promise<boolean> {
  if (!navigator.onLine) return false;
  try {
    return (await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(REACHED_WITHIN_MS) })).ok;
  } catch {
    return false;
  }
}

function words(outcomes: Outcome[]): string {
  return outcomes.map((outcome) => (outcome.kind === 'sent' ? text('reports-form.sent') : outcome.kind === 'refused' ? text('reports-form.refused', { reason: outcome.reason }) : ''))
    .filter(Boolean).join(' ');
}

/** Sends what waits, and says of the rest that it waits. */
async function show(place: HTMLElement): Promise<void> {
  const outcomes = await sendAll();
  if (outcomes.some(({ kind }) => kind === 'sent')) { location.reload(); return; }
  const kept = await waiting();
  place.replaceChildren();
  if (kept.length === 0) return;
  const refused = kept.filter((one) => one.refused);
  const rest = kept.length - refused.length;
  const again = el('button', { type: 'button', class: 'button button--outline', onclick: () => void Promise.all(kept.map(send)).then(() => show(place)) }, text('reports-form.try_again'));
  const away = el('button', { type: 'button', class: 'button button--text', onclick: () => void Promise.all(kept.map(({ key }) => throwAway(key))).then(() => show(place)) }, text('reports-form.throw_away'));
  place.append(el('div', { class: 'notice notice--warn' }, el('div', {}, rest > 0 && el('p', {}, text('reports-form.waiting', { count: rest })),
    ...refused.map(({ refused: reason = '' }) => el('p', {}, text('reports-form.refused', { reason }))), el('div', { class: 'row' }, again, away))));
}
