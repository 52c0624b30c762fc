// A resident proves who they are by an identity app of another make, at the real server, and what is bent on the way is refused.
// Run: npm ci && node --test test.mjs (the binary is TEGATA, or target/debug/tegata)
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Browser } from './browser.mjs';
import { IdentityApp, SCOPES, signingKey } from './provider.mjs';
import { Town } from './town.mjs';

const town = new Town();
let app;
let clients;

before(async () => {
  await town.choosePort();
  app = await IdentityApp.start({});
  const scopes = JSON.stringify(SCOPES);
  // One with its addresses in the pack, the other by discovery.
  town.offer(`
[[identity_app]]
id = "fixed"
name = { ja = "固定アプリ", ja-easy = "固定アプリ", en = "Fixed app" }
issuer = "${app.issuer}"
client_id = "town-fixed"
scopes = ${scopes}
acr_values = ["aal3"]
acr_accepted = ["aal3"]
assurance = "user_auth"
endpoints = { authorization = "${app.endpoint('auth')}", token = "${app.endpoint('token')}", userinfo = "${app.endpoint('userinfo')}", keys = "${app.endpoint('certs')}" }

[[identity_app]]
id = "found"
name = { ja = "自動アプリ", ja-easy = "自動アプリ", en = "Found app" }
issuer = "${app.issuer}"
client_id = "town-found"
scopes = ${scopes}
acr_values = ["aal3"]
acr_accepted = ["aal3"]
assurance = "signature"
assertion_audience = "issuer"

[[identity_app]]
id = "signs"
name = { ja = "署名アプリ", ja-easy = "署名アプリ", en = "Signing app" }
issuer = "${app.issuer}"
client_id = "town-signs"
scopes = ["openid", "sign"]
acr_values = ["aal3"]
acr_accepted = ["aal3"]
assurance = "signature"
sign = { transactions = "${app.signTransactions}" }

[[identity_app]]
id = "signs-rsa"
name = { ja = "別の署名アプリ", ja-easy = "別の署名アプリ", en = "Other signing app" }
issuer = "${app.issuer}"
client_id = "town-signs-rsa"
scopes = ${JSON.stringify([...SCOPES, 'sign'])}
assurance = "signature"
sign = { transactions = "${app.signTransactions}", encryption = "RSA-OAEP-256" }

[[identity_app]]
id = "keyless"
name = { ja = "鍵なしアプリ", ja-easy = "鍵なしアプリ", en = "Keyless app" }
issuer = "${app.issuer}"
client_id = "town-keyless"
scopes = ${scopes}
assurance = "user_auth"
`);
  clients = ['fixed', 'found'].map((id) => ({ id: `town-${id}`, jwk: town.key(id), redirect: `${town.origin}/start/app/${id}/callback` }));
  for (const [id, encryption] of [['signs', 'ECDH-ES'], ['signs-rsa', 'RSA-OAEP-256']]) {
    clients.push({ id: `town-${id}`, keys: town.signingKeys(id, encryption), redirect: `${town.origin}/start/app/${id}/callback` });
  }
  app.serve(clients, signingKey('one'));
  await town.start();
  const { parent, senior } = town.cast;
  for (const who of ['parent', 'senior']) app.cards[who] = town.signer(who);
  const plain = ({ name, address, date_of_birth, male }) => ({ name, address, birthdate: date_of_birth, gender: male ? '1' : '2' });
  const dashed = (day) => `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
  app.people.parent = plain(parent);
  // The same things as OpenID Connect Core writes them.
  app.people.senior = {
    name: senior.name, address: { formatted: senior.address }, birthdate: dashed(senior.date_of_birth), gender: senior.male ? 'male' : 'female',
  };
});

after(async () => {
  app?.end();
  await town.end();
});

/** Asks, and signs in at the provider; gives the address it sends the browser back to, unopened. `bend` alters the question on its way. */
async function throughProvider(browser, id, who, bend = (address) => address) {
  const going = await browser.open(`${town.origin}/start/app/${id}`, { next: '/me' });
  assert.equal(going.status, 200, going.page);
  let seen = await browser.follow(bend(going.leads));
  if (new URL(seen.address).pathname.startsWith('/login/')) {
    const login = await browser.open(seen.address, { who });
    seen = await browser.follow(login.leads);
  }
  return seen;
}

async function signIn(browser, id, who, bend) {
  const { leads } = await throughProvider(browser, id, who, bend);
  assert.ok(leads.startsWith(`${town.origin}/start/app/${id}/callback?`), leads);
  return { callback: leads, seen: await browser.open(leads) };
}

const altered = (name, value) => (address) => {
  const url = new URL(address);
  assert.ok(url.searchParams.has(name), name);
  url.searchParams.set(name, value);
  return url.href;
};

/** Refused with a page that says so, recorded, and nobody is signed in. */
function refused(browser, seen, words, reason, since = 0) {
  assert.match(seen.page, words);
  assert.equal(browser.has(town.origin, 'tegata_session'), false);
  const line = new RegExp(`identity app was refused.*reason="?${reason}\\b`);
  assert.ok(town.said.slice(since).some((said) => line.test(said)), `${reason} is not in the log:\n${town.said.filter((said) => said.includes('refused')).join('\n')}`);
}

test('only apps whose key is there are offered', async () => {
  const start = await new Browser().open(`${town.origin}/start?lang=en`);
  assert.match(start.page, /Use Fixed app/);
  assert.match(start.page, /Use Found app/);
  assert.doesNotMatch(start.page, /Keyless app/);
});

for (const [id, who] of [['fixed', 'parent'], ['found', 'senior']]) {
  test(`${who} is proven by ${id} and linked to the register`, async () => {
    const browser = new Browser();
    const { seen } = await signIn(browser, id, who);
    assert.equal(seen.leads, `${town.origin}/me`, seen.page);
    const me = await browser.open(`${town.origin}/me?lang=en`);
    assert.ok(me.page.includes(town.cast[who].name), me.page);
    assert.match(me.page, /<dd><span class="tag tag--good">linked<\/span>/);
    assert.match(me.page, /proved who you are with an app/);
    // Again, from another browser: the same account, where both are listed.
    const other = new Browser();
    await signIn(other, id, who);
    const both = await other.open(`${town.origin}/me?lang=en`);
    assert.equal(both.page.match(/Firefox · Linux<\/b>/g)?.length, 2);
  });
}

test('an answer is taken once, by the browser that asked, for the app that was asked', async () => {
  const browser = new Browser();
  const { leads: callback } = await throughProvider(browser, 'fixed', 'parent');
  const stranger = new Browser();
  refused(stranger, await stranger.open(callback), /この回答はここでは使えません/, 'app_other_browser');
  const swapped = new Browser();
  refused(swapped, await swapped.open(callback.replace('/fixed/', '/found/')), /app_other_app/, 'app_other_app');
  assert.equal((await browser.open(callback)).leads, `${town.origin}/me`);
  refused(stranger, await stranger.open(callback), /この回答はここでは使えません/, 'proof_replayed');
});

test('a code is worth nothing for another question', async () => {
  const first = new Browser();
  const stolen = new URL((await throughProvider(first, 'fixed', 'parent')).leads).searchParams.get('code');
  const thief = new Browser();
  const { leads } = await throughProvider(thief, 'fixed', 'senior');
  refused(thief, await thief.open(altered('code', stolen)(leads)), /app_code/, 'app_code');
});

test('a used code is not taken again', async () => {
  const first = new Browser();
  const { callback } = await signIn(first, 'fixed', 'parent');
  const thief = new Browser();
  const { leads } = await throughProvider(thief, 'fixed', 'parent');
  const used = new URL(callback).searchParams.get('code');
  refused(thief, await thief.open(altered('code', used)(leads)), /app_code/, 'app_code');
});

test('what is swapped in the question on its way is noticed', async () => {
  for (const [name, value, reason] of [
    ['nonce', 'n'.repeat(43), 'app_nonce'],
    ['code_challenge', 'c'.repeat(43), 'app_code'],
    ['scope', 'openid name', 'app_claims'],
  ]) {
    const browser = new Browser();
    const words = reason === 'app_claims' ? /本人の情報が届きませんでした/ : new RegExp(reason);
    refused(browser, (await signIn(browser, 'fixed', 'parent', altered(name, value))).seen, words, reason);
  }
});

test('the provider sends nobody to another address, and asks for PKCE', async () => {
  for (const bend of [
    altered('redirect_uri', `${town.origin}/start/app/found/callback`),
    altered('redirect_uri', 'https://evil.example/callback'),
    altered('client_id', 'nobody'),
  ]) {
    const seen = await throughProvider(new Browser(), 'fixed', 'parent', bend);
    assert.equal(seen.status, 400);
    assert.equal(new URL(seen.address).origin, app.origin, 'the browser stays where the question was refused');
  }
  const browser = new Browser();
  const bare = (address) => {
    const url = new URL(address);
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    return url.href;
  };
  refused(browser, (await signIn(browser, 'fixed', 'parent', bare)).seen, /app_provider/, 'app_provider');
});

test('an answer in another issuer’s name is not taken', async () => {
  for (const id of ['fixed', 'found']) {
    const browser = new Browser();
    const { leads } = await throughProvider(browser, id, 'parent');
    refused(browser, await browser.open(altered('iss', 'https://other.example')(leads)), /app_issuer/, 'app_issuer');
  }
});

test('who says no at the app reads that nothing was handed over', async () => {
  const browser = new Browser();
  const { seen } = await signIn(browser, 'fixed', '');
  refused(browser, seen, /固定アプリで取りやめました/, 'app_cancelled');
});

test('a provider with another key is not believed, and one with a new key is', async () => {
  const honest = app.key;
  const publicHalf = ({ d, ...key }) => key;
  // It signs with a key under the name of the published one.
  app.published = [publicHalf(honest)];
  app.serve(clients, signingKey('one'));
  const browser = new Browser();
  refused(browser, (await signIn(browser, 'fixed', 'parent')).seen, /app_signature/, 'app_signature');
  // Under a name that is nowhere published.
  app.serve(clients, signingKey('two'));
  const second = new Browser();
  refused(second, (await signIn(second, 'fixed', 'parent')).seen, /app_key/, 'app_key');
  // The new key is published: it is fetched.
  app.published = undefined;
  const third = new Browser();
  assert.equal((await signIn(third, 'fixed', 'parent')).seen.leads, `${town.origin}/me`);
});

test('a client whose key the provider does not know is refused', async () => {
  app.serve([{ ...clients[0], jwk: clients[1].jwk }, clients[1]], app.key);
  const browser = new Browser();
  refused(browser, (await signIn(browser, 'fixed', 'parent')).seen, /app_provider/, 'app_provider');
  app.serve(clients, app.key);
});

test('a provider that is away is said to be', async () => {
  const browser = new Browser();
  const { leads } = await throughProvider(browser, 'fixed', 'parent');
  app.away = true;
  refused(browser, await browser.open(leads), /固定アプリがいまは応えません/, 'app_away');
  app.away = false;
});

/** Asks an app by which the card signs: reads what is signed, and follows the link. */
async function sign(browser, id, who, bend = (address) => address) {
  const page = await browser.open(`${town.origin}/start/app/${id}`, { next: '/me' });
  assert.equal(page.status, 200, page.page);
  assert.equal(page.leads, undefined, 'nobody is led on who has not read it');
  const statement = /<h2 class="panel__title">[^<]*<\/h2><p>(.*?)<\/p>/s.exec(page.page)[1];
  const link = /<a class="button button--big" href="([^"]+)"/.exec(page.page)[1].replace(/&(amp|#38);/g, '&');
  let seen = await browser.follow(bend(link));
  if (new URL(seen.address).pathname.startsWith('/login/')) seen = await browser.follow((await browser.open(seen.address, { who })).leads);
  return { statement, link, callback: seen.leads };
}

