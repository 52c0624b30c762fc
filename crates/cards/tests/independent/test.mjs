// The town's cards in a wallet of another make, shown at a place of the town and to a verifier of another make, at the real server.
// Run: npm ci && node --test test.mjs (here and in ../../../identity/tests/independent; the binary is TEGATA, or target/debug/tegata)
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser } from '../../../identity/tests/independent/browser.mjs';
import { App } from '../../../identity/tests/independent/people.mjs';
import { Town } from '../../../identity/tests/independent/town.mjs';
import { Verifier, Wallet } from './wallet.mjs';

const town = new Town();
const browser = new Browser();
let app;
let place;
let page;

before(async () => {
  await town.choosePort();
  app = await App.start(town);
  town.offer(app.pack);
  await app.open();
  await app.signIn(browser);
  place = await paired();
  const home = await browser.open(`${town.origin}/?lang=en`);
  const row = home.page.split('<li').find((item) => item.includes('Senior bus pass'));
  page = town.origin + /href="(\/cards\/[^"]+\/wallet)"/.exec(row)[1];
});

after(async () => {
  app?.end();
  await town.end();
});

/** The bus of the town, as its programs ask. */
async function paired() {
  const code = town.said.map((line) => /村営バス.*登録コード (\S+)/.exec(line)).find(Boolean)[1];
  const answer = await fetch(`${town.origin}/api/v1/verifier/pair`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code }),
  });
  const [cookie] = answer.headers.getSetCookie()[0].split(';');
  const ask = async (path, method = 'GET') =>
    (await fetch(`${town.origin}/api/v1/verifier/wallet-requests${path}`, { method, headers: { cookie, 'accept-language': 'en' } })).json();
  return { ask: () => ask('', 'POST'), look: ({ id }) => ask(`/${id}`) };
}

/** The holder's page with an offer: the link, and the number to type. */
async function offered() {
  const { page: shown } = await browser.open(`${page}/offer`, { ok: '1' });
  const link = /href="(openid-credential-offer:[^"]+)"/.exec(shown)[1].replaceAll('&#38;', '&').replaceAll('&amp;', '&');
  return { link, txCode: /code-big num">(\d{6})</.exec(shown)[1] };
}

async function filled() {
  const { link, txCode } = await offered();
  const wallet = new Wallet();
  await wallet.read(link);
  await wallet.redeem(txCode);
  await wallet.fetch(await wallet.proof(await wallet.nonce()));
  return wallet;
}

async function endAll() {
  for (;;) {
    const { page: shown } = await browser.open(page);
    const card = /name="card" value="([^"]+)"/.exec(shown)?.[1];
    if (!card) return;
    await browser.open(`${page}/end`, { card });
  }
}

/** The standard error an answer of the issuer carries, wherever the library keeps it. */
async function error(promise) {
  const thrown = await promise.then(() => assert.fail('it was not refused'), (thrown) => thrown);
  const answer = thrown.errorResponse ?? thrown.response?.credentialErrorResponseResult?.data ?? thrown.response?.notificationErrorResponseResult?.data;
  return answer?.error ?? thrown.message;
}

test('a wallet takes the card, and a verifier that knows only the standards believes it', async () => {
  const wallet = await filled();
  const { credentialIssuer } = wallet.metadata;
  assert.equal(credentialIssuer.credential_issuer, `${town.origin}/wallet`);
  const { display } = credentialIssuer.credential_configurations_supported['senior-bus'].credential_metadata;
  assert.deepEqual(display.map(({ locale, name }) => [locale, name]), [['ja', '敬老バス証'], ['en', 'Senior bus pass']]);
  const type = await (await fetch(`${town.origin}/wallet/types/senior-bus`)).json();
  assert.equal(type.vct, `${town.origin}/wallet/types/senior-bus`);
  assert.deepEqual(type.claims.map(({ path }) => path), [['copayment']]);

  const shown = await wallet.present([], { aud: 'https://anybody.example', nonce: 'of-today' });
  const { payload, kb } = await new Verifier('of-today').check(shown);
  assert.equal(payload.vct, type.vct);
  assert.equal('copayment' in payload, false, 'closed until it is opened');
  assert.equal(kb.payload.aud, 'https://anybody.example');
  const open = await new Verifier('of-today').check(await wallet.present(['copayment'], { aud: 'x', nonce: 'of-today' }));
  assert.equal(open.payload.copayment, '無料');
  await wallet.note('credential_accepted');
  await endAll();
});

