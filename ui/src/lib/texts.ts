/** Words people see, given by the server in `<script type="application/json" id="texts">`. */
type Tree = { [key: string]: string | Tree };
let loaded: Tree | undefined;

/** The text of a dotted key with `{name}` places filled; a missing key shows its own name. */
export function text(key: string, values: Record<string, string | number> = {}): string {
  loaded ??= read();
  return fill(find(loaded, key) ?? key, values);
}

/** The text of a key, or nothing when the catalogue has none. */
export function textIfAny(key: string, values: Record<string, string | number> = {}): string | undefined {
  loaded ??= read();
  const found = find(loaded, key);
  return found === undefined ? undefined : fill(found, values);
}

export function fill(pattern: string, values: Record<string, string | number>): string {
  return pattern.replace(/\{\s*\$?(\w+)\s*\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** Looks a key up in a tree that may nest (`{card: {live: …}}`) or be flat (`{"card.live": …}`). */
export function find(tree: Tree, key: string): string | undefined {
  const flat = tree[key];
  if (typeof flat === 'string') return flat;
  let at: string | Tree | undefined = tree;
  for (const part of key.split('.')) at = typeof at === 'object' ? at[part] : undefined;
  return typeof at === 'string' ? at : undefined;
}

function read(): Tree {
  const block = document.getElementById('texts');
  return block?.textContent ? (JSON.parse(block.textContent) as Tree) : {};
}
