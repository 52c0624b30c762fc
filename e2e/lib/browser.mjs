// Browsers as people have them, and what is asked of every page they see.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--lang=ja'];
const SHOTS = join(import.meta.dirname, '../shots');
export const PHONE = { width: 360, height: 740 };
export const DESK = { width: 1280, height: 800 };

export async function launch() {
  mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS, env: { ...process.env, LANGUAGE: 'ja' } });
}

/** A browser of somebody's own: nothing is shared with the others. */
export async function somebody(browser, { size = PHONE, ...options } = {}) {
  const context = await browser.newContext({ viewport: size, deviceScaleFactor: size.width < 700 ? 2 : 1, locale: 'ja-JP', timezoneId: 'Asia/Tokyo', ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (fault) => page.faults.push(fault.message));
  page.on('console', (message) => { if (/Content Security Policy/.test(message.text())) page.faults.push(message.text()); });
  page.on('response', (answer) => { if (answer.status() >= 500) page.faults.push(`${answer.status()} ${answer.url()}`); });
  return page;
}

/** What every page owes to whoever sees it; a picture of it goes to `shots/`. */
export async function look(page, name, { sizes = [page.viewportSize()], axe = true } = {}) {
  const before = page.viewportSize();
  for (const size of sizes) {
    if (size.width !== page.viewportSize().width || size.height !== page.viewportSize().height) await page.setViewportSize(size);
    const where = `${name} at ${size.width}`;
    await page.screenshot({ path: join(SHOTS, `${name}-${size.width}.png`), fullPage: true, animations: 'disabled', scale: 'css' });
    const wrong = [...page.faults.splice(0), ...await page.evaluate(untranslated), ...await page.evaluate(sideways), ...axe ? await grave(page) : []];
    assert.deepEqual(wrong, [], where);
  }
  if (sizes.length > 1) await page.setViewportSize(before);
}

export const lookAtBoth = (page, name) => look(page, name, { sizes: [PHONE, DESK] });

async function grave(page) {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] }).analyze();
  const told = ({ id, nodes }) => `${id}: ${nodes.map(({ target, html }) => `${target} ${html.slice(0, 160)}`).slice(0, 3).join(' | ')}`;
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(told);
}

/** Visible texts and labels that are a key of a catalogue. */
function untranslated() {
  const isKey = (text) => /^[a-z]+([-.][a-z]+)+$/.test(text.trim());
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (!isKey(data) || parentElement.closest('script, style, template, code, pre, textarea, noscript')) continue;
    if (parentElement.checkVisibility()) found.push(data.trim());
  }
  for (const element of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]')) {
    for (const name of ['aria-label', 'title', 'placeholder', 'alt']) if (isKey(element.getAttribute(name) ?? '')) found.push(element.getAttribute(name));
  }
  return found;
}

function sideways() {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  const wide = [...document.body.querySelectorAll('*')].filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && element.checkVisibility());
  return [`${document.documentElement.scrollWidth} > ${innerWidth}`, ...wide.slice(0, 3).map((element) => element.outerHTML.slice(0, 120))];
}

/** Tabs to an element, as who has no mouse does. */
export async function tabTo(page, target) {
  await target.waitFor();
  for (let tabs = 0; tabs < 120; tabs++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${target} cannot be reached by keyboard`);
}

/** Tabs to a button or link and presses Enter; where that leads away, the page it leads to is there. */
export async function press(page, target) {
  await tabTo(page, target);
  await page.evaluate(noteLeaving);
  let saved;
  const download = new Promise((resolve) => page.once('download', saved = resolve));
  await page.keyboard.press('Enter');
  await Promise.race([page.waitForFunction(() => !window.leaving, null, { polling: 50 }), download]);
  page.off('download', saved);
  await page.waitForLoadState('domcontentloaded');
}

/** Notes on the window, which the next page does not share, that a form or a link leads away and no script took it over. */
function noteLeaving() {
  window.leaving = false;
  addEventListener('submit', (event) => {
    if (!event.defaultPrevented && event.target.getAttribute('method') !== 'dialog' && event.target.target !== '_blank') window.leaving = true;
  }, { once: true });
  addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    if (link && !event.defaultPrevented && link.target !== '_blank' && link.href.split('#')[0] !== location.href.split('#')[0]) window.leaving = true;
  }, { once: true });
}

/** Opens a page again until what is still on its way to it is there. */
export async function openUntil(page, address, target) {
  for (let tries = 0; tries < 50; tries++) {
    await page.goto(address);
    if (await target.count() > 0) return;
    await page.waitForTimeout(200);
  }
  throw new Error(`${target} did not come to ${address}`);
}

/** Tabs to a field and types. */
export async function write(page, target, text) {
  await tabTo(page, target);
  await target.selectText();
  await page.keyboard.insertText(text);
}
