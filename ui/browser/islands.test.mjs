// The islands in a real browser: `npm run browser` (Debian's chromium, or CHROMIUM=…). Needs the WebAssembly module and `npm run build`.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { chromium } from 'playwright-core';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { PAIRING_CODE, startTown } from './town.mjs';

const find = createRequire(import.meta.url).resolve;
const axe = readFileSync(find('axe-core/axe.min.js'), 'utf8');
prepareZXingModule({ overrides: { wasmBinary: readFileSync(find('zxing-wasm/reader/zxing_reader.wasm')).buffer } });

let browser, town;
before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
});
after(() => browser.close());
beforeEach(async () => { town = await startTown(); });
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await town.stop();
});

async function open(path, { width = 360, height = 760 } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: width < 700 ? 2 : 1, });
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (fault) => page.faults.push(fault.message));
  page.on('console', (message) => { if (/Content Security Policy/.test(message.text())) page.faults.push(message.text()); });
  await page.goto(town.base + path);
  return page;
}

async function phone() {
  const page = await open('/');
  await page.waitForSelector('.pass__qr svg');
  return page;
}

async function counter(options) {
  const page = await open('/verify', options);
  await page.fill('#pair-code', PAIRING_CODE.toLowerCase());
  await page.keyboard.press('Enter');
  await page.waitForSelector('#hand-scan');
  return page;
}

/** What the phone shows, read from its screen by another maker's reader. */
async function shownBy(page) {
  const [found] = await readBarcodes(new Blob([await page.locator('.pass__qr').screenshot()]), { formats: ['QRCode'] });
  assert.match(found?.text ?? 'no code on the screen', /^TGT1:/);
  return found.text;
}

/** A hand scanner: a keyboard that is very fast. With an input method on, the keys are swallowed and only their places are told. */
async function scan(page, text, inputMethod = false) {
  await page.evaluate(([scanned, swallowed]) => {
    const places = { $: 'Digit4', '%': 'Digit5', '*': 'Digit8', '+': 'Equal', ':': 'Semicolon', '-': 'Minus', '.': 'Period', '/': 'Slash', ' ': 'Space' };
    const strike = (key, code, shiftKey) => document.dispatchEvent(new KeyboardEvent('keydown', { key: swallowed ? 'Process' : key, code: swallowed ? code : '', shiftKey, bubbles: true }));
    for (const character of scanned) strike(character, places[character] ?? (/\d/.test(character) ? `Digit${character}` : `Key${character}`), /[A-Z$%*+:]/.test(character));
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', code: 'Enter', bubbles: true }));
  }, [text, inputMethod]);
  await page.waitForSelector('.verdict');
  const verdict = { yes: await page.locator('.verdict--yes').count() === 1, why: await page.locator('.verdict__why').innerText(), text: await page.locator('.verdict').innerText() };
  await page.keyboard.press('Escape');
  await page.waitForSelector('.verdict', { state: 'detached' });
  return verdict;
}

