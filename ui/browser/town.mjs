// A town for the islands to speak with: the addresses of docs/design-system.md, the pages around them, and switches for what goes wrong.
import { randomUUID, webcrypto as crypto } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Issuer } from './issuer.mjs';

const root = join(import.meta.dirname ?? process.cwd(), '..');
const dist = join(root, 'dist');
const TYPES = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml', png: 'image/png', wasm: 'application/wasm' };
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";
export const PAIRING_CODE = 'AB12CD34';
const TITLE = '子ども医療費受給資格証';

export async function startTown() {
  const state = { down: false, revoked: false, ended: false, clockAheadS: 0, phones: new Map(), challenges: new Map(), decisions: [], delivered: [], whatif: undefined };
  const issuer = await Issuer.make('012345');
  const server = createServer((request, response) => {
    if (state.down) return request.socket.destroy();
    answer(request, response, state, issuer).catch((cause) => response.writeHead(500).end(String(cause)));
  });
  await new Promise((resolve) => server.listen(0, resolve));
  return { state, base: `http://localhost:${server.address().port}`, stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }) };
}

async function answer(request, response, state, issuer) {
  const url = new URL(request.url, 'http://localhost');
  let text = '';
  for await (const part of request) text += part;
  const body = text ? JSON.parse(text) : undefined;
  const json = (status, value) => response.writeHead(status, { 'content-type': status < 300 ? 'application/json' : 'application/problem+json' }).end(JSON.stringify(value));
  const now = () => new Date(Date.now() + state.clockAheadS * 1000).toISOString();

  const file = url.pathname === '/sw.js' ? '/sw.js' : url.pathname.startsWith('/assets/') ? url.pathname.slice('/assets'.length) : undefined;
  if (file) {
    if (!existsSync(join(dist, file))) return response.writeHead(404).end();
    return response.writeHead(200, { 'content-type': TYPES[file.split('.').pop()], 'content-security-policy': POLICY }).end(readFileSync(join(dist, file)));
  }
  const page = pages()[url.pathname];
  if (page) return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY, 'cache-control': 'no-store' }).end(page);

  switch (url.pathname) {
    case '/api/v1/me/devices/challenge': {
      const challenge = randomUUID();
      state.challenges.set(challenge, crypto.getRandomValues(new Uint8Array(48)));
      return json(200, { challenge, message: Buffer.from(state.challenges.get(challenge)).toString('base64url') });
    }
    case '/api/v1/me/devices': {
      const key = await crypto.subtle.importKey('jwk', body.jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
      const good = await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, Buffer.from(body.proof, 'base64url'), state.challenges.get(body.challenge));
      if (!good) return json(422, { title: 'proof' });
      const device = randomUUID();
      state.phones.set(device, { label: body.label, held: await issuer.card_for(body.jwk, 'child-medical', '2099-03-31', ['beneficiary_no', '1234567']) });
      return json(201, { device });
    }
    case '/api/v1/me/cards': {
      if (state.ended) return json(410, { title: 'ended', code: 'cards.phone_ended' });
      const phone = state.phones.get(url.searchParams.get('device'));
      if (!phone) return json(404, { title: 'device', code: 'cards.no_such_phone' });
      const live = state.revoked ? { state: 'ended', reason: '転出により終わりました。' } : { state: 'live', ...phone.held };
      return json(200, { server_time: now(), cards: [{ id: 'c1', programme: 'child-medical', title: TITLE, holder_label: '青空 はな', valid_until: '2099-03-31', color: '#1f5c40', icon: 'child', back: [{ label: '受給者番号', value: '1234567' }], links: [{ label: '共有', href: '/share/c1' }], ...live }] });
    }
    case '/api/v1/verifier/pair':
      if (body.code !== PAIRING_CODE) return json(422, { title: 'コードが違います。' });
      response.setHeader('set-cookie', 'place=1; Path=/; HttpOnly; SameSite=Strict');
      return json(200, {});
    case '/api/v1/staff/what-if':
      if (body.rule.includes('toady')) return json(422, { title: 'rule', problems: [{ line: 2, column: 2, message: 'toady' }] });
      return json(200, { count: 1234, total: 5678, said: '1,234人 / 5,678人', micros: 900, ages: [{ from: 0, to: 4, count: 234 }, { from: 5, to: 9, count: 1000 }], districts: [{ name: '青空', count: 1234 }] });
  }
  if (!/place=1/.test(request.headers.cookie ?? '')) return json(401, { title: 'not paired' });
  switch (url.pathname) {
    case '/api/v1/verifier/sync': {
      const place = { id: 'p1', name: '青空小児科', accepts: [{ programme: 'child-medical', name: { ja: TITLE }, shows: ['beneficiary_no'] }] };
      const knowledge = { town: issuer.town, synced_at: now(), max_age_s: 259_200, keys: [issuer.jwk], status_lists: [await issuer.statusList(state.revoked)], place };
      return json(200, { server_time: now(), knowledge, screen: { programmes: { 'child-medical': { title: TITLE, fields: { beneficiary_no: '受給者番号' }, barcodes: [{ kind: 'nw7', claim: 'beneficiary_no' }] } } } });
    }
    case '/api/v1/decisions':
      state.decisions.push(body);
      return json(200, { server_time: now(), accepted: !state.revoked, refusal: state.revoked ? { code: 'revoked' } : null, programme: { title: TITLE }, valid_until: '2099-03-31', fields: [{ label: '受給者番号', value: '1234567' }], barcodes: [{ kind: 'nw7', value: '1234567' }] });
    case '/api/v1/verifier/log':
      state.delivered.push(...body.entries);
      return json(200, { accepted: body.entries.map(({ id }) => id) });
  }
  return json(404, { title: 'no such address' });
}

