// The way to the mail server is secured by STARTTLS (RFC 3207) or no letter goes: with a server of another make (smtp-server), certificates of openssl, and
// somebody between who strikes STARTTLS out of the greeting or shows another certificate.
// Run: npm ci && node --test starttls.test.mjs (here and in ../../../identity/tests/independent; the binary is TEGATA, or target/debug/tegata)
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { Browser } from '../../../identity/tests/independent/browser.mjs';
import { App } from '../../../identity/tests/independent/people.mjs';
import { Town } from '../../../identity/tests/independent/town.mjs';

const folder = mkdtempSync(join(tmpdir(), 'tegata-starttls-'));
const town = new Town();
const resident = new Browser();
const letters = [];
/** What came before and after the way was secured. */
const seen = { signedIn: [], senders: [] };
let server;
let app;

const openssl = (...words) => execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** An authority, and the certificate it gives `localhost`. */
function authority(name) {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  writeFileSync(join(folder, `${name}.ext`), 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n');
  openssl('req', '-x509', ...key, '-keyout', `${name}.ca.key`, '-out', `${name}.ca.pem`, '-subj', `/CN=${name}`, '-days', '2');
  openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=localhost');
  openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${name}.ca.pem`, '-CAkey', `${name}.ca.key`, '-CAcreateserial', '-out', `${name}.pem`, '-days', '2', '-extfile', `${name}.ext`);
  const read = (file) => readFileSync(join(folder, file));
  return { ca: read(`${name}.ca.pem`), key: read(`${name}.key`), cert: read(`${name}.pem`) };
}

/** Ends the connections that are open, so that the next letter greets anew. */
const hangUp = () => { for (const connection of [...server.connections]) connection.close(); };

async function came(within) {
  for (let waited = 0; waited < within; waited += 50) {
    if (letters.length > 0) return letters.shift();
    await sleep(50);
  }
  return null;
}

async function asksForCode(address) {
  const answer = await resident.open(`${town.origin}/inbox/mail`, { address });
  assert.equal(answer.status, 303, answer.page);
}

const ours = authority('town');
const another = authority('another');

before(async () => {
  server = new SMTPServer({
    key: ours.key,
    cert: ours.cert,
    onAuth({ username }, session, done) { seen.signedIn.push([username, session.secure]); done(null, { user: username }); },
    onMailFrom({ address }, session, done) { seen.senders.push([address, session.secure]); done(); },
    onData(stream, session, done) { simpleParser(stream).then((parsed) => { letters.push(parsed); done(); }, done); },
  });
  server.on('error', () => { /* who does not trust the certificate hangs up */ });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  process.env.TEGATA_MAIL_PASSWORD = 'a password of the town';
  mkdirSync(join(town.data, 'keys'), { recursive: true });
  writeFileSync(join(town.data, 'keys/mail.ca.pem'), ours.ca);
  await town.choosePort();
  app = await App.start(town);
  town.offer(`
[mail]
from = "pass@town.example.jp"
host = "localhost"
port = ${server.server.address().port}
tls = "starttls"
user = "town"

[[notice_topic]]
id = "town"
name = { ja = "まち", ja-easy = "町（まち）", en = "Town" }

${app.pack}`);
  await app.open();
  await app.signIn(resident);
});

after(async () => {
  app?.end();
  await town.end();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

test('a letter goes once the way is secured, and nothing is said before', async () => {
  await asksForCode('hanako@example.jp');
  const letter = await came(20_000);
  assert.equal(letter?.to.value[0].address, 'hanako@example.jp', town.said.slice(-5).join('\n'));
  assert.deepEqual(seen.signedIn, [['town', true]]);
  assert.deepEqual(seen.senders, [['pass@town.example.jp', true]]);
});

test('where STARTTLS was struck out nothing is said, and the letter goes when it is back', async () => {
  seen.signedIn.length = 0;
  seen.senders.length = 0;
  server.options.hideSTARTTLS = true;
  hangUp();
  await asksForCode('taro@example.jp');
  assert.equal(await came(3000), null);
  assert.deepEqual(seen, { signedIn: [], senders: [] });
  server.options.hideSTARTTLS = false;
  assert.equal((await came(60_000))?.to.value[0].address, 'taro@example.jp');
});

test('a certificate of somebody else is not believed', async () => {
  seen.signedIn.length = 0;
  seen.senders.length = 0;
  server.updateSecureContext({ key: another.key, cert: another.cert });
  hangUp();
  await asksForCode('jiro@example.jp');
  assert.equal(await came(3000), null);
  assert.deepEqual(seen, { signedIn: [], senders: [] });
  server.updateSecureContext({ key: ours.key, cert: ours.cert });
  assert.equal((await came(60_000))?.to.value[0].address, 'jiro@example.jp');
});
