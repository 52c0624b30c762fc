/** The counter's page: scan, a big yes or no, with the centre or without. */
import { agoOf, timeOf } from './lib/clock.ts';
import { el, icon } from './lib/dom.ts';
import { Problem } from './lib/http.ts';
import { text } from './lib/texts.ts';
import { Camera } from './verify/camera.ts';
import { Decider, NotPaired } from './verify/decide.ts';
import { freshnessOf, SameCard, type Verdict } from './verify/model.ts';
import { isPresentation, KeyGatherer, normaliseScan } from './verify/scan.ts';
import { signal, verdictScreen, whyOf, wordOf } from './verify/screen.ts';

const SYNC_EVERY_MS = 60_000;
const RECENT = 5;

class TegataVerifier extends HTMLElement {
  #decider!: Decider;
  #camera!: Camera;
  #keys = new KeyGatherer();
  #same = new SameCard();
  #busy = false;
  #verdict: HTMLElement | undefined;
  #last = '';
  #handledMs = 0;
  #timer: number | undefined;
  #recent: Verdict[] = [];
  #live = el('p', { class: 'sr', role: 'status', 'aria-live': 'assertive' });
  #strip = el('div', { class: 'status-strip' });
  #warning = el('div', { role: 'alert' });
  #body = el('div', { class: 'stack' });
  #history = el('ol', { class: 'list' });
  #recentSection = el('section', { class: 'section', hidden: true });
  #hand = el('input', { class: 'input scanner__hand', id: 'hand-scan', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', inputmode: 'none' });

