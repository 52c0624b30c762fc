// Tiles between makers: our server's, against those that npm pmtiles and @mapbox/vector-tile read out of the same files; and our styles by MapLibre's specification.
// Run: npm ci && node --test test.mjs (the binary is TEGATA, or target/debug/tegata)
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { VectorTile } from '@mapbox/vector-tile';
import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import { PbfReader } from 'pbf';
import { PMTiles } from 'pmtiles';
import { Town } from '../../../identity/tests/independent/town.mjs';

const FILES = {
  plain: join(import.meta.dirname, '../../../../towns/mutsu/data/map.pmtiles'),
  'gsi-optimal': join(import.meta.dirname, '../data/tiles/gsi-optimal.pmtiles'),
  protomaps: join(import.meta.dirname, '../data/tiles/protomaps.pmtiles'),
  openmaptiles: join(import.meta.dirname, '../data/tiles/openmaptiles.pmtiles'),
};

/** The other maker's reader on a file. */
function theirs(path) {
  const bytes = readFileSync(path);
  return new PMTiles({ getKey: () => path, getBytes: async (offset, length) => ({ data: bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + length) }) });
}

const features = (bytes) => Object.fromEntries(Object.entries(new VectorTile(new PbfReader(bytes)).layers).map(([name, layer]) => [
  name, Array.from({ length: layer.length }, (_, at) => layer.feature(at)).map((one) => ({ id: one.id, type: one.type, properties: { ...one.properties }, geometry: one.loadGeometry().map((part) => part.map(({ x, y }) => [x, y])) })),
]));

/** An answer as it comes over the line, not unpacked. */
function raw(address, headers) {
  return new Promise((resolve, reject) => {
    request(address, { headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part)).on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
    }).on('error', reject).end();
  });
}

/** Every tile of the file's bounds, with a column and a row of nothing around them. */
function* numbers({ minZoom, maxZoom, minLon, minLat, maxLon, maxLat }) {
  const within = (part, z) => Math.min(2 ** z - 1, Math.max(0, Math.floor(part * 2 ** z)));
  const row = (latitude) => 0.5 - Math.asinh(Math.tan((latitude * Math.PI) / 180)) / (2 * Math.PI);
  for (let z = minZoom; z <= maxZoom; z += 1) {
    const [west, east, north, south] = [within(minLon / 360 + 0.5, z), within(maxLon / 360 + 0.5, z), within(row(maxLat), z), within(row(minLat), z)];
    for (let x = Math.max(0, west - 1); x <= Math.min(2 ** z - 1, east + 1); x += 1) for (let y = Math.max(0, north - 1); y <= Math.min(2 ** z - 1, south + 1); y += 1) yield [z, x, y];
  }
}

for (const [schema, file] of Object.entries(FILES)) {
  test(`${schema}: the same tiles, and a valid style`, async (t) => {
    const town = new Town();
    t.after(() => town.end());
    await town.choosePort();
    mkdirSync(join(town.pack, 'data'), { recursive: true });
    const laid = join(town.pack, 'data/map.pmtiles');
    copyFileSync(file, laid);
    writeFileSync(join(town.pack, 'map.toml'), `
[map]
base = "tiles"
file = "data/map.pmtiles"
schema = "${schema}"
credit = { ja = "試し", ja-easy = "試し", en = "A trial" }
latitude = 41.2928
longitude = 141.1834
zoom = 11
`);
    await town.start();
    const other = theirs(file);
    const [header, metadata] = [await other.getHeader(), await other.getMetadata()];
    const address = ([z, x, y]) => `${town.origin}/map/tiles/${z}/${x}/${y}.mvt`;

    let [there, absent] = [0, 0];
    for (const number of numbers(header)) {
      const [expected, ours] = [await other.getZxy(...number), await fetch(address(number))];
      if (!expected) {
        assert.equal(ours.status, 204, number.join('/'));
        absent += 1;
        continue;
      }
      assert.equal(ours.status, 200, number.join('/'));
      assert.equal(ours.headers.get('content-type'), 'application/vnd.mapbox-vector-tile');
      const bytes = Buffer.from(await ours.arrayBuffer());
      assert.ok(bytes.equals(Buffer.from(expected.data)), number.join('/'));
      if (there % 7 === 0) assert.deepEqual(features(bytes), features(expected.data));
      there += 1;
    }
    assert.ok(there > 20 && absent > 20, `${there} ${absent}`);
    if (schema === 'plain') assert.equal(there, header.numAddressedTiles);

    const middle = [12, 3654, 1531];
    const [packed, plain] = [await raw(address(middle), { 'accept-encoding': 'gzip' }), await raw(address(middle), {})];
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.ok(plain.body.equals(Buffer.from((await other.getZxy(...middle)).data)));

    for (const asked of ['lang=ja', 'lang=en', 'lang=ja&contrast=more']) {
      const style = await (await fetch(`${town.origin}/map/style.json?${asked}`)).json();
      assert.deepEqual(validateStyleMin(style).map(({ message }) => message), []);
      const { base } = style.sources;
      assert.deepEqual([base.minzoom, base.maxzoom], [header.minZoom, header.maxZoom]);
      const known = metadata.vector_layers.map(({ id }) => id);
      const used = style.layers.flatMap((layer) => layer['source-layer'] ?? []);
      assert.ok(used.length > 4 && used.every((name) => known.includes(name)), used.join());
      for (const path of style.metadata['tegata:keep'].slice(0, 20)) assert.ok([200, 204].includes((await fetch(town.origin + path)).status), path);
    }
    if (schema === 'plain') await replaced(town, laid);
  });
}

/** Another file takes the place of the first: first a broken one, then a good one. */
async function replaced(town, laid) {
  const source = async () => (await (await fetch(`${town.origin}/map/style.json?lang=ja`)).json()).sources.base?.tiles?.[0];
  const before = await source();
  const lay = (bytes) => { writeFileSync(`${laid}.new`, bytes); renameSync(`${laid}.new`, laid); };
  const later = () => new Promise((resolve) => setTimeout(resolve, 11_000));
  lay(readFileSync(FILES.plain).subarray(0, 5000));
  await later();
  assert.equal(await source(), before, 'half a download: the file before goes on');
  const tile = await fetch(town.origin + before.replace('{z}/{x}/{y}', '12/3654/1531'));
  assert.match(tile.headers.get('cache-control'), /immutable/);
  assert.ok(features(Buffer.from(await tile.arrayBuffer())).land);
  lay(readFileSync(FILES.protomaps));
  await later();
  assert.notEqual(await source(), before, 'the new file has an address of its own');
}
