import { el } from '../lib/dom.ts';
import { text } from '../lib/texts.ts';
import type { PassView } from './view.ts';

/** One code over the whole screen, white to the edges, and the screen kept awake. */
export class BrightView {
  #dialog: HTMLDialogElement | undefined;
  #place = el('div', { class: 'bright__qr' });
  #title = el('p', { class: 'bright__title', id: 'bright-title' });
  #time = el('span', { class: 'num' });
  #shown: PassView | undefined;
  #awake: WakeLockSentinel | undefined;

  open(view: PassView): void {
    this.#shown = view;
    this.#dialog ??= this.#make();
    this.#title.textContent = view.card.title;
    this.refresh(view);
    this.#dialog.showModal();
    void this.#stayAwake();
  }

  refresh(view: PassView): void {
    if (view !== this.#shown) return;
    const drawing = view.slot('qr')?.querySelector('svg')?.cloneNode(true);
    this.#place.replaceChildren(...(drawing ? [drawing] : []));
  }

  tick(time: string): void {
    this.#time.textContent = time;
    if (this.#shown && !this.#shown.wantsCode) this.#dialog?.close();
  }

  #make(): HTMLDialogElement {
    const dialog = el('dialog', { class: 'bright', 'aria-labelledby': 'bright-title' }, this.#title, this.#place,
      el('p', { class: 'pass__live' }, el('span', { class: 'live__track', 'aria-hidden': 'true' }), this.#time),
      el('button', { class: 'button button--outline', type: 'button', onclick: () => dialog.close() }, text('card.close')));
    dialog.addEventListener('close', () => { this.#shown = undefined; void this.#awake?.release(); this.#awake = undefined; });
    document.addEventListener('visibilitychange', () => { if (!document.hidden && dialog.open) void this.#stayAwake(); });
    document.body.append(dialog);
    return dialog;
  }

  async #stayAwake(): Promise<void> {
    try {
      this.#awake = await navigator.wakeLock?.request('screen');
    } catch {
      // Low battery or an old browser: the screen dims as the phone decides.
    }
  }
}
