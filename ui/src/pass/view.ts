import { dayOf } from '../lib/clock.ts';
import { el, icon } from '../lib/dom.ts';
import { text, textIfAny } from '../lib/texts.ts';
import type { CardJson, Shown } from './model.ts';

const TAGS: Record<Shown['state'], string> = { live: 'tag--good', offline: 'tag--warn', ended: 'tag--bad', waiting: 'tag--quiet' };

/** One pass on the page, made from the server's template. */
export class PassView {
  readonly element: HTMLElement;
  card!: CardJson;
  wantsCode = false;
  isSeen = true;
  #time = el('span', { class: 'num' });

  constructor(private readonly town: string, private readonly enlarge: (view: PassView) => void, seen: () => void = () => {}) {
    const template = document.querySelector<HTMLTemplateElement>('template#pass');
    const article = template?.content.firstElementChild?.cloneNode(true);
    this.element = article instanceof HTMLElement ? article : el('article', { class: 'pass' });
    this.slot('qr')?.addEventListener('click', () => this.enlarge(this));
    if ('IntersectionObserver' in window) {
      new IntersectionObserver((entries) => {
        const before = this.isSeen;
        this.isSeen = entries.at(-1)?.isIntersecting ?? true;
        if (this.isSeen && !before) seen(); // who scrolls to a card does not wait for the next code
      }, { rootMargin: '200px' }).observe(this.element);
    }
  }

  slot(name: string): HTMLElement | null {
    return this.element.querySelector<HTMLElement>(`[data-slot="${name}"]`);
  }

  update(card: CardJson, shown: Shown): void {
    const before = this.element.dataset['state'];
    this.card = card;
    this.wantsCode = shown.qr;
    this.element.dataset['card'] = card.id;
    this.element.dataset['state'] = shown.state;
    paint(this.element, card.color);
    if (card.icon) this.slot('icon')?.replaceChildren(...icon(card.icon).childNodes);
    this.#write('town', card.town ?? this.town);
    this.#write('seal', card.town ?? this.town);
    this.#write('title', card.title);
    this.#write('holder', card.holder_label);
    this.#write('until', card.until_label ?? (card.valid_until ? dayOf(card.valid_until) : ''));
    this.#write('message', message(card, shown));
    const state = this.slot('state');
    if (state) {
      state.className = `tag pass__state ${TAGS[shown.state]}`;
      const own = textIfAny(`card.state_${shown.state}`);
      state.textContent = (shown.state === card.state ? (card.state_label ?? own) : (own ?? card.state_label)) ?? '';
    }
    this.#fillBack(card);
    this.#fillLinks(card);
    const code = this.slot('qr');
    if (code) code.hidden = !shown.qr;
    if (!shown.qr) { code?.replaceChildren(); this.slot('live')?.replaceChildren(); }
    else if (before !== shown.state || !this.slot('live')?.firstChild) this.#startLive();
  }

  /** Puts a fresh code in its place. */
  code(drawing: SVGElement, then: () => void): void {
    const place = this.slot('qr');
    if (!this.wantsCode || !place) return;
    place.replaceChildren(drawing);
    place.setAttribute('aria-label', text('card.bright'));
    then();
  }

  fail(words: string): void {
    this.#write('message', words);
    this.slot('qr')?.replaceChildren();
  }

  tick(time: string): void {
    this.#time.textContent = time;
  }

  #startLive(): void {
    this.slot('live')?.replaceChildren(el('span', { class: 'live__track', 'aria-hidden': 'true' }), el('span', { class: 'nowrap' }, text('card.live'), ' ', this.#time));
  }

  #fillBack(card: CardJson): void {
    this.slot('back')?.replaceChildren(...(card.back ?? []).map(({ label, value }) => el('div', {}, el('dt', {}, label), el('dd', { class: 'num' }, value))));
    const turn = this.element.querySelector<HTMLElement>('.pass__front [data-flip]');
    if (turn) turn.hidden = !card.back?.length;
  }

  #fillLinks(card: CardJson): void {
    const links = this.slot('links');
    links?.querySelectorAll('a[data-link]').forEach((link) => link.remove());
    links?.append(...(card.links ?? []).map(({ label, href }) => el('a', { class: 'button button--outline', href, 'data-link': '' }, label)));
  }

  #write(name: string, words: string): void {
    const place = this.slot(name);
    if (place && place.textContent !== words) place.textContent = words;
  }
}

/** A colour name of the design system, or `#rrggbb`, which a script may set where a style attribute may not. */
export function paint(element: HTMLElement, color = 'ai'): void {
  element.dataset['color'] = color.startsWith('#') ? 'own' : color;
  if (color.startsWith('#')) element.style.setProperty('--c', color);
}

function message(card: CardJson, shown: Shown): string {
  if (!('because' in shown)) return '';
  if (shown.because === 'expired') return text('card.ended');
  return card.reason ?? (shown.because === 'server' && shown.state === 'ended' ? text('card.revoked') : '');
}
