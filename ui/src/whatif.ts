/** Who would qualify if the rule were …? Counts while the rule is typed. */
import { el } from './lib/dom.ts';
import { ask, Problem } from './lib/http.ts';
import { draw } from './lib/picture.ts';
import { markProblems, type RuleProblem, type WhatIf } from './lib/whatif.ts';

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
