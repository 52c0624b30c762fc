// A service is tested at the simulator, without a card and without anybody at a screen: by somebody else's client, over the real binary.
// Run: npm ci && node --test test.mjs (the binary is TEGATA, or target/debug/tegata)
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { Browser } from '../../../identity/tests/independent/browser.mjs';
import { freePort } from '../../../../e2e/lib/port.mjs';
import { run, Simulator } from './simulator.mjs';
import { hidden, Service } from './service.mjs';

const SECRET = 'a secret + of the service: its own';
const folder = mkdtempSync(join(tmpdir(), 'tegata-simulated-'));
let service;
let clinic;
let plain;
let simulator;
let ids;

before(async () => {
  [service, clinic, plain] = [await Service.open(), await Service.open({ dpop: true }), await Service.open()];
  const put = (name, text) => writeFileSync(join(folder, name), text);
  put('service.jwk', JSON.stringify(await service.publicKey()));
  put('clinic.jwk', JSON.stringify(await clinic.publicKey()));
  put('secret', `${SECRET}\n`);
  put('clients.toml', `
[[client]]
id = "service"
redirect_uris = ["${service.callback}"]
backchannel_logout_uri = "${service.origin}/backchannel"
jwks = "service.jwk"

[[client]]
id = "clinic"
name = "診療所"
redirect_uris = ["${clinic.callback}"]
jwks = "clinic.jwk"
scope = "openid resident age_over_65"
profile = "fapi2"

[[client]]
id = "plain"
redirect_uris = ["${plain.callback}"]
client_secret_file = "secret"
`);
  simulator = await Simulator.start('--clients', join(folder, 'clients.toml'));
  ids = Object.fromEntries((await simulator.ask()).clients.map(({ name, client_id }) => [name, client_id]));
  await service.connect(simulator.origin, ids.service);
});

after(async () => {
  for (const one of [service, clinic, plain]) one?.close();
  await simulator?.end();
  rmSync(folder, { recursive: true, force: true });
});

/** Whether a fault of the client comes of an answer with this status, however deep it lies. */
const answered = (status) => function found(fault) {
  return Boolean(fault) && (fault.status === status || found(fault.cause));
};

const asPerson = async (person, scope, more) => {
  await simulator.ask('/person', { person });
  return service.logIn(scope, more);
};

test('three different people log in, and each is told as they are', async () => {
  const scope = 'openid profile resident district age_over_65 programme:senior-bus';
  const senior = await asPerson('senior', scope);
  assert.deepEqual([senior.told.resident, senior.told.age_over_65, senior.told.entitlements], [true, true, ['senior-bus']]);
  assert.match(senior.page, /サービス|service/);
  assert.equal(senior.claims.acr, 'urn:tegata:acr:card');
  const teenager = await asPerson('teenager', scope);
  assert.deepEqual([teenager.told.resident, teenager.told.age_over_65, teenager.told.entitlements], [true, false, []]);
  const gone = await asPerson('moved-out', scope);
  assert.deepEqual([gone.told.resident, gone.told.entitlements, 'district' in gone.told], [false, [], false]);
  const hidden = await asPerson('protected', scope);
  assert.deepEqual([hidden.told.resident, 'district' in hidden.told], [true, false], 'where somebody under protection lives is not told');
  assert.equal(new Set([senior, teenager, gone, hidden].map(({ claims }) => claims.sub)).size, 4);
  const elsewhere = await asPerson('stranger', scope);
  assert.equal(elsewhere.told.resident, false);
});

test('an everyday log-in is none with the card, and a light account is led to prove itself', async () => {
  await simulator.ask('/person', { person: 'adult', card: false });
  assert.equal((await service.logIn('openid')).claims.acr, 'urn:tegata:acr:passkey');
  await assert.rejects(asPerson('light', 'openid'), /not led back[^]*だれかを確かめ|not led back[^]*本人確認/);
});

