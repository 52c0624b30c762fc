// Push messages of the town, opened by http_ece (RFC 8188, 8291), and their sender known again by jose (RFC 8292).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createECDH, randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import ece from 'http_ece';
import { importJWK, jwtVerify } from 'jose';

const program = process.env.PUSH ?? join(dirname(fileURLToPath(import.meta.url)), '../../../../target/debug/examples/push');

/** A browser: its keys, and how it opens what it is sent. */
function browser() {
  const key = createECDH('prime256v1');
  key.generateKeys();
  const auth = randomBytes(16);
  return {
    keys: { p256dh: key.getPublicKey('base64url'), auth: auth.toString('base64url') },
    open: (body) => ece.decrypt(body, { version: 'aes128gcm', privateKey: key, authSecret: auth }).toString('utf8'),
  };
}

const send = (asked) => JSON.parse(execFileSync(program, { input: JSON.stringify({ now_s: Math.floor(Date.now() / 1000), ...asked }) }));

for (const text of ['{"title":"避難指示","body":"すぐに逃げてください。"}', '', 'あ'.repeat(1330)]) {
  test(`a browser of another make opens ${Buffer.byteLength(text)} bytes`, () => {
    const { keys, open } = browser();
    const sent = send({ endpoint: 'https://push.example/send/1', keys, text });
    const body = Buffer.from(sent.body, 'base64url');
    assert.equal(open(body), text);
    assert.ok(body.length <= 4096, 'push services take 4096 bytes');
  });
}

test('another browser opens nothing', () => {
  const sent = send({ endpoint: 'https://push.example/send/1', keys: browser().keys, text: 'secret' });
  assert.throws(() => browser().open(Buffer.from(sent.body, 'base64url')));
});

test('the push service knows who sent it, and that it was meant for it', async () => {
  const sent = send({ endpoint: 'https://push.example/send/1', keys: browser().keys, text: 'x' });
  const [, token, key] = sent.authorization.match(/^vapid t=([^,]+), k=(.+)$/);
  assert.equal(key, sent.applicationServerKey);
  const point = Buffer.from(key, 'base64url');
  assert.equal(point.length, 65);
  const jwk = { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
  const { payload } = await jwtVerify(token, await importJWK(jwk, 'ES256'), { audience: 'https://push.example', maxTokenAge: undefined });
  assert.match(payload.sub, /^(https:|mailto:)/);
  assert.ok(payload.exp - Date.now() / 1000 <= 24 * 3600, 'at most a day (RFC 8292 section 2)');
});