test('a place asks the wallet and gets the answer of every card; an ended one is refused everywhere', async () => {
  const wallet = await filled();
  const ask = async (claims, bend = (asked) => asked) => {
    const request = await place.ask();
    assert.equal(request.state, 'waiting');
    assert.match(request.uri, /^openid4vp:\/\/\?/);
    const asked = await wallet.asked(request.uri);
    assert.equal(asked.version, 100, 'OpenID4VP 1.0');
    const { client_id: aud, nonce } = bend(asked.authorizationRequestPayload);
    const response = await wallet.answer(asked, claims.length ? 'senior-bus' : 'senior-bus-only', await wallet.present(claims, { aud, nonce }));
    return { response, ...await place.look(request) };
  };
  const yes = await ask(['copayment']);
  assert.equal(yes.response.status, 200);
  assert.deepEqual([yes.state, yes.answer.accepted, yes.answer.programme.title], ['answered', true, 'Senior bus pass']);
  assert.deepEqual(yes.answer.fields.map(({ value }) => value), ['free']);
  const bare = await ask([]);
  assert.deepEqual([bare.answer.accepted, bare.answer.fields], [true, []]);

  const other = await ask([], (asked) => ({ ...asked, nonce: 'another' }));
  assert.deepEqual([other.response.status, other.answer.refusal.code], [400, 'replayed']);
  const stolen = new Wallet();
  stolen.card = wallet.card;
  const request = await place.ask();
  const asked = await stolen.asked(request.uri);
  const { client_id: aud, nonce } = asked.authorizationRequestPayload;
  const refused = await stolen.answer(asked, 'senior-bus-only', await stolen.present([], { aud, nonce }));
  assert.deepEqual([refused.status, (await refused.json()).error], [400, 'invalid_request']);
  assert.equal((await place.look(request)).answer.refusal.code, 'copied_card');

  const shown = await wallet.present([], { aud: 'x', nonce: 'n' });
  await new Verifier('n').check(shown);
  await endAll();
  await assert.rejects(new Verifier('n').check(shown), /Status is 1/);
  assert.equal((await ask([])).answer.refusal.code, 'revoked');
});

test('what is wrong is refused with the standard error', async () => {
  const { link, txCode } = await offered();
  const wallet = new Wallet();
  await wallet.read(link);
  assert.equal(await error(wallet.redeem(txCode === '111111' ? '222222' : '111111')), 'invalid_grant');
  await wallet.redeem(txCode);
  assert.equal(await error(wallet.redeem(txCode)), 'invalid_grant', 'a used offer');
  await assert.rejects(new Wallet().read(link), 'a used offer says nothing');

  const nonce = await wallet.nonce();
  const header = { alg: 'ES256', typ: 'openid4vci-proof+jwt', jwk: wallet.jwk };
  const iat = Math.floor(Date.now() / 1000);
  const elsewhere = await wallet.sign(header, { aud: 'https://other.example', iat, nonce });
  assert.equal(await error(wallet.fetch(elsewhere)), 'invalid_proof');
  const unsigned = [{ ...header, alg: 'none' }, { aud: `${town.origin}/wallet`, iat, nonce }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  assert.equal(await error(wallet.fetch(`${unsigned.join('.')}.AA`)), 'invalid_proof');
  assert.equal(await error(wallet.fetch(await wallet.proof('made-up'))), 'invalid_nonce');
  await wallet.fetch(await wallet.proof(nonce));
  await endAll();

  const again = await offered();
  const second = new Wallet();
  await second.read(again.link);
  await second.redeem(again.txCode);
  assert.equal(await error(second.fetch(await second.proof(nonce))), 'invalid_nonce', 'a nonce is spent');
  for (const reason of ['tx_code', 'code_replayed', 'proof_audience', 'nonce']) {
    assert.ok(town.said.some((line) => line.includes('a wallet was refused') && new RegExp(`reason="?${reason}\\b`).test(line)), `${reason} is not in the log`);
  }
});

test('the page is its holder\'s, and shows an offer only when it is made', async () => {
  const { page: shown } = await browser.open(`${page}?lang=en`);
  assert.match(shown, /None yet/);
  assert.doesNotMatch(shown, /openid-credential-offer/);
  const stranger = await new Browser().open(page);
  assert.equal(stranger.status, 303, 'who is not signed in is led there');
  assert.match(stranger.leads, /\/start/);
});
