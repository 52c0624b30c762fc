/** Who would qualify if the rule were …? Counts while the rule is typed. */
import { el, svg } from './lib/dom.ts';
import { ask, Problem } from './lib/http.ts';
import { text } from './lib/texts.ts';
import { markProblems, roundTop, type RuleProblem, type WhatIf } from './lib/whatif.ts';

document.querySelectorAll<HTMLFormElement>('form[data-whatif]').forEach(start);

function start(form: HTMLFormElement): void {
  const rule = form.querySelector<HTMLTextAreaElement>('textarea[name="rule"]');
  if (!rule) return;
  let asked = 0;
  let timer: number | undefined;

  const count = async (): Promise<void> => {
    const turn = ++asked;
    if (!rule.value.trim()) return show(form, rule, []);
    form.setAttribute('aria-busy', 'true');
    const on = form.querySelector<HTMLInputElement>('[name="on"]')?.value;
    try {
      const answer = await ask<WhatIf>(form.dataset['endpoint'] ?? '', { body: { rule: rule.value, ...(on ? { on } : {}) } });
      if (turn !== asked) return;
      show(form, rule, []);
      draw(form, answer);
    } catch (cause) {
      if (turn !== asked) return;
      const problems = cause instanceof Problem ? ((cause.body as { problems?: RuleProblem[] } | undefined)?.problems ?? []) : [];
      show(form, rule, problems, problems.length ? undefined : cause instanceof Error ? cause.message : String(cause));
    } finally {
      if (turn === asked) form.removeAttribute('aria-busy');
    }
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void count(), 350);
  };

  form.addEventListener('input', () => { show(form, rule, []); soon(); });
  form.addEventListener('submit', (event) => { event.preventDefault(); clearTimeout(timer); void count(); });
  const marks = form.querySelector<HTMLElement>('.rule-box__marks');
  rule.addEventListener('scroll', () => { if (marks) marks.scrollTop = rule.scrollTop; });
  void count();
}

function show(form: HTMLFormElement, rule: HTMLTextAreaElement, problems: RuleProblem[], message?: string): void {
  const error = form.querySelector<HTMLElement>('[data-slot="error"]');
  if (error) error.textContent = message ?? problems.map((problem) => `${problem.line}:${problem.column} ${problem.message}`).join('\n');
  rule.setAttribute('aria-invalid', String(Boolean(message ?? problems.length)));
  form.querySelector('.rule-box__marks')?.replaceChildren(...markProblems(rule.value, problems).map((piece) => (piece.marked ? el('mark', {}, piece.text) : piece.text)));
}

function draw(form: HTMLFormElement, answer: WhatIf): void {
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
