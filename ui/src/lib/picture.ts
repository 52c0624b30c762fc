import { el, svg } from './dom.ts';
import { text } from './texts.ts';
import { roundTop, type WhatIf } from './whatif.ts';

/** Draws who a rule selects: the count, by age, by district. */
export function draw(form: HTMLFormElement, answer: WhatIf): void {
  const number = new Intl.NumberFormat(document.documentElement.lang || 'ja');
  const took = answer.micros === undefined ? undefined : text('whatif.took', { ms: (answer.micros / 1000).toFixed(1) });
  form.querySelector('[data-slot="result"]')?.replaceChildren(
    el('div', { class: 'stack' },
      el('p', { class: 'tile__number num' }, answer.said),
      took && el('p', { class: 'muted' }, took),
      answer.ages.length > 0 && agesChart(answer, number), answer.districts.length > 0 && districtBars(answer, number)),
  );
}

function agesChart({ ages }: WhatIf, number: Intl.NumberFormat): HTMLElement {
  const [width, height, base, head] = [640, 220, 190, 24];
  const top = roundTop(Math.max(...ages.map((band) => band.count)));
  const step = width / ages.length;
  const every = Math.ceil(ages.length / 10);
  const bars = ages.flatMap(({ from, to, count }, place) => {
    const tall = Math.round(((base - head) * count) / top);
    return [
      svg('rect', { class: 'bars__bar', x: place * step + 2, y: base - tall, width: Math.max(1, step - 4), height: tall }, svg('title', {}, `${text('whatif.age', { from, to })} ${number.format(count)}`)),
      place % every === 0 && svg('text', { class: 'bars__label', x: place * step + step / 2, y: height - 10, 'text-anchor': 'middle' }, String(from)),
    ].filter((node): node is SVGElement => Boolean(node));
  });
  const grid = [head, (head + base) / 2, base].map((y) => svg('line', { x1: 0, x2: width, y1: y, y2: y }));
  return el('figure', { class: 'chart' }, el('figcaption', {}, text('whatif.ages')),
    svg('svg', { class: 'bars', viewBox: `0 0 ${width} ${height}`, role: 'img' }, svg('title', {}, text('whatif.ages')), svg('g', { class: 'bars__grid' }, ...grid),
      svg('text', { class: 'bars__label', x: width, y: head - 6, 'text-anchor': 'end' }, `${number.format(top)}${text('whatif.people')}`), ...bars),
    el('details', { class: 'fold' }, el('summary', {}, text('whatif.numbers')),
      el('table', { class: 'table table--plain' }, el('tbody', {}, ...ages.map(({ from, to, count }) => el('tr', {}, el('th', { scope: 'row' }, text('whatif.age', { from, to })), el('td', { class: 'num' }, number.format(count))))))));
}

function districtBars({ districts }: WhatIf, number: Intl.NumberFormat): HTMLElement {
  const top = Math.max(1, ...districts.map((district) => district.count));
  return el('figure', { class: 'chart' }, el('figcaption', {}, text('whatif.districts')),
    el('ul', { class: 'hbars' }, ...districts.map(({ name, count }) =>
      el('li', {}, el('span', { class: 'hbars__name' }, name),
        svg('svg', { class: 'hbars__bar', viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, svg('rect', { width: (100 * count) / top, height: 8 })),
        el('span', { class: 'num' }, number.format(count))))));
}
