// Builds ui/dist: hashed styles, islands, icons and wasm, a manifest that maps logical names to hashed ones, and the service worker.
// `--tests` compiles the unit tests to build/tests instead; `--styleguide` adds styleguide.html beside the assets.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { icons } from './icons/icons.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const islands = ['app', 'card', 'share', 'verifier', 'passkey', 'whatif', 'progress', 'map', 'push', 'speak', 'notice', 'report'];
const mapWorker = join(here, 'node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs');
const wasm = join(here, '../target/wasm32-unknown-unknown/wasm/credential_wasm.wasm');
const target = ['es2022', 'chrome111', 'firefox115', 'safari16.4'];
const budget = { homeScripts: 30_000, homeFirstView: 100_000 };

const options = { bundle: true, minify: true, target, logLevel: 'warning', legalComments: 'eof' };
const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 10);
const gzipped = (name) => gzipSync(readFileSync(join(dist, name)), { level: 9 }).length;

if (process.argv.includes('--tests')) await buildTests();
else if (process.argv.includes('--styleguide')) writeStyleguide();
else await buildAll();

async function buildAll() {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  const manifest = {};

  const keep = (name, bytes) => {
    const [, stem, ext] = name.match(/^(.*)\.(\w+)$/);
    manifest[name] = `${stem}-${hashOf(bytes)}.${ext}`;
    writeFileSync(join(dist, manifest[name]), bytes);
  };
  const sheets = ['app', 'map-canvas'].map((name) => join(here, `css/${name}.css`));
  const styles = await esbuild.build({ ...options, entryPoints: sheets, outdir: dist, entryNames: '[name]-[hash]', metafile: true });
  for (const [file, { entryPoint }] of Object.entries(styles.metafile.outputs)) if (entryPoint) manifest[basename(entryPoint)] = basename(file);
  // The map works in a thread of its own, which wants a file of its own.
  keep('map-worker.js', readFileSync(mapWorker));

  const scripts = await esbuild.build({
    ...options, entryPoints: islands.map((name) => join(here, `src/${name}.ts`)), outdir: dist, format: 'esm', splitting: true, metafile: true,
    entryNames: '[name]-[hash]', chunkNames: 'part-[hash]',
    define: { MAP_WORKER: JSON.stringify(`/assets/${manifest['map-worker.js']}`), MAP_CSS: JSON.stringify(`/assets/${manifest['map-canvas.css']}`) },
  });
  for (const [file, { entryPoint }] of Object.entries(scripts.metafile.outputs)) {
    if (entryPoint && islands.includes(basename(entryPoint).replace(/\.ts$/, ''))) manifest[basename(entryPoint).replace('.ts', '.js')] ??= basename(file);
  }

  keep('icons.svg', sprite());
  keep('mark.svg', readFileSync(join(here, 'icons/mark.svg')));
  keep('icon.svg', readFileSync(join(here, 'icons/icon.svg')));
  for (const name of readdirSync(join(here, 'icons/png'))) keep(name, readFileSync(join(here, 'icons/png', name)));
  if (existsSync(wasm)) keep('credential.wasm', readFileSync(wasm));
  else console.warn('note: credential.wasm is not built yet; cards show without a fresh QR until it is');

  await buildServiceWorker(manifest, mapFiles(manifest, scripts.metafile));
  manifest['sw.js'] = 'sw.js';
  const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(join(dist, 'manifest.json'), JSON.stringify(sorted, null, 2) + '\n');
  report(manifest, scripts.metafile);
}

function sprite() {
  const mark = readFileSync(join(here, 'icons/mark.svg'), 'utf8').replace(/^<svg[^>]*>|<\/svg>\s*$/g, '').replaceAll('#fff', 'var(--surface,#fff)').replaceAll('#b8321a', 'var(--seal,#b8321a)');
  const lines = Object.entries(icons).map(([name, d]) => `<symbol id="${name}" viewBox="0 0 24 24"><path d="${d}"/></symbol>`);
  return `<svg xmlns="http://www.w3.org/2000/svg"><symbol id="mark" viewBox="0 0 64 64" fill="none" stroke="none">${mark}</symbol>${lines.join('')}</svg>\n`;
}

/** What only a map needs: large, and kept for days without a network only where somebody opened a map. */
function mapFiles(manifest, metafile) {
  const parts = Object.entries(metafile.outputs).filter(([, { inputs }]) => Object.keys(inputs).some((path) => /maplibre-gl|src\/map[./]/.test(path)));
  return [manifest['map-canvas.css'], manifest['map-worker.js'], ...parts.map(([file]) => basename(file))].sort();
}

// The shell that works without a network: styles, icons, and the two islands that have an offline life, with the parts they import.
async function buildServiceWorker(manifest, map) {
  const shell = readdirSync(dist).filter((name) => !/^(whatif|passkey|progress|share|push|speak|notice)-/.test(name) && !map.includes(name) && /\.(css|js|svg|wasm)$/.test(name)).sort();
  shell.push(manifest['icon-192.png']);
  const assets = (names) => JSON.stringify(names.map((name) => `/assets/${name}`));
  await esbuild.build({
    ...options, entryPoints: [join(here, 'src/sw.ts')], outfile: join(dist, 'sw.js'), format: 'iife',
    define: { SHELL: assets(shell), MAP: assets(map), NOTICE_ICON: JSON.stringify(`/assets/${manifest['icon-192.png']}`), VERSION: JSON.stringify(hashOf(JSON.stringify([shell, map]))) },
  });
}

function report(manifest, metafile) {
  const imports = (file, seen = new Set()) => {
    if (seen.has(file)) return seen;
    seen.add(file);
    const key = Object.keys(metafile.outputs).find((path) => basename(path) === file);
    for (const part of metafile.outputs[key]?.imports ?? []) if (part.kind === 'import-statement') imports(basename(part.path), seen);
    return seen;
  };
  const homeScripts = [...new Set([...imports(manifest['app.js']), ...imports(manifest['card.js'])])].reduce((sum, name) => sum + gzipped(name), 0);
  const homeFirstView = homeScripts + gzipped(manifest['app.css']) + gzipped(manifest['icons.svg']);
  for (const [name, file] of Object.entries(manifest)) console.log(`${name.padEnd(26)} ${String(readFileSync(join(dist, file)).length).padStart(8)} B  ${String(gzipped(file)).padStart(7)} B gzip`);
  console.log(`resident home: scripts ${homeScripts} B gzip of ${budget.homeScripts}; with styles and icons ${homeFirstView} B of ${budget.homeFirstView}`);
  if (homeScripts > budget.homeScripts || homeFirstView > budget.homeFirstView) throw new Error('the resident home is over its budget');
}

async function buildTests() {
  const folder = join(here, 'test');
  rmSync(join(here, 'build'), { recursive: true, force: true });
  await esbuild.build({
    entryPoints: readdirSync(folder).filter((name) => name.endsWith('.test.ts')).map((name) => join(folder, name)),
    outdir: join(here, 'build/tests'), bundle: true, platform: 'node', format: 'esm', outExtension: { '.js': '.mjs' }, packages: 'external', logLevel: 'warning', sourcemap: 'inline',
  });
}

function writeStyleguide() {
  const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8'));
  const html = readFileSync(join(here, 'styleguide.html'), 'utf8').replace(/\{\{\s*asset\("([^"]+)"\)\s*\}\}/g, (_, name) => `./${manifest[name]}`);
  writeFileSync(join(dist, 'styleguide.html'), html);
}
