/** The resident's cards: the phone's key, fresh codes every few seconds, and what still holds without a network. */
import { randomBytes, toBase64Url } from './lib/bytes.ts';
import { dayAndTimeOf, japanDay, ServerClock, timeOf } from './lib/clock.ts';
import { loadCredential, present, qrSvg, type Call } from './lib/credential.ts';
import { el } from './lib/dom.ts';
import { ask, Problem, Unreachable } from './lib/http.ts';
import { shelf } from './lib/keep.ts';
import { text, textIfAny } from './lib/texts.ts';
import { OLD_AFTER_MS, showing, type CardJson, type CardsAnswer, type Kept } from './pass/model.ts';
import { findPhone, forgetPhone, overFor, registerPhone, sign, type Over, type Phone } from './pass/phone.ts';
import { BrightView } from './pass/bright.ts';
import { PassView } from './pass/view.ts';

const FRESH_MS = 5_000;
const ASK_AGAIN_MS = 30_000;
const SAID: Record<Over, string> = { ended: 'card.phone_ended', unknown: 'card.phone_unknown', new: 'card.proof_needed' };
const answers = shelf<Kept>('cards');

class TegataCard extends HTMLElement {
  #clock = new ServerClock();
  #phone: Phone | undefined;
  #call: Call | undefined;
  #kept: Kept | undefined;
  #online = false;
  #loggedOut = false;
  /** Set once the centre no longer takes this phone: nothing is asked or registered again until somebody says so. */
  #over: Over | undefined;
  #views = new Map<string, PassView>();
  #bright = new BrightView();
  #notice = el('div', { role: 'status', class: 'stack stack--tight no-print' });
  #timers: number[] = [];
  #asking = false;

  connectedCallback(): void {
    void this.#start();
  }

  disconnectedCallback(): void {
    this.#timers.forEach((timer) => clearInterval(timer));
    this.#timers = [];
  }

