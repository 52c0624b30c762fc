/** Who a notice reaches, counted and drawn while it is written. */
import { draw } from './lib/picture.ts';
import { ask, Problem } from './lib/http.ts';
import { type RuleProblem, type WhatIf } from './lib/whatif.ts';
import './map.ts';

document.querySelectorAll<HTMLFormElement>('form[data-notice]').forEach(start);

function start(form: HTMLFormElement): void {
  let asked = 0;
  let timer: number | undefined;

  const count = async (): Promise<void> => {
    const turn = ++asked;
    const rule = ruleOf(form);
    say(form, '');
    if (!rule) return void form.querySelector('[data-slot="result"]')?.replaceChildren();
    form.setAttribute('aria-busy', 'true');
    try {
      const answer = await ask<WhatIf>(form.dataset['endpoint'] ?? '', { body: { rule } });
      if (turn === asked) draw(form, answer);
    } catch (cause) {
      if (turn !== asked) return;
      const problems = cause instanceof Problem ? ((cause.body as { problems?: RuleProblem[] } | undefined)?.problems ?? []) : [];
      say(form, problems.map((problem) => problem.message).join('\n') || (cause instanceof Error ? cause.message : String(cause)));
    } finally {
      if (turn === asked) form.removeAttribute('aria-busy');
    }
  };
  form.addEventListener('input', (event) => {
    const { name } = event.target as HTMLInputElement;
    if (!['audience', 'rule', 'district'].includes(name)) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => void count(), 350);
    show(form);
  });
  show(form);
  void count();
}

/** The rule an audience stands for; none for a list and for an area, which the town counts when it is saved. */
function ruleOf(form: HTMLFormElement): string | undefined {
  const data = new FormData(form);
  const of = (name: string): string => String(data.get(name) ?? '').trim();
  switch (of('audience')) {
    case 'everybody': return 'resident.current';
    case 'rule': return of('rule') ? `resident.current && (${of('rule')})` : undefined;
    case 'districts': {
      const names = data.getAll('district').map((name) => JSON.stringify(name));
      return names.length > 0 ? `resident.current && resident.district in [${names.join(', ')}]` : undefined;
    }
    default: return undefined;
  }
}

/** Only what the chosen audience asks for is shown. */
function show(form: HTMLFormElement): void {
  const chosen = String(new FormData(form).get('audience') ?? '');
  form.querySelectorAll<HTMLElement>('[data-for]').forEach((part) => {
    part.hidden = part.dataset['for'] !== chosen;
    if (part instanceof HTMLDetailsElement && !part.hidden) part.open = true;
  });
}

function say(form: HTMLFormElement, message: string): void {
  const place = form.querySelector('[data-slot="error"]');
  if (place) place.textContent = message;
}
