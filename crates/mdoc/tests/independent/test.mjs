// A resident proves who they are by a card that phones of other makes present, at the real server, and what is bent on the way is refused.
// Run: cargo build --manifest-path ../isomdl/Cargo.toml --target-dir ../isomdl/target && npm ci && node --test test.mjs (the binary is TEGATA, or target/debug/tegata)
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Browser } from '../../../identity/tests/independent/browser.mjs';
import { Town } from '../../../identity/tests/independent/town.mjs';
import { Issuer } from './issuer.mjs';
import { AnimoPhone, IsomdlPhone } from './phones.mjs';

const DOCTYPE = 'jp.example.card.1';
const [SPACE, MORE] = ['jp.example.1', 'jp.example.2'];
const DAY_MS = 24 * 60 * 60 * 1000;

const town = new Town();
// A root on P-384 with a signer on P-256 below it.
const issuer = new Issuer('secp384r1');
const stranger = new Issuer();

before(async () => {
  await town.choosePort();
  town.offer(`
[[phone_card]]
id = "phone-card"
name = { ja = "スマホのカード", ja-easy = "スマホの カード", en = "Phone card" }
doctype = "${DOCTYPE}"
elements = { name = ["${SPACE}", "name"], address = ["${SPACE}", "address"], date_of_birth = ["${SPACE}", "birth"], sex = ["${MORE}", "sex"] }
roots = []
assurance = "user_auth"
`);
  // A demonstration believes its own issuer alone: here it is one of another make.
  for (const folder of ['inner', 'trust/phone-card']) mkdirSync(join(town.data, folder), { recursive: true });
  writeFileSync(join(town.data, 'inner/phone-card-issuer.pk8'), issuer.rootKey);
  writeFileSync(join(town.data, 'trust/phone-card/root.der'), issuer.root);
  await town.start();
});

after(async () => {
  issuer.end();
  stranger.end();
  await town.end();
});

/** From now on: the signer was certified a moment ago, and a card is never older. */
const validity = () => {
  const signed = new Date(Math.floor(Date.now() / 1000) * 1000);
  return { signed, validFrom: signed, validUntil: new Date(signed.getTime() + 30 * DAY_MS) };
};

/** The card of somebody of the demonstration, in a phone of a make. */
function phone(Make, who, by = issuer) {
  const { name, address, date_of_birth: born, male } = town.cast[who];
  const elements = [
    { namespace: SPACE, name: 'name', value: { text: name } },
    { namespace: SPACE, name: 'address', value: { text: address } },
    { namespace: SPACE, name: 'birth', value: { date: `${born.slice(0, 4)}-${born.slice(4, 6)}-${born.slice(6)}` } },
    { namespace: SPACE, name: 'individual_number', value: { text: '000000000000' } },
    { namespace: MORE, name: 'sex', value: { number: male ? 1 : 2 } },
  ];
  return new Make(by, DOCTYPE, elements, validity());
}

/** Asks in a browser; gives the link its page shows. */
async function asks(browser) {
  const begun = await browser.open(`${town.origin}/start/phone-card/begin/phone-card`, { next: '/me' });
  assert.equal(begun.leads, `${town.origin}/start/phone-card`, begun.page);
  return link(await browser.open(`${begun.leads}?lang=en`));
}

function link({ page }) {
  const [, href] = page.match(/href="(openid4vp:[^"]+)"/) ?? assert.fail(page);
  return href.replaceAll('&#38;', '&').replaceAll('&amp;', '&');
}

async function isSignedIn(browser, who) {
  const me = await browser.open(`${town.origin}/me?lang=en`);
  assert.ok(me.page.includes(town.cast[who].name), me.page);
  assert.match(me.page, /<dd><span class="tag tag--good">linked<\/span>/);
  assert.match(me.page, /proved who you are with the card in a phone/);
  assert.match(me.page, /Phone card/);
}

