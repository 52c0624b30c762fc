// Writes PMTiles, version 3: https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md
import { constants, gzipSync } from 'node:zlib';

const HEADER_BYTES = 127;
/** The first directory must end within the first 16 KiB; a file of more tiles gets further directories. */
const ROOT_BYTES_MAX = 16_384 - HEADER_BYTES;
const LEAF_ENTRIES = 4096;
const GZIP = 2;
const MVT = 1;

/** The file as bytes: tiles as {z, x, y, bytes}, not packed; `bounds` as west, south, east, north. */
export function archive(tiles, { metadata, minzoom, maxzoom, bounds }) {
  const sorted = tiles.map((tile) => ({ id: idOf(tile), bytes: pack(tile.bytes) })).sort((a, b) => a.id - b.id);
  const { entries, contents, data } = layOut(sorted);
  const { root, leaves } = directories(entries);
  const described = pack(Buffer.from(JSON.stringify(metadata)));
  const parts = [root, described, leaves, data];
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('PMTiles', 0, 'latin1');
  header.writeUInt8(3, 7);
  let offset = HEADER_BYTES;
  parts.forEach((part, at) => {
    header.writeBigUInt64LE(BigInt(offset), 8 + 16 * at);
    header.writeBigUInt64LE(BigInt(part.length), 16 + 16 * at);
    offset += part.length;
  });
  [sorted.length, entries.length, contents].forEach((count, at) => header.writeBigUInt64LE(BigInt(count), 72 + 8 * at));
  [1, GZIP, GZIP, MVT, minzoom, maxzoom].forEach((byte, at) => header.writeUInt8(byte, 96 + at));
  const [west, south, east, north] = bounds;
  [west, south, east, north].forEach((degrees, at) => header.writeInt32LE(Math.round(degrees * 1e7), 102 + 4 * at));
  header.writeUInt8(minzoom, 118);
  [(west + east) / 2, (south + north) / 2].forEach((degrees, at) => header.writeInt32LE(Math.round(degrees * 1e7), 119 + 4 * at));
  return Buffer.concat([header, ...parts]);
}

const pack = (bytes) => gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION });

/** Each content once, and one entry for the same content in a row. */
function layOut(sorted) {
  const [entries, chunks, known] = [[], [], new Map()];
  let end = 0;
  for (const { id, bytes } of sorted) {
    const key = bytes.toString('latin1');
    if (!known.has(key)) {
      known.set(key, end);
      chunks.push(bytes);
      end += bytes.length;
    }
    const [offset, last] = [known.get(key), entries.at(-1)];
    if (last && last.offset === offset && last.id + last.run === id) last.run += 1;
    else entries.push({ id, run: 1, offset, length: bytes.length });
  }
  return { entries, contents: known.size, data: Buffer.concat(chunks) };
}

function directories(entries) {
  const whole = pack(directory(entries));
  if (whole.length <= ROOT_BYTES_MAX) return { root: whole, leaves: Buffer.alloc(0) };
  const [leaves, pointers] = [[], []];
  let end = 0;
  for (let at = 0; at < entries.length; at += LEAF_ENTRIES) {
    const leaf = pack(directory(entries.slice(at, at + LEAF_ENTRIES)));
    pointers.push({ id: entries[at].id, run: 0, offset: end, length: leaf.length });
    leaves.push(leaf);
    end += leaf.length;
  }
  return { root: pack(directory(pointers)), leaves: Buffer.concat(leaves) };
}

function directory(entries) {
  const bytes = [];
  const number = (value) => {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
    bytes.push(rest);
  };
  number(entries.length);
  entries.forEach(({ id }, at) => number(id - (entries[at - 1]?.id ?? 0)));
  entries.forEach(({ run }) => number(run));
  entries.forEach(({ length }) => number(length));
  entries.forEach(({ offset }, at) => {
    const before = entries[at - 1];
    number(before && offset === before.offset + before.length ? 0 : offset + 1);
  });
  return Buffer.from(bytes);
}

/** A tile's place on the curve through all tiles; exact up to zoom 25, where numbers of JavaScript end. */
function idOf({ z, x: column, y: row }) {
  let id = (4 ** z - 1) / 3;
  let [x, y] = [column, row];
  for (let half = 2 ** (z - 1); half >= 1; half /= 2) {
    const [right, below] = [Math.floor(x / half) % 2, Math.floor(y / half) % 2];
    id += half * half * ((3 * right) ^ below);
    [x, y] = [x % half, y % half];
    if (below === 0) [x, y] = right === 1 ? [half - 1 - y, half - 1 - x] : [y, x];
  }
  return id;
}
