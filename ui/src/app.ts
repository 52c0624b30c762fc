/** Small things every page has. */
import { shelf } from './lib/keep.ts';
import { watchKiosk } from './lib/kiosk.ts';

const root = document.documentElement;

listenForLargeType();
listenForClicks();
listenForNetwork();
focusErrors();
offerInstall();
arrowsOnBoards();
paintAll();
foldMenu();
wipeOnLogout();
sendWhatWaits();
const kiosk = document.querySelector<HTMLDialogElement>('dialog[data-kiosk]');
if (kiosk) watchKiosk(kiosk, () => { location.href = '/kiosk/end'; });
// What many people use keeps nothing.
else if ('serviceWorker' in navigator) void keepPages().catch(() => undefined);

/** The worker keeps pages for when there is no network. It sends no cookies when it fetches them, so it is told the reader's language. */
async function keepPages(): Promise<void> {
  await navigator.serviceWorker.register('/sw.js');
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage({ language: /(?:^|; )lang=([\w-]+)/.exec(document.cookie)?.[1] });
}

function listenForLargeType(): void {
  const button = document.querySelector<HTMLButtonElement>('.size-switch__button');
  const show = (size: string): void => {
    root.dataset['size'] = size;
    button?.setAttribute('aria-pressed', String(size === 'large'));
    if (button) button.value = size === 'large' ? 'normal' : 'large';
  };
  const kept = /(?:^|; )size=(large|normal)/.exec(document.cookie)?.[1];
  show(kept ?? root.dataset['size'] ?? 'normal');
  button?.form?.addEventListener('submit', (event) => {
    event.preventDefault();
    const size = root.dataset['size'] === 'large' ? 'normal' : 'large';
    document.cookie = `size=${size}; path=/; max-age=31536000; samesite=lax`;
    show(size);
  });
}

function listenForClicks(): void {
  document.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-flip],[data-copy],[data-print]') : null;
    if (!target) return;
    if (target.matches('[data-flip]')) flip(target);
    else if (target.matches('[data-print]')) window.print();
    else void copy(target);
  });
  document.addEventListener('submit', (event) => {
    const question = event.target instanceof HTMLFormElement ? event.target.dataset['confirm'] : undefined;
    if (question && !window.confirm(question)) event.preventDefault();
  });
}

function flip(button: HTMLElement): void {
  const pass = button.closest('.pass');
  if (!pass) return;
  pass.querySelectorAll<HTMLElement>('.pass__face').forEach((face) => { face.hidden = !face.hidden; });
  pass.classList.add('pass--turn');
  pass.querySelector<HTMLElement>('.pass__face:not([hidden]) [data-flip]')?.focus();
}

async function copy(button: HTMLElement): Promise<void> {
  await navigator.clipboard.writeText(button.dataset['copy'] ?? '');
  const done = button.dataset['copied'];
  if (done) button.textContent = done;
}

function listenForNetwork(): void {
  const bar = document.querySelector<HTMLElement>('[data-offline]');
  if (!bar) return;
  const show = (): void => { bar.hidden = navigator.onLine; };
  addEventListener('online', show);
  addEventListener('offline', show);
  show();
}

function focusErrors(): void {
  document.querySelector<HTMLElement>('.error-summary')?.focus();
}

/** Colours of the pack on server HTML, where no style attribute may be. */
function paintAll(): void {
  document.querySelectorAll<HTMLElement>('[data-color^="#"]').forEach((element) => element.style.setProperty('--c', element.dataset['color'] ?? ''));
}

/** The staff menu stands open beside the page and folds above it. */
function foldMenu(): void {
  const menu = document.querySelector<HTMLDetailsElement>('.side__fold');
  if (!menu) return;
  const beside = matchMedia('(min-width: 960px)');
  const show = (): void => { menu.open = beside.matches; };
  beside.addEventListener('change', show);
  show();
}

/** On a television: the arrow keys of its remote move from one thing that can be chosen to the next. Within a map they move the map. */
function arrowsOnBoards(): void {
  if (!document.querySelector('.board')) return;
  const steps: Record<string, number> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
  document.addEventListener('keydown', (event) => {
    const step = steps[event.key];
    const now = document.activeElement;
    if (!step || event.altKey || event.ctrlKey || event.metaKey || now?.closest('input, select, textarea, canvas')) return;
    const all = [...document.querySelectorAll<HTMLElement>('.main a[href], .main button')].filter((one) => one.checkVisibility());
    const at = all.findIndex((one) => one === now);
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

function offerInstall(): void {
  const button = document.querySelector<HTMLElement>('[data-install]');
  if (!button) return;
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    button.hidden = false;
    button.addEventListener('click', () => { void (event as Event & { prompt(): Promise<void> }).prompt(); button.hidden = true; }, { once: true });
  });
}

/** Logging out takes the cards off this phone; the phone's key stays, so that logging in again needs no new registration. */
function wipeOnLogout(): void {
  document.querySelectorAll<HTMLFormElement>('form[data-logout], form[action$="/logout"]').forEach((form) => {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void Promise.all([shelf('cards').clear(), shelf('outbox').clear()]).catch(() => undefined).finally(() => form.submit());
    }, { once: true });
  });
}

/** Reports written without a network go out from whatever page is open when there is one again. */
function sendWhatWaits(): void {
  if (localStorage.getItem('reports-outbox') !== 'yes' || document.querySelector('[data-outbox], [data-report]')) return;
  const send = (): void => void import('./report/outbox.ts').then(({ sendAll }) => sendAll()).catch(() => undefined);
  if (navigator.onLine) send();
  addEventListener('online', send);
}