  connectedCallback(): void {
    const { pair = '', sync = '', decisions = '', log = '', wasm = '' } = this.dataset;
    this.#decider = new Decider({ pair, sync, decisions, log, wasm }, document.documentElement.lang || 'ja');
    this.#camera = new Camera(el('video', { 'aria-hidden': 'true' }), (seen) => this.#scanned(normaliseScan(seen), true));
    this.replaceChildren(el('div', { class: 'stack', 'data-part': 'work' }, this.#strip, this.#warning, this.#body), this.#live);
    void this.#start();
  }

  disconnectedCallback(): void {
    this.#camera.stop();
  }

  async #start(): Promise<void> {
    await this.#decider.recall();
    if (this.#decider.sync) this.#showScanner();
    await this.#refresh();
    window.setInterval(() => void this.#refresh(), SYNC_EVERY_MS);
    window.setInterval(() => void this.#showStrip(), 5_000);
    addEventListener('online', () => void this.#refresh());
    document.addEventListener('keydown', (event) => this.#key(event), true);
  }

  async #refresh(): Promise<void> {
    try {
      const before = this.#decider.sync;
      await this.#decider.refresh();
      if (!before) this.#showScanner();
    } catch (cause) {
      if (cause instanceof NotPaired) this.#showPairing();
      else if (!this.#decider.sync) this.#showPairing(text('verifier.unreachable'));
    }
    await this.#showStrip();
  }

  #showPairing(message = ''): void {
    this.#camera.stop();
    const code = el('input', { class: 'input input--code', id: 'pair-code', name: 'code', autocomplete: 'one-time-code', 'aria-describedby': 'pair-hint pair-error', required: true });
    const error = el('p', { class: 'field__error', id: 'pair-error', role: 'alert' }, message);
    const form = el('form', { class: 'form panel', onsubmit: (event: Event) => { event.preventDefault(); void this.#pair(code, error); } },
      el('div', { class: 'field' }, el('label', { class: 'field__label', for: 'pair-code' }, text('verifier.pair_code')), el('p', { class: 'field__hint', id: 'pair-hint' }, text('verifier.pair_hint')), error, code),
      el('div', { class: 'actions' }, el('button', { class: 'button' }, text('verifier.pair'))));
    this.#body.replaceChildren(form);
    code.focus();
  }

  async #pair(code: HTMLInputElement, error: HTMLElement): Promise<void> {
    error.textContent = '';
    try {
      await this.#decider.pair(code.value.normalize('NFKC').replace(/[\s-]/g, '').toUpperCase());
      this.#showScanner();
    } catch (cause) {
      const refused = cause instanceof NotPaired || (cause instanceof Problem && cause.status < 429);
      error.textContent = refused ? text('verifier.pair_wrong') : cause instanceof Error && cause.message ? cause.message : text('verifier.unreachable');
      code.setAttribute('aria-invalid', 'true');
      code.focus();
    }
    await this.#showStrip();
  }

  #showScanner(): void {
    const view = el('div', { class: 'scanner__view', hidden: true }, this.#camera.video);
    const button = el('button', { class: 'button button--big button--wide', type: 'button', onclick: () => void this.#toggleCamera(view, button) }, icon('camera'), el('span', {}, text('verifier.camera_on')));
    const sound = el('input', { type: 'checkbox', onchange: () => localStorage.setItem('verifier-sound', sound.checked ? 'on' : 'off') });
    sound.checked = localStorage.getItem('verifier-sound') !== 'off';
    sound.id = 'verifier-sound';
    this.#hand.addEventListener('change', () => this.#typed());
    this.#body.replaceChildren(
      el('div', { class: 'scanner' }, view, el('p', { class: 'scanner__hint' }, text('verifier.hint')), button,
        el('div', { class: 'field' }, el('label', { class: 'field__label', for: 'hand-scan' }, text('verifier.hand')), el('p', { class: 'field__hint' }, text('verifier.hand_hint')), this.#hand)),
      el('label', { class: 'choice' }, sound, el('span', {}, text('verifier.sound'))),
      this.#recentSection);
    this.#showRecent();
    this.#hand.focus({ preventScroll: true });
    if (localStorage.getItem('verifier-camera') === 'on') void this.#toggleCamera(view, button);
  }

  async #toggleCamera(view: HTMLElement, button: HTMLElement): Promise<void> {
    const words = button.querySelector('span');
    if (this.#camera.running) this.#camera.stop();
    else {
      try {
        await this.#camera.start();
      } catch {
        this.#warn('camera', text('verifier.no_camera'));
      }
    }
    view.hidden = !this.#camera.running;
    button.classList.toggle('button--outline', this.#camera.running);
    localStorage.setItem('verifier-camera', this.#camera.running ? 'on' : 'off');
    if (words) words.textContent = text(this.#camera.running ? 'verifier.camera_off' : 'verifier.camera_on');
  }

  /** Keys go to the scanner from anywhere on the page; Enter and Escape put a verdict away. */
  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const inOtherField = event.target instanceof HTMLInputElement && event.target !== this.#hand && event.target.type !== 'checkbox';
    if (inOtherField) return;
    if (event.key === 'Escape' && this.#verdict) return this.#putAway();
    const onVerdict = event.target === this.#verdict;
    const scan = this.#keys.take({ code: event.code, key: event.key, shiftKey: event.shiftKey, timeMs: event.timeStamp });
    if (!scan) {
      if (onVerdict && event.key === 'Enter') this.#putAway();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.#handledMs = Date.now();
    this.#hand.value = '';
    this.#scanned(scan, false);
  }

  /** A scanner whose keys cannot be told (a tablet's wireless one, say) leaves its text in the field. */
  #typed(): void {
    const scan = normaliseScan(this.#hand.value);
    this.#hand.value = '';
    const leftOver = Date.now() - this.#handledMs < 1_500; // an input method gives its text after the keys were understood
    if (scan && !leftOver) this.#scanned(scan, false);
  }

  #scanned(scan: string, byCamera: boolean): void {
    const now = Date.now();
    if (this.#busy || (byCamera && (this.#verdict || !isPresentation(scan) || !this.#same.isNew(scan, now)))) return;
    this.#last = scan;
    this.#same.hold(scan, now, 60_000);
    void this.#decide(scan);
  }

  async #decide(scan: string): Promise<void> {
    this.#busy = true;
    this.#live.textContent = text('verifier.checking');
    try {
      this.#show(await this.#decider.decide(scan));
    } catch (cause) {
      if (cause instanceof NotPaired) this.#showPairing(text('verifier.not_paired'));
      else this.#warn('failed', cause instanceof Error && cause.message ? cause.message : text('verifier.failed'));
    } finally {
      this.#busy = false;
    }
    await this.#showStrip();
  }

  #show(verdict: Verdict): void {
    clearTimeout(this.#timer);
    this.#verdict?.remove();
    this.#camera.paused = true;
    this.#verdict = verdictScreen(verdict, this.#decider.call, () => this.#putAway());
    this.append(this.#verdict);
    this.#work()?.setAttribute('inert', '');
    this.#verdict.focus({ preventScroll: true }); // not the button: a scanner's space would press it
    this.#live.textContent = `${wordOf(verdict)} ${whyOf(verdict)}`;
    signal(verdict.yes, localStorage.getItem('verifier-sound') !== 'off');
    const seconds = Number(this.dataset['nextAfter']);
    if (seconds > 0) this.#timer = window.setTimeout(() => this.#putAway(), seconds * 1_000);
    this.#recent = [verdict, ...this.#recent].slice(0, RECENT);
    this.#showRecent();
  }

  #putAway(): void {
    clearTimeout(this.#timer);
    this.#verdict?.remove();
    this.#verdict = undefined;
    this.#work()?.removeAttribute('inert');
    this.#camera.paused = false;
    this.#same.hold(this.#last, Date.now());
    this.#live.textContent = '';
    this.#hand.focus({ preventScroll: true });
  }

  #work(): Element | null {
    return this.querySelector('[data-part="work"]');
  }

  /** The last few answers, without anything about the person. */
  #showRecent(): void {
    this.#recentSection.hidden = this.#recent.length === 0;
    this.#recentSection.replaceChildren(el('h2', {}, text('verifier.recent')), this.#history);
    this.#history.replaceChildren(...this.#recent.map((verdict) => el('li', { class: 'list__item' },
      el('div', {}, el('b', {}, verdict.title ?? whyOf(verdict)), el('small', { class: 'num' }, timeOf(verdict.atMs))), el('span', { class: `tag tag--${verdict.yes ? 'good' : 'bad'}` }, wordOf(verdict)))));
  }

  async #showStrip(): Promise<void> {
    const { sync, clock, online } = this.#decider;
    if (!sync) return this.#strip.replaceChildren();
    const now = clock.now();
    const waiting = await this.#decider.queue.count();
    this.#strip.replaceChildren(
      el('b', {}, sync.knowledge.place.name), el('span', { class: `tag tag--${online ? 'good' : 'warn'}` }, text(online ? 'verifier.state_online' : 'verifier.state_offline')),
      el('span', { class: `freshness freshness--${freshnessOf(sync.knowledge, now)}` }, text('verifier.copy'), el('b', {}, agoOf(now - Date.parse(sync.knowledge.synced_at)))),
      ...(waiting ? [el('span', {}, text('verifier.undelivered', { count: waiting }))] : []));
    const wrong = clock.wrongBySeconds();
    this.#warn('clock', wrong === undefined ? '' : text('verifier.clock', { seconds: wrong }));
  }

  /** One warning of each kind at a time; an empty message takes it away. */
  #warn(kind: string, message: string): void {
    const old = this.#warning.querySelector(`[data-kind="${kind}"]`);
    if (old?.textContent === message) return;
    old?.remove();
    if (message) this.#warning.append(el('div', { class: 'notice notice--warn', 'data-kind': kind }, el('p', {}, message)));
  }
}

customElements.define('tegata-verifier', TegataVerifier);