for (const [id, who] of [['signs', 'parent'], ['signs-rsa', 'senior']]) {
  test(`${who} signs by ${id} what was read before, and is the person the card is`, async () => {
    const browser = new Browser();
    const { statement, link, callback } = await sign(browser, id, who);
    const text = statement.split('<br>').slice(0, -1).join('\n');
    const transaction = app.transactions.get(new URL(link).searchParams.get('sign_transaction_id'));
    assert.equal(transaction.digest.toString('hex'), createHash('sha256').update(text).digest('hex'), `what is signed is what was read: ${text}`);
    assert.ok(text.includes(`\n${town.origin}\n`));
    assert.equal((await browser.open(callback)).leads, `${town.origin}/me`);
    const me = await browser.open(`${town.origin}/me?lang=en`);
    assert.ok(me.page.includes(town.cast[who].name), me.page);
    assert.match(me.page, /<dd><span class="tag tag--good">linked<\/span>/);
    const data = await browser.open(`${town.origin}/me/data?lang=en`);
    assert.match(data.page, /signature by an app/);
  });
}

test('the public keys are served for the provider to fetch', async () => {
  for (const { id, keys } of clients.slice(2)) {
    const served = await (await fetch(`${town.origin}/start/app/${id.slice('town-'.length)}/jwks.json`)).json();
    assert.deepEqual(served.keys, keys);
  }
});