/** Refused by the wallet's answer and on the browser's page, recorded, and nobody is signed in. */
async function refused(browser, answer, words, reason) {
  assert.equal(answer.status, 400);
  assert.equal((await answer.json()).error_description, reason);
  const seen = await browser.open(`${town.origin}/start/phone-card?lang=en`);
  assert.match(seen.page, words);
  assert.equal(browser.has(town.origin, 'tegata_session'), false);
  assert.ok(town.said.some((said) => said.includes('card in a phone was refused') && said.includes(reason)), `${reason} is not in the log`);
}

for (const [Make, who] of [[AnimoPhone, 'parent'], [IsomdlPhone, 'senior']]) {
  test(`${Make.name}: the browser of the phone itself is signed in and linked to the register`, async () => {
    const browser = new Browser();
    const wallet = phone(Make, who);
    const request = await wallet.read(await asks(browser));
    assert.deepEqual(request.dcql_query.credentials[0].claims.map(({ path }) => path.join('/')), [`${SPACE}/name`, `${SPACE}/address`, `${SPACE}/birth`, `${MORE}/sex`]);
    const answer = await wallet.answer(request, await wallet.present(request));
    assert.equal(answer.status, 200, await answer.clone().text());
    const { redirect_uri: back } = await answer.json();
    const led = await browser.open(back);
    assert.equal(led.leads, `${town.origin}/me`, led.page);
    await isSignedIn(browser, who);
  });

  test(`${Make.name}: another screen is signed in by the code the phone shows, once`, async () => {
    const [screen, other] = [new Browser(), new Browser()];
    const wallet = phone(Make, who);
    const request = await wallet.read(await asks(screen));
    const answer = await wallet.answer(request, await wallet.present(request), 'A128GCM');
    const { redirect_uri: back } = await answer.json();
    const [, code] = (await new Browser().open(`${back}&lang=en`)).page.match(/code-big num">([^<]+)</);
    const done = `${town.origin}/start/phone-card/done`;
    assert.match((await screen.open(done, { code: 'ABCD-EFGH' })).page, /番号|number/);
    assert.equal(screen.has(town.origin, 'tegata_session'), false);
    // A browser that did not ask gets nowhere with the right code.
    assert.equal((await other.open(done, { code })).leads, `${town.origin}/start`);
    assert.equal((await screen.open(done, { code: code.toLowerCase().replace('-', '') })).leads, `${town.origin}/me`);
    await isSignedIn(screen, who);
    const again = await wallet.answer(request, await wallet.present(request));
    assert.deepEqual([again.status, (await again.json()).error_description], [400, 'proof_replayed']);
  });

  test(`${Make.name}: what another issuer signed, another question got, or nobody asked for is refused`, async () => {
    const browser = new Browser();
    const other = phone(Make, who, stranger);
    let request = await other.read(await asks(browser));
    await refused(browser, await other.answer(request, await other.present(request)), /This card cannot be taken/, 'mdoc_issuer');

    const wallet = phone(Make, who);
    request = await wallet.read(await asks(browser));
    const bent = await wallet.present({ ...request, nonce: 'another' });
    await refused(browser, await wallet.answer(request, bent), /This answer cannot be used here/, 'mdoc_device_signature');

    request = await wallet.read(await asks(browser));
    const all = wallet.elements.map(({ namespace, name }) => [namespace, name]);
    await refused(browser, await wallet.answer(request, await wallet.present(request, all)), /could not be confirmed/, 'mdoc_too_much');

    request = await wallet.read(await asks(browser));
    const less = await wallet.present(request, [[SPACE, 'name'], [MORE, 'sex']]);
    await refused(browser, await wallet.answer(request, less), /Something was missing/, 'mdoc_missing');
  });
}

test('somebody who says no is told so, and may begin again', async () => {
  const browser = new Browser();
  const wallet = phone(AnimoPhone, 'parent');
  const request = await wallet.read(await asks(browser));
  const answer = await fetch(request.response_uri, { method: 'POST', body: new URLSearchParams({ error: 'access_denied' }) });
  assert.equal(answer.status, 200);
  const seen = await browser.open(`${town.origin}/start/phone-card?lang=en`);
  assert.match(seen.page, /The card was not handed over/);
  await asks(browser);
});
