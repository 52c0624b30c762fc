// From a resident's card to a green yes at the clinic.
import assert from 'node:assert/strict';
import { DESK, look, lookAtBoth, press, somebody, write } from '../lib/browser.mjs';
import { card, cardButton, childrenOf, counter, live, next, scan, shown } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';
import { PASSWORD } from '../lib/town.mjs';

const CERTIFICATE = '子ども医療費受給資格証';
const CLINIC = '中央こどもクリニック';

story('from a resident’s card to a green yes', {}, async ({ town, browser, step }) => {
  const parent = await somebody(browser);
  const [child] = childrenOf(town, town.cast.parent);
  let compared;
  const submit = () => parent.locator('main form button').first();

  await step('the first page says what this is', async () => {
    await parent.goto(town.origin);
    await look(parent, '01-landing');
    await press(parent, parent.getByRole('link', { name: /はじめる/ }));
    await parent.waitForURL('**/start');
  });
  await step('what will happen is told before it does', async () => {
    await look(parent, '01-start');
    await press(parent, cardButton(parent));
    await parent.waitForURL('**/start/read');
    await look(parent, '01-read');
    compared = await parent.locator('main .panel b.num').innerText();
  });
  await step('at the reader, the parent’s card is chosen', async () => {
    await press(parent, parent.getByRole('link', { name: 'カードリーダーで読む' }));
    await parent.waitForURL(`${town.station}/**`);
    await look(parent, '01-station');
    const number = await parent.locator('.code-big').innerText();
    assert.match(number, /^\d\d$/);
    assert.equal(number, compared, 'the reader and the asking screen show the same number');
    await parent.locator('input[name="own"]').check();
    await parent.locator('input[name="card"][value="parent"]').check();
    await press(parent, submit());
    await parent.waitForURL('**/card?**');
    await look(parent, '01-password');
  });
  await step('a wrong password tells how many tries are left', async () => {
    await write(parent, parent.locator('#password'), 'WRONG99');
    await parent.keyboard.press('Enter');
    await parent.getByRole('alert').waitFor();
    assert.match(await parent.getByRole('alert').innerText(), /あと4回/);
    await look(parent, '01-password-wrong');
  });
  await step('the right one leads back to the app, signed in', async () => {
    await write(parent, parent.locator('#password'), PASSWORD);
    await parent.keyboard.press('Enter');
    await parent.waitForURL(`${town.origin}/`);
    await live(parent, '住民パスポート');
    await look(parent, '01-home');
  });
  await step('a wrong name of the child is kept and explained', async () => {
    await press(parent, parent.locator('a.link-card', { hasText: CERTIFICATE }).filter({ hasText: child.born }).first());
    await parent.waitForURL('**/apply/**');
    await look(parent, '01-apply');
    await write(parent, parent.locator('#name'), '青空　はな');
    await parent.keyboard.press('Enter');
    await parent.locator('#name-error').waitFor();
    assert.equal(await parent.inputValue('#name'), '青空　はな');
    assert.equal(await parent.locator('#name').getAttribute('aria-invalid'), 'true');
    await look(parent, '01-apply-wrong');
  });
  await step('with the right name the certificate appears at once, with a live code', async () => {
    await write(parent, parent.locator('#name'), child.name.replaceAll('　', ' '));
    await parent.keyboard.press('Enter');
    await parent.waitForURL(`${town.origin}/`);
    const pass = await live(parent, CERTIFICATE);
    assert.match(await pass.innerText(), new RegExp(child.name.replace(/\s/g, '\\s')));
    const before = await pass.locator('.pass__qr path').getAttribute('d');
    await parent.waitForFunction(([element, drawn]) => element.querySelector('.pass__qr path')?.getAttribute('d') !== drawn, [await pass.elementHandle(), before]);
    await look(parent, '01-home-certificate');
  });
  await step('the card turns over and fills the screen by keyboard', async () => {
    const pass = card(parent, CERTIFICATE);
    await press(parent, pass.locator('.pass__front [data-flip]'));
    await pass.locator('.pass__back').waitFor();
    assert.match(await pass.locator('.pass__back').innerText(), /88029905/);
    await look(parent, '01-card-back');
    await press(parent, pass.locator('.pass__back [data-flip]'));
    await press(parent, pass.locator('.pass__qr'));
    await parent.locator('dialog[open] svg').first().waitFor();
    await look(parent, '01-card-bright');
    await parent.keyboard.press('Escape');
  });

  const place = await step('the clinic pairs its browser with a code', async () => {
    const unpaired = await somebody(browser);
    await unpaired.goto(`${town.origin}/verify`);
    await unpaired.waitForSelector('#pair-code');
    await write(unpaired, unpaired.locator('#pair-code'), 'AAAA0000');
    await unpaired.keyboard.press('Enter');
    await unpaired.waitForFunction(() => document.querySelector('#pair-error')?.textContent);
    await lookAtBoth(unpaired, '01-pair-wrong');
    await unpaired.context().close();
    const paired = await counter(browser, town, CLINIC, { size: DESK });
    await paired.getByText(CLINIC).first().waitFor();
    await lookAtBoth(paired, '01-scanner');
    return paired;
  });
  await step('the scan answers with a big green yes, numbers and barcode', async () => {
    const verdict = await scan(place, await shown(parent, CERTIFICATE));
    await lookAtBoth(place, '01-yes');
    assert.ok(verdict.yes, verdict.text);
    assert.match(verdict.text, /公費負担者番号\s*88029905/);
    assert.match(verdict.text, /受給者番号\s*\d{7}/);
    assert.match(verdict.text, /自己負担なし/);
    assert.ok(verdict.text.includes(child.born), verdict.text);
    assert.equal(await place.locator('.verdict .barcode svg path').count(), 1);
    await next(place);
    assert.ok(!(await place.locator('main').innerText()).includes(child.name), 'recent answers name nobody');
  });
  await step('the parent sees the look in the access log', async () => {
    await parent.goto(`${town.origin}/me`);
    const line = parent.locator('tr', { hasText: CLINIC });
    assert.match(await line.first().innerText(), /使えます/);
    await look(parent, '01-me');
  });
});
