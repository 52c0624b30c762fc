/** The verdict over the whole screen: shape, word and sentence; numbers and barcodes for the clinic. */
import { qrSvg, type Call } from '../lib/credential.ts';
import { agoOf, timeOf } from '../lib/clock.ts';
import { el, svg } from '../lib/dom.ts';
import { text, textIfAny } from '../lib/texts.ts';
import { barsPath, code128, nw7 } from './barcode.ts';
import type { Verdict } from './model.ts';

export function verdictScreen(verdict: Verdict, call: Call | undefined, next: () => void): HTMLElement {
  const { yes, online } = verdict;
  const shape = yes ? svg('circle', { cx: 50, cy: 50, r: 38 }) : svg('path', { d: 'M20 20 80 80M80 20 20 80' });
  const how = online ? text('verifier.online') : text('verifier.by_copy', { ago: agoOf((verdict.knowledgeAgeS ?? 0) * 1000) });
  return el('section', { class: `verdict verdict--full verdict--${yes ? 'yes' : 'no'}`, 'aria-label': wordOf(verdict), tabindex: -1 },
    svg('svg', { class: 'verdict__shape', viewBox: '0 0 100 100', 'aria-hidden': 'true' }, shape),
    el('h2', { class: 'verdict__word' }, wordOf(verdict)),
    el('p', { class: 'verdict__why' }, whyOf(verdict)),
    verdict.detail && el('p', { class: 'verdict__next' }, verdict.detail),
    verdict.fields.length > 0 && el('dl', { class: 'verdict__facts facts' }, ...verdict.fields.map(({ label, value }) => el('div', {}, el('dt', {}, label), el('dd', { class: 'num' }, value)))),
    ...verdict.barcodes.map((barcode) => barcodeFigure(barcode, call)),
    el('p', { class: 'verdict__how' }, el('span', { class: 'tag' }, how), timeOf(verdict.atMs)),
    el('button', { class: 'button button--big', type: 'button', onclick: next }, text('verifier.next')));
}

export const wordOf = ({ yes }: Verdict): string => text(yes ? 'verifier.yes' : 'verifier.no');

/** The sentence under the word: the programme and its last day, or why not. */
export function whyOf(verdict: Verdict): string {
  if (verdict.message) return verdict.message;
  if (verdict.yes) return [verdict.title, verdict.until && text('verifier.until', { date: verdict.until })].filter(Boolean).join(' ');
  const { code, ...values } = verdict.refusal ?? { code: 'malformed' };
  const told = { ...values, ...('seconds' in values ? { ago: agoOf(Number(values.seconds) * 1000) } : {}) } as Record<string, string | number>;
  const specific = 'why' in values ? textIfAny(`refusal.${code}_${values.why}`) : undefined;
  return specific ?? text(`refusal.${code}`, told);
}

function barcodeFigure({ kind, value, label, svg: drawn }: Verdict['barcodes'][number], call: Call | undefined): HTMLElement | false {
  const drawing = drawn ? parsed(drawn) : draw(kind, value, call);
  return el('figure', { class: kind === 'qr' ? 'barcode barcode--square' : 'barcode' }, drawing, el('figcaption', {}, label ? `${label} ` : '', el('span', { class: 'num' }, value)));
}

function draw(kind: string, value: string, call: Call | undefined): SVGElement | undefined {
  try {
    if (kind === 'qr') return call && qrSvg(call, value, value, 'M');
    const { width, path } = barsPath(kind === 'nw7' ? nw7(value) : code128(value));
    return svg('svg', { viewBox: `0 0 ${width} 1`, preserveAspectRatio: 'none', role: 'img', height: 80 }, svg('title', {}, value), svg('path', { d: path, fill: '#000' }));
  } catch {
    return undefined; // the number itself is on the screen
  }
}

/** A drawing of the server: only an SVG element is taken, and no script in it could run under the page's policy. */
function parsed(drawn: string): Node | undefined {
  const root = new DOMParser().parseFromString(drawn, 'image/svg+xml').documentElement;
  return root.localName === 'svg' ? document.importNode(root, true) : undefined;
}

let speaker: AudioContext | undefined;

/** Two rising tones for a yes, one low for a no; a short or a double shake. */
export function signal(yes: boolean, withSound: boolean): void {
  navigator.vibrate?.(yes ? 90 : [180, 90, 180]);
  if (!withSound) return;
  speaker ??= new AudioContext();
  const tones: [number, number, number][] = yes ? [[880, 0, 0.12], [1320, 0.13, 0.18]] : [[196, 0, 0.45]];
  for (const [pitch, start, length] of tones) {
    const tone = speaker.createOscillator();
    const loud = speaker.createGain();
    tone.type = yes ? 'sine' : 'square';
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(yes ? 0.25 : 0.1, speaker.currentTime + start);
    loud.gain.exponentialRampToValueAtTime(0.001, speaker.currentTime + start + length);
    tone.connect(loud).connect(speaker.destination);
    tone.start(speaker.currentTime + start);
    tone.stop(speaker.currentTime + start + length);
  }
}