test('a signature of another document, question, card or key is refused', async () => {
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  const { senior } = app.cards;
  const [first, stale] = [...app.transactions.values()];
  const swap = (change) => (link) => {
    change(app.transactions.get(new URL(link).searchParams.get('sign_transaction_id')));
    return link;
  };
  const of = (transaction) => ({ signature: transaction.signature.toString('base64'), certificate: transaction.certificate.toString('base64') });
  for (const [what, reason, bend, before = () => {}] of [
    ['another hash', 'bad_signature', swap((transaction) => Object.assign(transaction, { digest: Buffer.alloc(32) }))],
    ['an earlier signature of the same card', 'bad_signature', undefined, () => { app.signed = of(first); }],
    ['an earlier signature of another card', 'bad_signature', undefined, () => { app.signed = of(stale); }],
    ['another’s certificate', 'bad_signature', undefined, () => { app.signed = { certificate: senior.certificate.toString('base64') }; }],
    ['no certificate', 'certificate_not_accepted', undefined, () => { app.signed = { certificate: 'AAAA' }; }],
    ['a result for another key', 'app_sealed', undefined, () => { app.sealedTo = { ...stranger, alg: 'ECDH-ES', kid: 'other' }; }],
    ['a result under our name for another key', 'app_sealed', undefined, () => {
      app.sealedTo = { ...stranger, alg: 'ECDH-ES', kid: clients[2].keys[1].kid };
    }],
    ['half a result', 'app_result', undefined, () => { app.signed = { signature: undefined }; }],
    ['another transaction', 'app_result', altered('sign_transaction_id', 'c0ffee00-0000-4000-8000-000000000000')],
    ['no scope to sign', 'app_result', altered('scope', 'openid')],
  ]) {
    before();
    const browser = new Browser();
    const [{ callback }, since] = [await sign(browser, 'signs', 'parent', bend), town.said.length];
    const seen = await browser.open(callback);
    assert.ok(seen.page.includes(reason.startsWith('app_') ? reason : 'カードの署名を受け取れませんでした'), `${what}: ${seen.page}`);
    refused(browser, seen, /notice--error/, reason, since);
    delete app.signed;
    delete app.sealedTo;
  }
});