function pages() {
  const built = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8'));
  const asset = (name) => `/assets/${built[name]}`;
  const guide = readFileSync(join(root, '../docs/design-system.md'), 'utf8');
  const from = guide.lastIndexOf('<template id="pass">');
  const template = guide.slice(from, guide.indexOf('</template>', from) + '</template>'.length);
  const shell = (kind, island, main) => `<!doctype html><html lang="ja"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>青空町</title><link rel="stylesheet" href="${asset('app.css')}"><link rel="icon" href="${asset('icon.svg')}"><script type="module" src="${asset('app.js')}"></script></head>
    <body class="page page--${kind}"><a class="skip" href="#main">本文へ進む</a><header class="top"><a class="brand" href="/"><svg class="brand__mark" aria-hidden="true"><use href="${asset('icons.svg')}#mark"></use></svg><span class="brand__words"><span class="brand__name">住民パスポート</span></span></a></header>
    <script type="application/json" id="texts">${JSON.stringify(texts())}</script><main class="main" id="main" tabindex="-1">${main}</main><script type="module" src="${asset(island)}"></script></body></html>`;
  const cards = shell('resident', 'card.js', `<h1 class="title">カード</h1>${template}<tegata-card data-endpoint="/api/v1/me/cards" data-devices="/api/v1/me/devices" data-wasm="${asset('credential.wasm')}" data-town="青空町" data-login="/start"></tegata-card>`);
  return {
    '/': cards, '/offline': cards,
    '/verify': shell('verify', 'verifier.js', `<h1 class="sr">窓口</h1><tegata-verifier data-pair="/api/v1/verifier/pair" data-sync="/api/v1/verifier/sync" data-decisions="/api/v1/decisions" data-log="/api/v1/verifier/log" data-wasm="${asset('credential.wasm')}"></tegata-verifier>`),
    '/staff': shell('staff', 'whatif.js', `<h1 class="title">条件</h1><form data-whatif class="form panel" data-endpoint="/api/v1/staff/what-if"><div class="field"><label class="field__label" for="rule">条件</label><div class="rule-box"><pre class="rule-box__marks" aria-hidden="true"></pre><textarea class="input rule-box__input" id="rule" name="rule" rows="3">resident.current</textarea></div><p class="field__error" data-slot="error" role="status"></p></div><button class="button">数える</button><output data-slot="result" aria-live="polite"></output></form>`),
  };
}

/** The real catalogues, as the server hands them to islands. */
function texts() {
  const groups = {};
  const crates = join(root, '../crates');
  for (const room of readdirSync(crates)) {
    const folder = join(crates, room, 'texts/ja');
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)) {
      for (const [, group, key, value] of readFileSync(join(folder, name), 'utf8').matchAll(/^([a-z]+)-([\w-]+) *= *(.+)$/gm)) (groups[group] ??= {})[key.replaceAll('-', '_')] = value;
    }
  }
  return groups;
}
