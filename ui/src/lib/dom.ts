type Child = Node | string | false | null | undefined;
type Attributes = Record<string, string | number | boolean | EventListener | null | undefined>;

/** Makes an element: `on…` are listeners, `true` an empty attribute, `false` and nothing are left out. */
export function el<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  set(element, attributes);
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

/** An icon of the sheet; the sheet's address is read from an icon that is already on the page. */
export function icon(name: string): SVGElement {
  const sheet = document.querySelector('use[href]')?.getAttribute('href')?.split('#')[0] ?? '';
  return svg('svg', { class: 'icon', 'aria-hidden': 'true' }, svg('use', { href: `${sheet}#${name}` }));
}

function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}