test('who signs must be who the provider speaks of', async () => {
  const { parent, senior } = app.cards;
  app.cards.parent = senior;
  const browser = new Browser();
  refused(browser, await browser.open((await sign(browser, 'signs-rsa', 'parent')).callback), /別の方のアプリです/, 'app_signer');
  // By the subject alone, which is known to be somebody else's.
  const second = new Browser();
  refused(second, await second.open((await sign(second, 'signs', 'parent')).callback), /別の方のアプリです/, 'other_person');
  app.cards.parent = parent;
});

test('nobody is asked to sign where no transaction begins', async () => {
  app.serve([...clients.slice(0, 2), { ...clients[2], keys: clients[3].keys }, clients[3]], app.key);
  const browser = new Browser();
  const seen = await browser.open(`${town.origin}/start/app/signs`, { next: '/me' });
  assert.equal(seen.status, 422);
  assert.match(seen.page, /app_provider/);
  app.serve(clients, app.key);
  app.away = true;
  const away = await browser.open(`${town.origin}/start/app/signs`, { next: '/me' });
  assert.match(away.page, /署名アプリがいまは応えません/);
  app.away = false;
});

test('nothing of anybody is in the log', () => {
  const log = town.said.filter((said) => /\b(INFO|WARN|ERROR)\b/.test(said)).join('\n');
  assert.ok(log.length > 0);
  for (const { name, address } of Object.values(app.people)) {
    assert.ok(!log.includes(name) && !log.includes(typeof address === 'string' ? address : address.formatted));
  }
});
