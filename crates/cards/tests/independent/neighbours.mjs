// Two towns at two real servers, and a wallet of another make between them: who lives in the one proves it to the other, and what rests on it ends when the
// one ends its card.
// Run: npm ci && node --test neighbours.mjs (here and in ../../../identity/tests/independent; the binary is TEGATA, or target/debug/tegata)
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser } from '../../../identity/tests/independent/browser.mjs';
import { App, joinStaff } from '../../../identity/tests/independent/people.mjs';
import { Town } from '../../../identity/tests/independent/town.mjs';
import { Wallet } from './wallet.mjs';

const RESIDENCE = `
[[programme]]
id = "residence"
name = { ja = "住んでいることの証明", en = "Proof of residence" }
short = { ja = "となりの町で見せます。", en = "For neighbouring towns." }
shown_by = ["self"]
apply = "automatic"
proof = "jpki"
design = { colour = "#0017c1", icon = "town" }
[programme.disclose]
facility = ["name", "date_of_birth"]
[[programme.version]]
from = "2020-04-01"
eligible = 'resident.current'
source = "架空"
`;

const neighbour = (origin) => `
[[neighbour]]
id = "aozora"
name = { ja = "青空村", en = "Aozora Village" }
issuer = "${origin}/wallet"
credential = "${origin}/wallet/types/residence"
max_age_days = 90
timetable = { at = ["03:00"], silent_after_h = 30 }

[[programme]]
id = "guest-library"
name = { ja = "近隣の図書館カード", en = "Neighbours' library card" }
short = { ja = "となりの人も借りられます。", en = "Neighbours may borrow, too." }
shown_by = ["self"]
apply = "automatic"
proof = "jpki"
design = { colour = "#0017c1", icon = "town" }
[[programme.version]]
from = "2020-04-01"
eligible = 'residence.town == "aozora"'
source = "架空"
`;

const home = new Town();
const away = new Town('towns/himeji');
const browser = new Browser();
const staff = new Browser();
const apps = [];
let wallet;
let cards;

before(async () => {
  await home.choosePort();
  await away.choosePort();
  for (const [town, more] of [[home, RESIDENCE], [away, neighbour(home.origin)]]) {
    const app = await App.start(town);
    apps.push(app);
    town.offer(app.pack + more);
    await app.open();
  }
  // The same person comes to both, with the same card.
  apps[1].provider.people.senior = apps[0].provider.people.senior;
  for (const app of apps) await app.signIn(browser);
  await joinStaff(away, staff);
  const row = (await browser.open(`${home.origin}/?lang=en`)).page.split('<li').find((item) => item.includes('Proof of residence'));
  cards = home.origin + /href="(\/cards\/[^"]+\/wallet)"/.exec(row)[1];
  wallet = new Wallet();
  const { page } = await browser.open(`${cards}/offer`, { ok: '1' });
  await wallet.read(/href="(openid-credential-offer:[^"]+)"/.exec(page)[1].replaceAll('&#38;', '&').replaceAll('&amp;', '&'));
  await wallet.redeem(/code-big num">(\d{6})</.exec(page)[1]);
  await wallet.fetch(await wallet.proof(await wallet.nonce()));
});

after(async () => {
  for (const app of apps) app.end();
  await home.end();
  await away.end();
});

/** What the away town asks: the page that waits, and the question as the wallet reads it. */
async function asked() {
  const { leads } = await browser.open(`${away.origin}/residence/neighbours/aozora`, { ok: '1' });
  const { page } = await browser.open(`${leads}?lang=en`);
  const uri = /href="(openid4vp:[^"]+)"/.exec(page)[1].replaceAll('&#38;', '&').replaceAll('&amp;', '&');
  return { at: `${leads}?lang=en`, question: await wallet.asked(uri) };
}

async function shown(by, claims = ['name', 'date_of_birth'], bent = {}) {
  const { at, question } = await asked();
  const { client_id: aud, nonce } = question.authorizationRequestPayload;
  const presentation = await by.present(claims, { aud, nonce, ...bent });
  const answer = () => by.answer(question, 'residence', presentation).then((response) => response.ok ?? response.status < 300, () => false);
  const believed = await answer();
  return { believed, answer, said: (await browser.open(at)).page };
}

async function until(address, pattern) {
  for (let tries = 0; tries < 60; tries += 1) {
    const { page } = await browser.open(address);
    if (pattern.test(page)) return page;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return assert.fail(`${address} never says ${pattern}`);
}

test('what is asked is the one card and two claims of it', async () => {
  const { question } = await asked();
  const [credential, ...more] = question.authorizationRequestPayload.dcql_query.credentials;
  assert.deepEqual(more, []);
  assert.deepEqual(credential.meta.vct_values, [`${home.origin}/wallet/types/residence`]);
  assert.deepEqual(credential.claims.map(({ path }) => path), [['name'], ['date_of_birth']]);
});

test('what is not the holder\'s own, opened and for this question is refused in plain words', async () => {
  const thief = new Wallet();
  thief.card = wallet.card;
  const copied = await shown(thief);
  assert.match(copied.said, /The phone that holds the card is not the one that showed it now/);
  const half = await shown(wallet, ['name']);
  assert.match(half.said, /Name and date of birth were not shown/);
  const other = await shown(wallet, undefined, { nonce: 'of-another-question' });
  assert.match(other.said, /what was shown before do not count/);
  const { page } = await browser.open(`${away.origin}/?lang=en`);
  assert.doesNotMatch(page, /library card/);
});

test('a neighbour proves it once, holds the card, and loses it when their town ends theirs', async () => {
  const { said, answer } = await shown(wallet);
  assert.match(said, /It is proven that you live in Aozora Village/);
  assert.equal(await answer(), false, 'an answer counts once');
  assert.match((await browser.open(`${away.origin}/?lang=en`)).page, /Neighbours&#39; library card|Neighbours' library card/);
  const listed = (await staff.open(`${away.origin}/staff/residence?lang=en`)).page;
  assert.match(listed, /Aozora Village/);

  const card = /name="card" value="([^"]+)"/.exec((await browser.open(cards)).page)[1];
  await browser.open(`${cards}/end`, { card });
  await staff.open(`${away.origin}/staff/residence/aozora/follow`, { ok: '1' });
  await until(`${away.origin}/residence?lang=en`, /the town you live in ended the card/);
  await until(`${away.origin}/?lang=en`, /It ended because the entitlement ended/);
  const again = await shown(wallet);
  assert.match(again.said, /Aozora Village has ended that card/);
});
