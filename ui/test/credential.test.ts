import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { checkSignatures, instantiate } from '../src/lib/credential.ts';
import { toBase64Url, utf8 } from '../src/lib/bytes.ts';

const MODULE = join(process.cwd(), '../target/wasm32-unknown-unknown/wasm/credential_wasm.wasm');
const skip = existsSync(MODULE) ? false : 'the WebAssembly module is not built';

prepareZXingModule({ overrides: { wasmBinary: readFileSync(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm')).buffer as ArrayBuffer } });

test('a QR code of the module is read by another reader', { skip }, async () => {
  const call = await instantiate(readFileSync(MODULE));
  const words = `TGT1:${'6BF+70790T9WJWG.FKY*4GO0 '.repeat(30)}`;
  const { size, path } = call('qr', { text: words });
  const [found] = await readBarcodes(picture(size, path), { formats: ['QRCode'] });
  assert.equal(found?.text, words);
});

test('a wrong call throws and the next one still works', { skip }, async () => {
  const call = await instantiate(readFileSync(MODULE));
  assert.throws(() => call('qr', {} as never), /text/);
  for (let times = 0; times < 200; times++) assert.ok(call('qr', { text: `TGT1:${times}` }).size > 20);
});

test('signatures are answered in their order, and a key that is none is a no', async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const key = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const message = utf8('message');
  const signature = toBase64Url(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, message));
  const good = { key, message: toBase64Url(message), signature };
  const other = { ...good, message: toBase64Url(utf8('another')) };
  const broken = { ...good, key: { ...key, x: key.y ?? '' } };
  assert.deepEqual(await checkSignatures([other, good, broken]), [false, true, false]);
});

function picture(size: number, path: string, scale = 4): ImageData {
  const side = size * scale;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row++) {
      for (let column = Number(x) * scale; column < (Number(x) + Number(width)) * scale; column++) data.fill(0, (row * side + column) * 4, (row * side + column) * 4 + 3);
    }
  }
  return { width: side, height: side, data, colorSpace: 'srgb' } as ImageData;
}