  async #start(): Promise<void> {
    if (!crypto.subtle || !('indexedDB' in window)) return this.#say('error', text('card.no_key'));
    try {
      this.#kept = await answers.get('me');
    } catch {
      return this.#say('error', text('card.no_key'));
    }
    if (this.#kept) {
      this.#clock.offsetMs = this.#kept.offsetMs;
      this.#phone = await findPhone();
    }
    await this.#ask();
    this.#timers = [
      window.setInterval(() => { if (!document.hidden) void this.#freshen(); }, FRESH_MS),
      window.setInterval(() => { if (!document.hidden) void this.#ask(); }, ASK_AGAIN_MS),
      window.setInterval(() => { if (!document.hidden) this.#tick(); }, 1_000),
    ];
    addEventListener('online', () => void this.#ask());
    document.addEventListener('visibilitychange', () => { if (!document.hidden) { void this.#freshen(); void this.#ask(); } });
  }

  /** Asks the centre for this phone's cards, and shows what is held when it cannot be reached. */
  async #ask(): Promise<void> {
    if (this.#asking || this.#over) return;
    this.#asking = true;
    try {
      const askedAt = Date.now();
      const answer = await this.#cards();
      this.#clock.learn(answer.server_time, askedAt, Date.now());
      this.#online = true;
      this.#loggedOut = false;
      this.#kept = { cards: answer.cards, checkedMs: this.#clock.now(), offsetMs: this.#clock.offsetMs, answeredAt: answer.server_time };
      await answers.put('me', this.#kept);
    } catch (cause) {
      this.#online = false;
      if (this.#over) return await this.#tellOver(this.#over);
      this.#loggedOut = cause instanceof Problem && (cause.status === 401 || cause.status === 403);
      if (!this.#kept && !this.#loggedOut) this.#say('error', cause instanceof Unreachable ? text('card.failed') : String((cause as Error).message || text('card.failed')), true);
    } finally {
      this.#asking = false;
    }
    if (this.#kept) this.#draw(this.#kept);
    await this.#freshen();
  }

  async #cards(): Promise<CardsAnswer> {
    try {
      this.#phone ??= (await findPhone()) ?? (await registerPhone(this.dataset['devices'] ?? ''));
      const asked = new URLSearchParams({ device: this.#phone.device, ...(this.#kept?.answeredAt ? { seen: this.#kept.answeredAt } : {}) });
      return await ask<CardsAnswer>(`${this.dataset['endpoint']}?${asked}`);
    } catch (cause) {
      if (cause instanceof Problem) this.#over = overFor(cause.body);
      throw cause;
    }
  }

  /** Takes every card off the screen and says how to begin again; the key goes too where only a new proof helps. */
  async #tellOver(over: Over): Promise<void> {
    this.#kept = undefined;
    await answers.delete('me');
    if (over === 'ended') await forgetPhone();
    this.#phone = undefined;
    this.#views.clear();
    const login = this.dataset['login'];
    const next = over !== 'unknown'
      ? login ? el('a', { class: 'button button--small', href: `${login}?card=yes` }, text('card.begin_again')) : undefined
      : el('button', { class: 'button button--small', type: 'button', onclick: () => void this.#beginAgain() }, text('card.use_again'));
    this.#notice.replaceChildren(note('error', text(SAID[over]), next));
    delete this.#notice.dataset['said'];
    this.replaceChildren(this.#notice);
  }

  /** A new key for this phone, because somebody who is signed in asked for it. */
  async #beginAgain(): Promise<void> {
    await forgetPhone();
    this.#over = undefined;
    this.#notice.replaceChildren();
    await this.#ask();
  }

  #draw(kept: Kept): void {
    const today = japanDay(this.#clock.now());
    const list = this.querySelector<HTMLElement>('.passes[data-island]') ?? el('div', { class: 'passes', 'data-island': '' });
    const gone = new Set(this.#views.keys());
    for (const card of kept.cards) {
      gone.delete(card.id);
      let view = this.#views.get(card.id);
      if (!view) {
        view = new PassView(this.dataset['town'] ?? '', (shown) => this.#bright.open(shown), () => void this.#freshen());
        this.#views.set(card.id, view);
      }
      view.update(card, showing(card, today, this.#online));
      list.append(view.element);
    }
    for (const id of gone) {
      this.#views.get(id)?.element.remove();
      this.#views.delete(id);
    }
    if (!this.contains(list)) this.replaceChildren(this.#notice, list);
    this.#tellState(kept);
  }

  #tellState(kept: Kept): void {
    const wrong = this.#clock.wrongBySeconds();
    const time = dayAndTimeOf(kept.checkedMs);
    const old = this.#clock.now() - kept.checkedMs > OLD_AFTER_MS;
    const login = this.dataset['login'];
    const notes = [
      !this.#online && note('warn', old ? text('card.offline_old', { time }) : text('card.offline', { time }), this.#loggedOut && login ? el('a', { class: 'button button--small', href: login }, text('card.sign_in')) : undefined),
      wrong !== undefined && note('warn', text('card.clock', { seconds: wrong })),
      kept.cards.length === 0 && el('p', { class: 'empty' }, text('card.none')),
    ].filter((node): node is HTMLElement => Boolean(node));
    const said = notes.map((node) => node.textContent).join('\n');
    if (this.#notice.dataset['said'] === said) return;
    this.#notice.dataset['said'] = said;
    this.#notice.replaceChildren(...notes);
  }

  /** Draws a new code on every card that shows one and can be seen. */
  async #freshen(): Promise<void> {
    const phone = this.#phone;
    const wasm = this.dataset['wasm'];
    if (!phone || !wasm) return;
    for (const view of this.#views.values()) {
      if (!view.wantsCode || !view.isSeen) continue;
      try {
        const call = (this.#call ??= await loadCredential(wasm));
        view.code(await this.#codeOf(call, phone, view.card), () => this.#bright.refresh(view));
      } catch (cause) {
        view.fail(text('card.failed'));
        console.error(cause);
      }
    }
  }

  async #codeOf(call: Call, phone: Phone, card: CardJson): Promise<SVGElement> {
    const held = { credential: card.credential ?? '', disclosures: card.disclosures ?? [] };
    const show = card.show ?? Object.keys(call('describe', held).claims);
    const showing = { held, show, iat: new Date(this.#clock.now()).toISOString(), nonce: toBase64Url(randomBytes(8)) };
    const presentation = await present(call, showing, async (message) => toBase64Url(await sign(phone.privateKey, message)));
    return qrSvg(call, presentation, text('card.qr_alt', { title: card.title }));
  }

  #tick(): void {
    const time = timeOf(this.#clock.now());
    for (const view of this.#views.values()) view.tick(time);
    this.#bright.tick(time);
  }

  #say(tone: 'error' | 'warn', message: string, again = false): void {
    const button = again ? el('button', { class: 'button button--small', type: 'button', onclick: () => void this.#ask() }, textIfAny('card.retry') ?? '↻') : undefined;
    this.#notice.replaceChildren(note(tone, message, button));
    if (!this.contains(this.#notice)) this.prepend(this.#notice);
  }
}

function note(tone: 'error' | 'warn', message: string, more?: HTMLElement): HTMLElement {
  return el('div', { class: `notice notice--${tone}` }, el('div', {}, el('p', {}, message), more));
}

customElements.define('tegata-card', TegataCard);
