/** One-dimensional barcodes a clinic's reader knows, as a run of module widths that starts with a bar. */
export type Widths = number[];

const NW7: Record<string, string> = {
  0: '0000011', 1: '0000110', 2: '0001001', 3: '1100000', 4: '0010010', 5: '1000010', 6: '0100001', 7: '0100100', 8: '0110000', 9: '1001000',
  '-': '0001100', $: '0011000', ':': '1000101', '/': '1010001', '.': '1010100', '+': '0010101', A: '0011010', B: '0101001', C: '0001011', D: '0001110',
};

/** NW-7 (Codabar, JIS X 0506): wide is three narrow. A value without start and stop characters gets A…A. */
export function nw7(value: string): Widths {
  const upper = value.toUpperCase();
  const framed = /^[A-D].*[A-D]$/.test(upper) ? upper : `A${upper}A`;
  if (!/^[A-D][0-9\-$:/.+]+[A-D]$/.test(framed)) throw new RangeError('NW-7 holds digits and - $ : / . + between A–D');
  const widths: Widths = [];
  for (const character of framed) {
    if (widths.length) widths.push(1);
    for (const wide of NW7[character] ?? '') widths.push(wide === '1' ? 3 : 1);
  }
  return widths;
}

const CODE128 = (
  '212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 ' +
  '212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 ' +
  '314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 ' +
  '214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112'
).split(' ');
const [TO_C, TO_B, START_B, START_C, STOP] = [99, 100, 104, 105, 106];

/** The code words of Code 128 (JIS X 0504): pairs of digits in set C where that is shorter, all else in set B, check word and stop included. */
export function code128Words(value: string): number[] {
  if (!/^[\x20-\x7e]+$/.test(value)) throw new RangeError('Code 128 holds ASCII characters here');
  const words: number[] = [];
  let inC = false;
  for (let at = 0; at < value.length; ) {
    const digits = /^\d*/.exec(value.slice(at))?.[0].length ?? 0;
    const atEdge = at === 0 || at + digits === value.length;
    if (!inC && (digits >= 6 || (digits >= 4 && atEdge) || (digits === 2 && value.length === 2))) {
      if (digits % 2 && at > 0) { words.push(value.charCodeAt(at++) - 32); }
      words.push(words.length ? TO_C : START_C);
      inC = true;
    } else if (inC && digits < 2) {
      words.push(TO_B);
      inC = false;
    } else if (!words.length) words.push(START_B);
    if (inC) { words.push(Number(value.slice(at, at + 2))); at += 2; }
    else words.push(value.charCodeAt(at++) - 32);
  }
  const check = words.reduce((sum, word, place) => sum + word * Math.max(1, place), 0) % 103;
  return [...words, check, STOP];
}

export function code128(value: string): Widths {
  return code128Words(value).flatMap((word) => [...(CODE128[word] ?? '')].map(Number));
}

/** Bars as one SVG path of height 1, with the quiet zone readers need on both sides. */
export function barsPath(widths: Widths, quiet = 10): { width: number; path: string } {
  let x = quiet;
  let path = '';
  widths.forEach((width, place) => {
    if (place % 2 === 0) path += `M${x} 0h${width}v1h-${width}z`;
    x += width;
  });
  return { width: x + quiet, path };
}
