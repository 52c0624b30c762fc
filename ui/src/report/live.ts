/** Parts of a page that are fetched anew every so many seconds, with the map beside them. What is picked, and where the keyboard is, stays. */
export function live(parts: HTMLElement[]): void {
  if (parts.length === 0) return;
  const seconds = Math.min(...parts.map((part) => Number(part.dataset['live'])));
  // What the server said last: what is ticked here since is no change.
  const said = new Map(parts.map((part) => [part, part.innerHTML]));
  setInterval(() => void again(said), seconds * 1000);
}

async function again(said: Map<HTMLElement, string>): Promise<void> {
  if (document.hidden) return;
  const response = await fetch(location.href, { headers: { accept: 'text/html' }, credentials: 'same-origin' }).catch(() => undefined);
  if (!response?.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  let changed = false;
  for (const [part, last] of said) {
    const fresh = page.getElementById(part.id);
    if (!fresh || fresh.innerHTML === last) continue;
    changed = true;
    const words = fresh.innerHTML;
    if (renew(part, fresh)) said.set(part, words);
  }
  if (changed) document.querySelectorAll('[data-map-again]').forEach((map) => map.dispatchEvent(new Event('map:again')));
}

/** Puts what is fresh in a part's place; false where somebody would be thrown out of what they are writing. */
function renew(part: HTMLElement, fresh: HTMLElement): boolean {
  const active = document.activeElement;
  const held = active instanceof HTMLElement && part.contains(active) ? nameOf(active) : '';
  if (held === undefined) return false;
  const picked = new Set([...part.querySelectorAll<HTMLInputElement>('input:checked')].map(({ value }) => value));
  part.replaceChildren(...fresh.childNodes);
  for (const box of part.querySelectorAll<HTMLInputElement>('input[type="checkbox"]')) box.checked = picked.has(box.value);
  if (held) part.querySelector<HTMLElement>(held)?.focus({ preventScroll: true });
  part.dispatchEvent(new Event('live:again', { bubbles: true }));
  return true;
}

/** How to find again what is held: a link by where it leads, a tick by its value, a button by the link of its row; none for what cannot be left. */
function nameOf(element: HTMLElement): string | undefined {
  const link = element instanceof HTMLAnchorElement ? element : element instanceof HTMLButtonElement ? element.closest('li, tr')?.querySelector('a') : undefined;
  if (link) return `a[href="${CSS.escape(link.getAttribute('href') ?? '')}"]`;
  return element instanceof HTMLInputElement && element.type === 'checkbox' ? `input[value="${CSS.escape(element.value)}"]` : undefined;
}