test('somebody at a screen chooses from a list that says who they are', async () => {
  await simulator.ask('/person', { person: null });
  const browser = new Browser();
  const seen = await browser.follow(`${simulator.origin}/start?next=/me&lang=en`);
  assert.match(seen.page, /demo-line">Simulator: these people do not exist/, 'every page says what it is');
  for (const words of ['Aged 75 or over', 'Moved away from', 'Not in the register', 'never proven', 'Under protection measures', 'Entitled to:']) assert.match(seen.page, new RegExp(words, 'i'));
  const inside = await browser.open(`${simulator.origin}/simulator/people`, { next: '/me', person: 'parent', how: 'passkey' });
  assert.equal(inside.leads, `${simulator.origin}/me`);
  assert.equal((await browser.open(inside.leads)).status, 200);
  for (const evil of ['//evil.example', 'https://evil.example', '/\\evil.example']) {
    assert.equal((await browser.open(`${simulator.origin}/simulator/people`, { next: evil, person: 'parent' })).leads, `${simulator.origin}/`);
  }
});

test('a consent that is withdrawn stops userinfo', async () => {
  const { tokens } = await asPerson('parent', 'openid profile');
  assert.ok((await service.userinfo(tokens)).name);
  await simulator.happen('withdraw_consent', { person: 'parent', client: ids.service, scope: 'profile' });
  assert.ok(!('name' in await service.userinfo(tokens)));
  await simulator.happen('withdraw_consent', { person: 'parent', client: ids.service });
  await assert.rejects(service.userinfo(tokens), answered(401));
  await assert.rejects(simulator.happen('withdraw_consent', { person: 'parent', client: ids.service }), { status: 422, type: 'application/problem+json' });
});

test('who moves out is no resident from that moment, and comes back', async () => {
  const { tokens } = await asPerson('single-parent', 'openid resident');
  await simulator.happen('move_out', { person: 'single-parent' });
  assert.equal((await service.userinfo(tokens)).resident, false);
  await assert.rejects(simulator.happen('move_out', { person: 'single-parent' }), { status: 422 });
  await simulator.happen('move_in', { person: 'single-parent' });
  assert.equal((await service.userinfo(tokens)).resident, true);
});

test('people grow older with the calendar while tokens stay of this minute', async () => {
  const { tokens } = await asPerson('adult', 'openid age_over_65 programme:senior-bus');
  assert.equal((await service.userinfo(tokens)).age_over_65, false);
  const { today } = await simulator.ask();
  await simulator.happen('calendar', { day: `${Number(today.slice(0, 4)) + 30}${today.slice(4)}`.replace('-02-29', '-02-28') });
  const older = await service.userinfo(tokens);
  assert.deepEqual([older.age_over_65, older.entitlements], [true, ['senior-bus']]);
  assert.ok(Math.abs((await asPerson('adult', 'openid')).claims.iat - Date.now() / 1000) < 30);
  await assert.rejects(simulator.happen('calendar', { day: '2020-01-01' }), { status: 422 });
  await simulator.happen('calendar', { day: today });
  assert.equal((await service.userinfo(tokens)).age_over_65, false);
});

test('a log-out is told to the service', async () => {
  const { claims } = await asPerson('senior', 'openid');
  service.told.length = 0;
  await simulator.happen('log_out', { person: 'senior' });
  const keys = createRemoteJWKSet(new URL(`${simulator.origin}/oidc/jwks`));
  const read = (token) => jwtVerify(token, keys, { issuer: simulator.origin, audience: ids.service, typ: 'logout+jwt' });
  // Others' log-outs may still be on their way.
  let told = false;
  for (let tries = 0; tries < 200 && !told; tries++) {
    const all = await Promise.all(service.told.map(read));
    told = all.some(({ payload }) => payload.sub === claims.sub && payload.sid === claims.sid);
    if (!told) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(told);
});

test('tokens signed before and after the keys were changed verify', async () => {
  const before = await asPerson('parent', 'openid');
  const published = async () => (await (await fetch(`${simulator.origin}/oidc/jwks`)).json()).keys.map(({ kid }) => kid);
  const kid = ({ tokens }) => JSON.parse(Buffer.from(tokens.id_token.split('.')[0], 'base64url')).kid;
  const first = await published();
  await simulator.happen('publish_keys');
  assert.equal((await published()).length, first.length + 2);
  assert.equal(kid(await asPerson('parent', 'openid')), kid(before), 'a key that is only published signs nothing');
  await simulator.happen('rotate_keys');
  await service.connect(simulator.origin, ids.service);
  const later = await asPerson('parent', 'openid');
  assert.ok(kid(later) !== kid(before) && !first.includes(kid(later)));
  const keys = createRemoteJWKSet(new URL(`${simulator.origin}/oidc/jwks`));
  for (const { tokens } of [before, later]) await jwtVerify(tokens.id_token, keys, { issuer: simulator.origin, audience: ids.service });
});

test('bad days come as they were ordered, once', async () => {
  const { tokens } = await asPerson('parent', 'openid resident');
  await simulator.happen('fail', { endpoint: 'userinfo' });
  await assert.rejects(service.userinfo(tokens), answered(503));
  assert.equal((await service.userinfo(tokens)).resident, true);
  await simulator.happen('fail', { endpoint: 'token' });
  await assert.rejects(asPerson('parent', 'openid'), answered(503));
  await simulator.happen('fail', { endpoint: 'jwks', times: 2 });
  const status = async () => (await fetch(`${simulator.origin}/oidc/jwks`)).status;
  assert.deepEqual([await status(), await status(), await status()], [503, 503, 200]);
  await simulator.happen('slow', { endpoint: 'userinfo', seconds: 1 });
  const begun = Date.now();
  await service.userinfo(tokens);
  assert.ok(Date.now() - begun >= 1000);
  await simulator.happen('expire_tokens');
  await assert.rejects(service.userinfo(tokens), answered(401));
  for (const error of ['access_denied', 'login_required', 'temporarily_unavailable']) {
    await simulator.happen('answer', { error });
    await assert.rejects(asPerson('parent', 'openid'), (fault) => fault.error === error);
  }
  assert.ok((await asPerson('parent', 'openid')).claims.sub, 'and then all is well');
  for (const wrong of [{ happening: 'fail' }, { happening: 'slow', endpoint: 'token', seconds: 1000 }, { happening: 'answer' }, { happening: 'x' }, { happening: 'log_out', person: 'x' }, { happening: 'fail', endpoint: 'x' }]) {
    await assert.rejects(simulator.ask('/happenings', wrong), { status: 422 });
  }
});

test('it is as strict as a town, and its log says what to change without a secret in it', async () => {
  const verifier = client.randomPKCECodeVerifier();
  const asked = { redirect_uri: `${service.callback}x`, scope: 'openid', code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' };
  await assert.rejects(client.buildAuthorizationUrlWithPAR(service.configuration, asked), (fault) => fault.error === 'invalid_request');
  const [latest] = await (await fetch(`${simulator.origin}/simulator/api/requests?lang=en`)).json();
  assert.deepEqual([latest.path, latest.client, latest.refusal.reason], ['/oidc/par', 'service', 'redirect_uri']);
  assert.match(latest.refusal.what_to_change, /letter by letter/);
  assert.equal(latest.parameters.redirect_uri, asked.redirect_uri);
  assert.equal(latest.parameters.client_assertion, null);
  const { tokens } = await asPerson('parent', 'openid offline_access');
  await client.refreshTokenGrant(service.configuration, tokens.refresh_token);
  await assert.rejects(client.refreshTokenGrant(service.configuration, tokens.refresh_token), (fault) => fault.error === 'invalid_grant');
  const log = await (await fetch(`${simulator.origin}/simulator/api/requests`)).text();
  assert.match(log, /refresh_token_replayed/);
  for (const secret of [tokens.refresh_token, tokens.access_token, tokens.id_token, encodeURIComponent(SECRET)]) assert.ok(!log.includes(secret));
  const page = await (await fetch(`${simulator.origin}/simulator?lang=en`)).text();
  assert.match(page, /A refresh token is good once/);
});

test('a service with a shared secret, and one under FAPI 2.0', async () => {
  await plain.connect(simulator.origin, ids.plain, client.ClientSecretBasic(SECRET));
  await simulator.ask('/person', { person: 'senior', agree: true });
  const { told, page } = await plain.logIn('openid age_over_20');
  assert.equal(told.age_over_20, true);
  assert.ok(!page.includes('name="decision"'), 'who agreed beforehand is asked nothing');
  await clinic.connect(simulator.origin, ids['診療所']);
  const bound = await clinic.logIn('openid resident age_over_65');
  assert.deepEqual([bound.tokens.token_type, bound.told.age_over_65], ['dpop', true]);
  await assert.rejects(clinic.logIn('openid district'), (fault) => fault.error === 'invalid_scope');
});

test('the control page does the same without a script, and everything can begin again', async () => {
  const browser = new Browser();
  const { tokens } = await asPerson('parent', 'openid resident');
  const done = await browser.open(`${simulator.origin}/simulator`, { happening: 'move_out', person: 'parent' });
  assert.equal((await browser.open(done.leads)).status, 200);
  assert.equal((await service.userinfo(tokens)).resident, false);
  const wrong = await browser.open(`${simulator.origin}/simulator`, { happening: 'calendar', day: '2020-01-01' });
  assert.equal(wrong.status, 422);
  const elsewhere = await fetch(`${simulator.origin}/simulator`, { method: 'POST', headers: { origin: 'https://evil.example' }, body: new URLSearchParams({ happening: 'reset' }) });
  assert.equal(elsewhere.status, 403, 'another page cannot do it');
  await simulator.happen('reset');
  const { people, prepared } = await simulator.ask();
  assert.deepEqual([people.find(({ id }) => id === 'parent').resident, prepared.person], [true, null]);
  await assert.rejects(service.userinfo(tokens));
  assert.ok(hidden((await asPerson('parent', 'openid resident')).page).seen_by, 'and is asked again');
});

test('it never stands in for the real thing', async () => {
  const words = ['--town', 'towns/demo', '--redirect-uri', 'http://localhost:3000/callback', '--listen'];
  const refused = async (listen, env, why) => {
    const process = run([...words, listen], env);
    let said = '';
    process.stderr.on('data', (chunk) => { said += chunk; });
    const [code] = await once(process, 'exit');
    assert.equal(code, 1);
    assert.match(said, why);
  };
  await refused('0.0.0.0:0', {}, /--open/);
  await refused(`127.0.0.1:${await freePort()}`, { TEGATA_DATABASE_URL: 'sqlite:town.db' }, /TEGATA_DATABASE_URL/);
  const before = new Set(readdirSync(tmpdir()).filter((name) => name.startsWith('tegata-simulator-')));
  const short = await Simulator.start('--client-id', 'my-app', '--redirect-uri', 'http://localhost:3000/callback');
  const own = readdirSync(tmpdir()).filter((name) => name.startsWith('tegata-simulator-') && !before.has(name));
  assert.equal(own.length, 1);
  assert.notDeepEqual(await (await fetch(`${short.origin}/oidc/jwks`)).json(), await (await fetch(`${simulator.origin}/oidc/jwks`)).json());
  await short.end();
  assert.ok(!existsSync(join(tmpdir(), own[0])), 'nothing is left of it');
});
