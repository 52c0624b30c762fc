/** Shows a share code as a QR code and follows what becomes of it. */
import { loadCredential, qrSvg } from './lib/credential.ts';
import { el } from './lib/dom.ts';
import { ask } from './lib/http.ts';

interface Status { state: 'waiting' | 'joined' | 'ended' | 'expired'; label: string; holder_label?: string; next?: string }

class TegataShare extends HTMLElement {
  #status = el('p', { class: 'lead center', role: 'status' });
  #state = '';
  #timer: number | undefined;

  connectedCallback(): void {
    this.append(this.#status);
    void this.#draw();
    void this.#look();
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
  }

  async #draw(): Promise<void> {
    const { code, wasm } = this.dataset;
    if (!code || !wasm) return;
    const drawing = qrSvg(await loadCredential(wasm), code, this.dataset['alt'] ?? code, 'M');
    this.prepend(el('div', { class: 'share-code' }, drawing));
  }

  async #look(): Promise<void> {
    if (!document.hidden) {
      try {
        const status = await ask<Status>(this.dataset['status'] ?? '');
        if (this.#state && this.#state !== status.state && status.next) return location.assign(status.next);
        this.#state = status.state;
        this.#status.textContent = [status.label, status.holder_label].filter(Boolean).join(' ');
        if (status.state !== 'waiting') { this.querySelector('.share-code')?.remove(); return; }
      } catch {
        // The next look will tell.
      }
    }
    this.#timer = window.setTimeout(() => void this.#look(), 3000);
  }
}

customElements.define('tegata-share', TegataShare);
