import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { icons } from '../icons/icons.mjs';

// Every room's templates, against the design system: a class without a style or an icon that is not drawn is a page that looks broken.
const crates = join(process.cwd(), '../crates');
const css = readdirSync('css').map((name) => readFileSync(join('css', name), 'utf8')).join('\n');
const classes = new Set([...css.matchAll(/\.([a-z][\w-]*)/g)].map(([, name]) => name));
/** What is sent by e-mail is read without our stylesheet: its looks stand in it. */
const MAILED = new Set(['letter.html']);
const templates = readdirSync(crates, { withFileTypes: true }).map((room) => join(crates, room.name, 'templates')).filter(existsSync)
  .flatMap((folder) => (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.html') && !MAILED.has(name)).map((name) => join(folder, name)))
  .map((path) => ({ path: path.slice(crates.length + 1), html: readFileSync(path, 'utf8') }));

function wrong(find: (html: string) => Iterable<string>): string[] {
  return templates.flatMap(({ path, html }) => [...new Set(find(html))].map((what) => `${path}: ${what}`));
}

test('templates use only classes the stylesheet has', () => {
  assert.deepEqual(wrong(function* (html) {
    // Conditions may hold quotation marks of their own.
    for (const [, list = ''] of html.replace(/\{%.*?%\}/g, ' ').matchAll(/\sclass="([^"]*(?:\{\{[^}]*\}\}[^"]*|\{%[^%]*%\}[^"]*)*)"/g)) {
      for (const name of list.replace(/\S*\{\{.*?\}\}\S*|\{%.*?%\}/g, ' ').split(/\s+/)) if (/^[a-z][\w-]*[a-z\d]$/.test(name) && !classes.has(name)) yield name;
    }
  }), []);
});

test('templates use only icons the sheet has', () => {
  const known = new Set([...Object.keys(icons), 'mark']);
  assert.deepEqual(wrong(function* (html) {
    for (const [, name = ''] of html.matchAll(/icons\.svg"\)\s*\}\}#([a-z-]+)"/g)) if (!known.has(name)) yield name;
  }), []);
});

test('templates have no inline styles and no inline scripts, which the content security policy refuses', () => {
  assert.deepEqual(wrong(function* (html) {
    if (/\sstyle="/.test(html)) yield 'style attribute';
    if (/<style/.test(html)) yield 'style element';
    if (/<script(?![^>]*\ssrc=)(?![^>]*application\/json)/.test(html)) yield 'inline script';
    if (/\son[a-z]+="/.test(html)) yield 'inline handler';
  }), []);
});

test('every text an island shows is in the catalogues of every language', () => {
  const sources = ['src', 'src/lib', 'src/pass', 'src/verify', 'src/report'].flatMap((folder) => readdirSync(folder).filter((name) => name.endsWith('.ts')).map((name) => readFileSync(join(folder, name), 'utf8')));
  const keys = new Set(sources.flatMap((source) => [...source.matchAll(/'((?:card|share|verifier|passkey|whatif|refusal|push|speak|reports-form|reports-error)\.[a-z_]+)'/g)].map(([, key = '']) => key)));
  assert.ok(keys.size > 30);
  for (const language of ['ja', 'ja-easy', 'en']) {
    const catalogue = readdirSync(crates).map((room) => join(crates, room, 'texts', language)).filter(existsSync)
      .flatMap((folder) => readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))).join('\n');
    const groups = new Set([...keys].map((key) => key.split('.')[0] ?? '').filter((group) => new RegExp(`^${group}-`, 'm').test(catalogue)));
    const missing = [...keys].filter((key) => groups.has(key.split('.')[0] ?? '')).filter((key) => !new RegExp(`^${key.replace(/[._]/g, '-')} *=`, 'm').test(catalogue));
    assert.deepEqual(missing, [], `missing in ${language}`);
  }
});
