/**
 * Text from a hand scanner, which is a keyboard to the computer: an input method may be on, the computer may think the keyboard is
 * Japanese while the scanner types American (or the other way round), Caps Lock may be on. A presentation starts with `TGT1:` and is base45
 * (0–9 A–Z space $ % * + - . / :), so what was meant can be told from the fifth character.
 */
export const PREFIX = 'TGT1:';

const LOOK_ALIKES: Record<string, string> = { 'ー': '-', '−': '-', '‐': '-', '―': '-', '。': '.', '・': '/', '、': ',', '￥': '\\', '”': '"', '’': "'", '‘': "'", '゛': '"' };
/** A scanner that types American, on a computer set to a Japanese keyboard. */
const AMERICAN_ON_JAPANESE: Record<string, string> = { '+': ':', '~': '+', '(': '*' };
/** A scanner that types Japanese, on a computer set to an American keyboard. */
const JAPANESE_ON_AMERICAN: Record<string, string> = { "'": ':', ':': '+', '"': '*' };

/** What a scan means: full-width characters, case and mixed-up layouts undone. Inner spaces belong to base45 and stay. */
export function normaliseScan(raw: string): string {
  const half = [...raw.normalize('NFKC')].map((character) => LOOK_ALIKES[character] ?? character).join('').replace(/[\r\n\t]+/g, '').replace(/^\s+/, '').toUpperCase();
  const fifth = half.startsWith('TGT1') ? half[4] : undefined;
  const layout = fifth === '+' ? AMERICAN_ON_JAPANESE : fifth === "'" ? JAPANESE_ON_AMERICAN : undefined;
  return layout ? [...half].map((character) => layout[character] ?? character).join('') : half;
}

export const isPresentation = (scan: string): boolean => /^TGT1:[0-9A-Z $%*+\-./:]{20,}$/.test(scan);

const SHIFTED: Record<string, string> = { Digit1: '!', Digit2: '@', Digit3: '#', Digit4: '$', Digit5: '%', Digit6: '^', Digit7: '&', Digit8: '*', Digit9: '(', Digit0: ')', Minus: '_', Equal: '+', Semicolon: ':', Quote: '"', Comma: '<', Period: '>', Slash: '?' };
const PLAIN: Record<string, string> = { Minus: '-', Equal: '=', Semicolon: ';', Quote: "'", Comma: ',', Period: '.', Slash: '/', Space: ' ' };

/** The character of a physical key on an American keyboard; an input method cannot change which key was struck. */
export function characterOfKey(code: string, shift: boolean): string | undefined {
  if (/^Key[A-Z]$/.test(code)) return code.slice(3);
  if (/^Numpad\d$/.test(code)) return code.slice(6);
  if (code === 'Space') return ' ';
  if (shift) return SHIFTED[code];
  if (/^Digit\d$/.test(code)) return code.slice(5);
  return PLAIN[code];
}

export interface Key { code: string; key: string; shiftKey: boolean; timeMs: number }

/** Gathers key strokes into scans. People type slowly and scanners fast: a pause starts over. */
export class KeyGatherer {
  #keys = '';
  #lastMs = 0;

  constructor(readonly pauseMs = 400) {}

  /** Takes a key; gives the scan when Enter or Tab ends one. */
  take({ code, key, shiftKey, timeMs }: Key): string | undefined {
    if (timeMs - this.#lastMs > this.pauseMs) this.#keys = '';
    this.#lastMs = timeMs;
    if (code === 'Enter' || code === 'NumpadEnter' || key === 'Enter' || key === 'Tab') {
      const scan = normaliseScan(this.#keys);
      this.#keys = '';
      return isPresentation(scan) ? scan : undefined;
    }
    this.#keys += characterOfKey(code, shiftKey) ?? (key.length === 1 ? key : '');
    return undefined;
  }
}
