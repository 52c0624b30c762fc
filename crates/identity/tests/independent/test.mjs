// A resident proves who they are by an identity app of another make, at the real server, and what is bent on the way is refused.
// Run: npm ci && node --test test.mjs (the binary is TEGATA, or target/debug/tegata)
import assert from 'node:assert/strict';
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
id = "keyless"
name = { ja = "鍵なしアプリ", ja-easy = "鍵なしアプリ", en = "Keyless app" }
issuer = "${app.issuer}"
client_id = "town-keyless"
scopes = ${scopes}
assurance = "user_auth"
`);
  clients = ['fixed', 'found'].map((id) => ({ id: `town-${id}`, jwk: town.key(id), redirect: `${town.origin}/start/app/${id}/callback` }));
  app.serve(clients, signingKey('one'));
  await town.start();
  const { parent, senior } = town.cast;
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
function refused(browser, seen, words, reason) {
  assert.match(seen.page, words);
  assert.equal(browser.has(town.origin, 'tegata_session'), false);
  const line = new RegExp(`identity app was refused.*reason="?${reason}\\b`);
  assert.ok(town.said.some((said) => line.test(said)), `${reason} is not in the log:\n${town.said.filter((said) => said.includes('refused')).join('\n')}`);
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

test('nothing of anybody is in the log', () => {
  const log = town.said.filter((said) => /\b(INFO|WARN|ERROR)\b/.test(said)).join('\n');
  assert.ok(log.length > 0);
  for (const { name, address } of Object.values(app.people)) {
    assert.ok(!log.includes(name) && !log.includes(typeof address === 'string' ? address : address.formatted));
  }
});
