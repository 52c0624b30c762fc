// What people do with the passport: prove, apply, show, scan.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { press, somebody, write } from './browser.mjs';
import { PASSWORD } from './town.mjs';

prepareZXingModule({ overrides: { wasmBinary: readFileSync(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm')).buffer } });

/** Proves with the card of one of the cast, from the first page to the cards. */
export async function signIn(page, town, card) {
  await page.goto(`${town.origin}/start`);
  await byCard(page, town, card);
  await page.waitForURL(`${town.origin}/`);
}

/** The button of the way in that leads to the card reader. */
export const cardButton = (page) => page.locator('main form[method="post"][action="/start"] button');

/** From the first page of the way in through the card reader, to wherever the person was going. */
export async function byCard(page, town, card) {
  await cardButton(page).click();
  await page.locator(`a[href^="${town.station}"]`).click();
  await page.locator('input[name="own"]').check();
  await page.locator(`input[name="card"][value="${card}"]`).check();
  await page.locator('main form button').click();
  await page.fill('#password', PASSWORD);
  await page.locator('main form button').click();
}

/** The children of a household as the family knows them: name and date of birth, from the register. */
export function childrenOf(town, player) {
  const rows = town.register();
  return player.children.map((name) => {
    const row = rows.find((row) => row['氏名'] === name && row['住所'] === player.address);
    assert.ok(row, `${name} is in the register`);
    const [year, month, day] = row['生年月日'].split('-').map(Number);
    return { name, born: `${year}年${month}月${day}日` };
  });
}

/** A card on the screen by its title. */
export const card = (page, title) => page.locator('tegata-card .pass', { has: page.locator('.pass__title', { hasText: title }) }).first();

/** Waits until a card shows its code. */
export async function live(page, title) {
  const pass = card(page, title);
  await pass.waitFor();
  await pass.scrollIntoViewIfNeeded();
  await pass.locator('.pass__qr svg').waitFor();
  return pass;
}

/** What a phone shows, read from its screen by another maker's reader. */
export async function shown(page, title) {
  const pass = await live(page, title);
  const [found] = await readBarcodes(new Blob([await pass.locator('.pass__qr').screenshot({ animations: 'disabled' })]), { formats: ['QRCode'] });
  assert.match(found?.text ?? 'no code on the screen', /^TGT1:/);
  return found.text;
}

/** What a phone shows after what it has shown before. */
export async function shownNext(page, title, before) {
  for (let tries = 0; tries < 30; tries++) {
    const next = await shown(page, title);
    if (next !== before) return next;
    await page.waitForTimeout(500);
  }
  throw new Error('the code is not renewed');
}

/** A browser paired to a place. */
export async function counter(browser, town, place, options = {}) {
  const page = await somebody(browser, options);
  await page.goto(`${town.origin}/verify`);
  await write(page, page.locator('#pair-code'), (options.code ?? town.pairingCode(place)).toLowerCase());
  await page.keyboard.press('Enter');
  await page.waitForSelector('#hand-scan');
  return page;
}

const KEYS = { $: 'Digit4', '%': 'Digit5', '*': 'Digit8', '+': 'Equal', ':': 'Semicolon', '-': 'Minus', '.': 'Period', '/': 'Slash', ' ': 'Space' };

/** A hand scanner is a keyboard that is very fast: every key with its place and Shift, Enter at the end. */
export async function scan(page, text) {
  await page.evaluate(([scanned, places]) => {
    const strike = (key, code, shiftKey) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, code, shiftKey, bubbles: true, cancelable: true }));
    for (const key of scanned) strike(key, places[key] ?? (/\d/.test(key) ? `Digit${key}` : `Key${key}`), /[A-Z$%*+:]/.test(key));
    strike('Enter', 'Enter', false);
  }, [text, KEYS]);
  return verdictOf(page);
}

async function verdictOf(page) {
  const verdict = page.locator('.verdict');
  await verdict.waitFor();
  const [classes, why, text] = [await verdict.getAttribute('class'), await verdict.locator('.verdict__why').innerText(), await verdict.innerText()];
  return { yes: /verdict--yes/.test(classes), why, text };
}

/** The next person at the counter. */
export async function next(page) {
  await page.keyboard.press('Escape');
  await page.waitForSelector('.verdict', { state: 'detached' });
}

export async function scanned(page, text) {
  const verdict = await scan(page, text);
  await next(page);
  return verdict;
}

/** Applies for what is on offer for a child and gives the page with the card. */
export async function applyFor(page, title, child) {
  await press(page, page.locator('a.link-card', { hasText: title }).filter({ hasText: child.born }).first());
  await write(page, page.locator('#name'), child.name);
  await page.keyboard.press('Enter');
}

/** A member of staff of a demonstration, without a passkey. */
export async function clerk(browser, town, options = {}) {
  const page = await somebody(browser, options);
  await page.goto(town.staffLink);
  await page.getByRole('button', { name: 'パスキーなしで体験する' }).click();
  await page.waitForURL(`${town.origin}/staff`);
  return page;
}

/** Gives a page's browser an authenticator that knows its owner; gives the line to it. */
export async function authenticator(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
  return {
    /** The passkeys it holds. */
    passkeys: async () => (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    /** Takes a passkey over, as a synchronised account does. */
    take: (credential) => devtools.send('WebAuthn.addCredential', { authenticatorId, credential }),
  };
}
