/**
 * Photos in the browser: made small, turned the right way up, and drawn over where a face or a number plate is to be hidden, before they leave the
 * phone. What is drawn over is gone from the picture itself.
 */
import { el } from '../lib/dom.ts';
import { text } from '../lib/texts.ts';
import { box, fitted, type Box } from './boxes.ts';

/** The longer side of a picture that is sent, in pixels. */
const SIDE_MAX = 1600;
/** Squares across a hidden area, as the server has them. */
const BLOCKS_ACROSS = 4;
const QUALITY = 0.85;

/** Upgrades a file field: what is chosen is shown below it, to be drawn over. */
export function photos(field: HTMLInputElement): void {
  const most = Number(field.dataset['photos'] ?? 1);
  const list = el('ul', { class: 'photos' });
  const status = el('p', { role: 'status' });
  field.after(status, list);
  let pictures: Picture[] = [];

  const give = async (): Promise<void> => {
    const carrier = new DataTransfer();
    for (const [place, picture] of pictures.entries()) carrier.items.add(new File([await picture.jpeg()], `photo-${place + 1}.jpg`, { type: 'image/jpeg' }));
    // Set by a script, no change is told: this does not begin anew.
    field.files = carrier.files;
  };

  field.addEventListener('change', () => void (async () => {
    const chosen = [...(field.files ?? [])];
    status.textContent = chosen.length > most ? text('reports-form.too_many', { count: most }) : '';
    list.replaceChildren();
    pictures = [];
    for (const file of chosen.slice(0, most)) {
      const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch(() => undefined);
      if (!bitmap) { status.textContent = text('reports-form.unreadable'); continue; }
      const picture = new Picture(bitmap, pictures.length + 1, () => void give());
      pictures.push(picture);
      list.append(picture.item);
    }
    await give();
    field.dispatchEvent(new CustomEvent('photos:ready', { bubbles: true }));
  })());
}

class Picture {
  readonly item: HTMLLIElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #status = el('p', { role: 'status', class: 'muted' });
  readonly #bitmap: ImageBitmap;
  readonly #changed: () => void;
  #hidden = 0;

  constructor(bitmap: ImageBitmap, place: number, changed: () => void) {
    this.#bitmap = bitmap;
    this.#changed = changed;
    const { width, height } = fitted(bitmap.width, bitmap.height, SIDE_MAX);
    this.#canvas = el('canvas', { class: 'photos__one photos__one--drawn', width, height, role: 'img', 'aria-label': text('reports-form.picture', { place }) });
    const again = el('button', { type: 'button', class: 'button button--text', onclick: () => { this.#paint(); this.#changed(); } }, text('reports-form.undo'));
    this.item = el('li', {}, el('p', {}, text('reports-form.draw')), this.#canvas, this.#status, again);
    this.#paint();
    this.#listen();
  }

  jpeg(): Promise<Blob> {
    return new Promise((resolve, reject) => this.#canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/jpeg', QUALITY));
  }

  #paint(): void {
    this.#hidden = 0;
    this.#status.textContent = '';
    this.#pen().drawImage(this.#bitmap, 0, 0, this.#canvas.width, this.#canvas.height);
  }

  #pen(): CanvasRenderingContext2D {
    const pen = this.#canvas.getContext('2d');
    if (!pen) throw new Error('nothing can be drawn');
    return pen;
  }

  #listen(): void {
    let from: { x: number; y: number } | undefined;
    const at = ({ clientX, clientY }: PointerEvent): { x: number; y: number } => {
      const { left, top, width, height } = this.#canvas.getBoundingClientRect();
      return { x: ((clientX - left) / width) * this.#canvas.width, y: ((clientY - top) / height) * this.#canvas.height };
    };
    this.#canvas.addEventListener('pointerdown', (event) => { from = at(event); this.#canvas.setPointerCapture(event.pointerId); });
    this.#canvas.addEventListener('pointercancel', () => { from = undefined; });
    this.#canvas.addEventListener('pointerup', (event) => {
      const area = from && box(from, at(event), this.#canvas);
      from = undefined;
      if (!area) return;
      this.#hide(area);
      this.#hidden += 1;
      this.#status.textContent = text('reports-form.hidden', { count: this.#hidden });
      this.#changed();
    });
  }

  /** A few squares of one colour each, in place of what was there. */
  #hide({ x, y, width, height }: Box): void {
    const small = el('canvas', { width: BLOCKS_ACROSS, height: BLOCKS_ACROSS });
    const pen = small.getContext('2d');
    if (!pen) return;
    pen.imageSmoothingQuality = 'high';
    pen.drawImage(this.#canvas, x, y, width, height, 0, 0, BLOCKS_ACROSS, BLOCKS_ACROSS);
    const over = this.#pen();
    over.imageSmoothingEnabled = false;
    over.drawImage(small, 0, 0, BLOCKS_ACROSS, BLOCKS_ACROSS, x, y, width, height);
    over.imageSmoothingEnabled = true;
  }
}