async function assertAccessible(page) {
  assert.deepEqual(page.faults, []);
  const { violations } = await page.evaluate(`${axe}; axe.run()`);
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].target}`), []);
  assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'no sideways scrolling');
}

test('a phone makes a key, shows its card and renews the code', async () => {
  const page = await phone();
  assert.equal(town.state.phones.size, 1);
  const first = await shownBy(page);
  await page.waitForFunction((path) => document.querySelector('.pass__qr path')?.getAttribute('d') !== path, await page.locator('.pass__qr path').getAttribute('d'), { timeout: 8_000 });
  assert.notEqual(await shownBy(page), first);
  const exported = await page.evaluate(() => new Promise((resolve) => {
    indexedDB.open('tegata').onsuccess = ({ target }) => {
      target.result.transaction('phone').objectStore('phone').get('me').onsuccess = ({ target: { result } }) => crypto.subtle.exportKey('jwk', result.privateKey).then(() => resolve('exported'), () => resolve('refused'));
    };
  }));
  assert.equal(exported, 'refused', 'the key stays in the phone');
  await assertAccessible(page);
});

test('the same phone is not registered twice, and one that the centre does not know registers again only when told to', async () => {
  const page = await phone();
  await page.reload();
  await page.waitForSelector('.pass__qr svg');
  assert.equal(town.state.phones.size, 1);
  town.state.phones.clear();
  await page.reload();
  await page.waitForSelector('.notice--error button');
  assert.equal(town.state.phones.size, 0, 'not by itself');
  assert.equal(await page.locator('.pass').count(), 0);
  await assertAccessible(page);
  await page.locator('.notice--error button').click();
  await page.waitForSelector('.pass__qr svg');
  assert.equal(town.state.phones.size, 1);
});

test('a phone that was ended shows no card, makes no new key and says how to begin again', async () => {
  const page = await phone();
  town.state.ended = true;
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await page.waitForSelector('.notice--error a[href="/start?card=yes"]');
  assert.equal(await page.locator('.pass').count(), 0);
  await page.evaluate(() => dispatchEvent(new Event('online')));
  assert.equal(town.state.phones.size, 1);
  assert.equal(await page.evaluate(() => new Promise((resolve) => {
    indexedDB.open('tegata').onsuccess = ({ target }) => {
      target.result.transaction('phone').objectStore('phone').count().onsuccess = ({ target: { result } }) => resolve(result);
    };
  })), 0, 'the key is gone');
  await assertAccessible(page);
});

test('the card turns over, fills the screen and closes by keyboard', async () => {
  const page = await phone();
  await page.locator('.pass__front [data-flip]').focus();
  await page.keyboard.press('Enter');
  assert.ok(await page.locator('.pass__back').isVisible());
  await page.keyboard.press('Enter');
  assert.ok(await page.locator('.pass__front').isVisible());
  await page.locator('.pass__qr').focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog.bright[open] svg');
  await assertAccessible(page);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('dialog.bright[open]').count(), 0);
});

test('a phone whose clock is wrong says so, and its codes are right all the same', async () => {
  town.state.clockAheadS = 400;
  const page = await phone();
  assert.match(await page.locator('.notice').innerText(), /400/);
});

test('online the centre decides, offline the copy does, and the log arrives once', async () => {
  const [card, place] = [await phone(), await counter({ width: 1280, height: 800 })];
  const online = await scan(place, await shownBy(card));
  assert.ok(online.yes && online.text.includes('1234567'));
  assert.equal(town.state.decisions.length, 1);

  town.state.down = true;
  const shown = await shownBy(card);
  const offline = await scan(place, shown);
  assert.ok(offline.yes && offline.why.includes('2099年3月31日'), offline.why);
  assert.equal((await scan(place, shown)).yes, false, 'the same code twice');
  assert.match(await place.locator('.status-strip').innerText(), /2/);

  town.state.down = false;
  await place.evaluate(() => dispatchEvent(new Event('online')));
  await place.waitForFunction(() => !/2件/.test(document.querySelector('.status-strip')?.textContent ?? ''));
  assert.equal(new Set(town.state.delivered.map(({ id }) => id)).size, 2);
  assert.equal(town.state.delivered.length, 2);
  assert.ok(!JSON.stringify(town.state.delivered).includes('1234567'), 'no disclosed value in the log');
  await assertAccessible(place);
});

test('a card revoked before the last sync is refused offline, and the phone says why', async () => {
  const [card, place] = [await phone(), await counter()];
  const shown = await shownBy(card);
  town.state.revoked = true;
  await place.evaluate(() => dispatchEvent(new Event('online')));
  await place.waitForTimeout(500);
  town.state.down = true;
  const verdict = await scan(place, shown);
  assert.equal(verdict.yes, false);
  assert.ok(!verdict.text.includes('1234567'));
  town.state.down = false;
  await card.evaluate(() => dispatchEvent(new Event('online')));
  await card.waitForSelector('.pass[data-state="ended"]');
  assert.match(await card.locator('.pass__message').innerText(), /転出/);
  assert.equal(await card.locator('.pass__qr svg').count(), 0);
});

test('without a network both pages open from the service worker and go on working', async () => {
  const [card, place] = [await phone(), await counter()];
  for (const page of [card, place]) {
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(async () => (await caches.match('/verify')) && (await caches.match('/offline')));
  }
  town.state.down = true;
  await Promise.all([card.reload(), place.reload()]);
  await Promise.all([card.waitForSelector('.pass__qr svg'), place.waitForSelector('#hand-scan')]);
  assert.equal(await card.locator('.pass').getAttribute('data-state'), 'offline');
  assert.ok((await scan(place, await shownBy(card))).yes);
  const kept = await card.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)))).flat());
  assert.deepEqual(kept.filter((path) => path.startsWith('/api/')), [], 'no answer of the API is kept by the service worker');
});

test('a hand scanner is understood while an input method is on', async () => {
  const [card, place] = [await phone(), await counter()];
  const shown = await shownBy(card);
  assert.ok((await scan(place, shown, true)).yes);
  assert.equal(town.state.decisions.at(-1).presentation, shown);
});

test('a wrong pairing code is told in place', async () => {
  const page = await open('/verify');
  await page.fill('#pair-code', 'XXXX');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('#pair-error')?.textContent);
  assert.equal(await page.locator('#pair-code').getAttribute('aria-invalid'), 'true');
  await assertAccessible(page);
});

test('the what-if box counts, draws and underlines', async () => {
  const page = await open('/staff', { width: 1280, height: 900 });
  await page.waitForSelector('.bars');
  assert.match(await page.locator('output').innerText(), /1,234/);
  await page.fill('#rule', 'resident.current &&\n toady');
  await page.waitForSelector('.rule-box__marks mark');
  assert.equal(await page.locator('.rule-box__marks mark').innerText(), 'toady');
  await assertAccessible(page);
});
