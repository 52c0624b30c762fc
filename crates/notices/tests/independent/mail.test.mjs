// The town's letters, taken by a mail server of another make (smtp-server), read by another's program (mailparser), and stopped as it would (RFC 8058).
// Run: npm ci && node --test mail.test.mjs (here and in ../../../identity/tests/independent; the binary is TEGATA, or target/debug/tegata)
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import * as desk from './desk.mjs';
import { Browser } from '../../../identity/tests/independent/browser.mjs';
import { App, joinStaff } from '../../../identity/tests/independent/people.mjs';
import { Town } from '../../../identity/tests/independent/town.mjs';

const PASSWORD = 'a password of the town';
const town = new Town();
const resident = new Browser();
const staff = new Browser();
const letters = [];
/** What the server answers to an address, once for each entry. */
const refusals = new Map();
const signedIn = [];
let server;
let app;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The next letter. */
async function letter() {
  for (let waited = 0; waited < 20_000; waited += 50) {
    if (letters.length > 0) return letters.shift();
    await sleep(50);
  }
  throw new Error(`no letter came:\n${town.said.slice(-5).join('\n')}`);
}

const post = (browser, path, fields) => desk.post(town, browser, path, fields);
const send = (title, body) => desk.send(town, staff, title, body);
const settings = async () => (await resident.open(`${town.origin}/inbox/settings`)).page;

/** Gives an address, and confirms it by the code of its letter. */
async function give(address) {
  const given = await post(resident, '/inbox/mail', { address });
  assert.equal(given.status, 303, given.page);
  const { to, text } = await letter();
  assert.equal(to.value[0].address, address);
  const code = /^[A-Z0-9]{4}-[A-Z0-9]{4}$/m.exec(text)[0];
  const id = /action="\/inbox\/mail\/([0-9a-f-]{36})\/confirm"/.exec(await settings())[1];
  assert.equal((await post(resident, `/inbox/mail/${id}/confirm`, { code })).status, 303);
  assert.match(await settings(), /お知らせが届きます/);
}

before(async () => {
  server = new SMTPServer({
    allowInsecureAuth: true,
    hideSTARTTLS: true,
    onAuth({ username, password }, session, done) {
      signedIn.push([username, password]);
      if (password === PASSWORD) done(null, { user: username });
      else done(new Error('wrong password'));
    },
    onRcptTo({ address }, session, done) {
      const refusal = refusals.get(address)?.shift();
      done(refusal && Object.assign(new Error(refusal[1]), { responseCode: refusal[0] }));
    },
    onData(stream, session, done) {
      simpleParser(stream).then((parsed) => { letters.push(parsed); done(); }, done);
    },
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env.TEGATA_MAIL_PASSWORD = PASSWORD;
  await town.choosePort();
  app = await App.start(town);
  town.offer(`
[mail]
from = "pass@town.example.jp"
host = "127.0.0.1"
port = ${server.server.address().port}
tls = "none" # on this machine
user = "town"
${desk.TOPIC}
${app.pack}`);
  await app.open();
  await app.signIn(resident);
  await joinStaff(town, staff);
});

after(async () => {
  app?.end();
  await town.end();
  await new Promise((resolve) => server.close(resolve));
});

test('the house signs in, a code comes, and a notice comes whole in both forms', async () => {
  await give('hanako@example.jp');
  assert.deepEqual(signedIn[0], ['town', PASSWORD]);
  await send('断水のお知らせ <明日>', '明日の9時から断水します。\n\n水をくみおきしてください & お待ちください。');
  const { from, to, subject, text, html, headers, messageId, date } = await letter();
  assert.equal(from.value[0].address, 'pass@town.example.jp');
  assert.ok(from.value[0].name.length > 0);
  assert.equal(to.value[0].address, 'hanako@example.jp');
  assert.equal(subject, '断水のお知らせ <明日>');
  assert.match(text, /水をくみおきしてください & お待ちください。/);
  assert.match(html, /水をくみおきしてください &#38; お待ちください。/);
  assert.match(text, new RegExp(`${town.origin}/inbox/[0-9a-f-]{36}`));
  assert.match(messageId, /^<[0-9a-f-]{36}@town\.example\.jp>$/);
  assert.ok(Math.abs(date - Date.now()) < 60_000);
  assert.equal(headers.get('auto-submitted'), 'auto-generated');
  assert.equal(headers.get('content-language'), 'ja');
  const { unsubscribe } = headers.get('list');
  assert.equal(headers.get('list')['unsubscribe-post'].name, 'List-Unsubscribe=One-Click');
  assert.ok(unsubscribe.url.startsWith(`${town.origin}/inbox/stop/`), unsubscribe.url);
  assert.ok(text.includes(unsubscribe.url), 'whose program knows no headers has the link');
});

test('a server that asks to wait gets the letter later, and once', async () => {
  refusals.set('hanako@example.jp', [[451, '4.7.1 greylisted']]);
  await send('待たされた手紙', '本文');
  const { subject } = await letter();
  assert.equal(subject, '待たされた手紙');
  await sleep(3000);
  assert.deepEqual(letters, []);
});

test('one press in a program of e-mail ends the letters, without signing in', async () => {
  await send('最後の手紙', '本文');
  const { unsubscribe } = (await letter()).headers.get('list');
  assert.equal((await fetch(unsubscribe.url)).status, 200, 'looking ends nothing');
  await send('まだ届く手紙', '本文');
  assert.equal((await letter()).subject, 'まだ届く手紙');
  const pressed = await fetch(unsubscribe.url, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click' });
  assert.equal(pressed.status, 200);
  await send('届かない手紙', '本文');
  await sleep(1500);
  assert.deepEqual(letters, []);
});

test('an address that is not there is written to once, and its person is told', async () => {
  await give('gone@example.jp');
  refusals.set('gone@example.jp', [[550, '5.1.1 no such user here']]);
  await send('届かない人への手紙', '本文');
  for (let waited = 0; !(await settings()).includes('このアドレスにはメールが届きませんでした'); waited += 100) {
    assert.ok(waited < 10_000, 'the settings say so');
    await sleep(100);
  }
  await send('もう送らない手紙', '本文');
  await sleep(1500);
  assert.deepEqual(letters, []);
});
