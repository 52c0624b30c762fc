/** Shows how far a long job is, and goes on when it is finished. */
import { ask } from './lib/http.ts';
import { el } from './lib/dom.ts';

interface Progress { done: number; total: number; label: string; finished: boolean; failed?: boolean; next?: string }

class TegataProgress extends HTMLElement {
  #timer: number | undefined;

  connectedCallback(): void {
    void this.#look();
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    try {
      const progress = await ask<Progress>(this.dataset['src'] ?? '');
      this.#show(progress);
      if (progress.finished) {
        if (progress.next && !progress.failed) location.assign(progress.next);
        return;
      }
    } catch {
      // The next look will tell; a page that stays as it was is not wrong.
    }
    this.#timer = window.setTimeout(() => void this.#look(), 1000);
  }

  #show({ done, total, label, failed }: Progress): void {
    let bar = this.querySelector('progress');
    let words = this.querySelector<HTMLElement>('.progress p');
    if (!bar || !words) {
      bar = el('progress');
      words = el('p', { role: 'status' });
      this.replaceChildren(el('div', { class: 'progress' }, bar, words));
    }
    bar.max = Math.max(total, 1);
    bar.value = done;
    words.textContent = label;
    words.classList.toggle('field__error', Boolean(failed));
  }
}

customElements.define('tegata-progress', TegataProgress);
