/** The clerk's lists by keys: j next, k previous, x pick, a pick all, a digit for the button of the row that has it, Enter open. */
import { el } from '../lib/dom.ts';
import { text } from '../lib/texts.ts';

const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[data-queue] :is(tbody tr, li)')];
const boxes = (form: HTMLFormElement): HTMLInputElement[] => [...form.querySelectorAll<HTMLInputElement>('input[name="report"]')];

export function queue(): void {
  const form = document.querySelector<HTMLFormElement>('form[data-queue]');
  if (form) picking(form);
  document.addEventListener('keydown', (event) => {
    const target = event.target as HTMLElement;
    // Letters typed into a field are letters.
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || target.closest('select, textarea, input:not([type="checkbox"])')) return;
    if (press(event.key, target, form)) event.preventDefault();
  });
}

/** Does what a key says; false where it says nothing here. */
function press(key: string, target: HTMLElement, form: HTMLFormElement | null): boolean {
  // Looked for anew each time: a page that renews itself may get its first rows later.
  const all = rows();
  if (all.length === 0) return false;
  const at = all.findIndex((row) => row.contains(target));
  if (key === 'j' || key === 'k') {
    const to = Math.min(Math.max(at + (key === 'j' ? 1 : -1), 0), all.length - 1);
    all[to]?.querySelector<HTMLElement>('a')?.focus();
    return true;
  }
  if (key === 'a' && form) {
    pick(form, boxes(form), boxes(form).some(({ checked }) => !checked));
    return true;
  }
  const box = key === 'x' ? all[at]?.querySelector<HTMLInputElement>('input[type="checkbox"]') : undefined;
  if (box && form) {
    pick(form, [box], !box.checked);
    return true;
  }
  const button = /^[1-9]$/.test(key) ? all[at]?.querySelector<HTMLButtonElement>(`button[data-key="${key}"]`) : undefined;
  button?.click();
  return Boolean(button);
}

function pick(form: HTMLFormElement, of: HTMLInputElement[], checked: boolean): void {
  for (const box of of) box.checked = checked;
  form.dispatchEvent(new Event('change'));
}

/** Says how many are picked, and offers to pick all. */
function picking(form: HTMLFormElement): void {
  const place = form.querySelector<HTMLElement>('[data-slot="picked"]');
  if (!place) return;
  const lead = place.textContent ?? '';
  place.after(el('button', { type: 'button', class: 'button button--text button--small', onclick: () => pick(form, boxes(form), true) }, text('reports-desk.pick_all')));
  const say = (): void => {
    const count = boxes(form).filter(({ checked }) => checked).length;
    const words = count > 0 ? text('reports-desk.picked', { count }) : lead;
    if (place.textContent !== words) place.textContent = words;
  };
  form.addEventListener('change', say);
  form.addEventListener('live:again', say);
  say();
}
