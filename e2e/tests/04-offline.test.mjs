// The line is cut: the counter goes on, says how old its knowledge is, and delivers later.
import assert from 'node:assert/strict';
import { DESK, look, somebody } from '../lib/browser.mjs';
import { applyFor, card, childrenOf, clerk, counter, live, next, scan, scanned, shown, shownNext, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

const CERTIFICATE = '子ども医療費受給資格証';
const CLINIC = '中央こどもクリニック';

story('the centre is gone and comes back', {}, async ({ town, browser, step }) => {
  const [parent, grandmother] = [await somebody(browser), await somebody(browser)];
  const place = await counter(browser, town, CLINIC, { size: DESK });
  let staff, before, used;

  const uses = async () => {
    await staff.goto(`${town.origin}/staff/use`);
    const row = staff.getByRole('row', { name: new RegExp(CLINIC) });
    return (await row.count()) ? (await row.locator('td').allInnerTexts()).map(Number) : [0, 0];
  };

  await step('two phones hold the certificate, the clinic has used it once', async () => {
    await signIn(parent, town, 'parent');
    await applyFor(parent, CERTIFICATE, childrenOf(town, town.cast.parent)[0]);
    await live(parent, CERTIFICATE);
    await card(parent, CERTIFICATE).getByRole('link', { name: '家族と分けあう' }).click();
    await parent.getByRole('button', { name: 'コードを表示する' }).click();
    await grandmother.goto(`${town.origin}/join/${(await parent.locator('.code-big').innerText()).replace(/\s/g, '')}`);
    await grandmother.fill('#label', 'ばあば');
    await grandmother.keyboard.press('Enter');
    await live(grandmother, CERTIFICATE);
    await parent.goto(town.origin);
    assert.ok((await scanned(place, used = await shown(parent, CERTIFICATE))).yes);
    staff = await clerk(browser, town, { size: DESK });
    before = await uses();
    assert.deepEqual(before, [1, 0]);
  });
  await step('the share ends while the grandmother’s phone has no network; the clinic syncs', async () => {
    await grandmother.evaluate(() => navigator.serviceWorker?.ready);
    await grandmother.context().setOffline(true);
    const other = await parent.context().newPage();
    await other.goto(`${town.origin}/`);
    await card(other, CERTIFICATE).getByRole('link', { name: '家族と分けあう' }).click();
    await other.getByRole('button', { name: /終える.*ばあば/ }).click();
    await other.waitForFunction(() => !document.querySelector('main').innerText.includes('ばあば'));
    await other.close();
    const synced = place.waitForResponse((answer) => answer.url().endsWith('/verifier/sync'));
    await place.evaluate(() => dispatchEvent(new Event('online')));
    await synced;
  });
  await step('the plug is pulled: a valid card is still a yes, with the age of what is known', async () => {
    await town.down();
    const verdict = await scan(place, await shownNext(parent, CERTIFICATE, used));
    await look(place, '04-offline-yes');
    assert.ok(verdict.yes, verdict.text);
    assert.match(verdict.text, /控えで確認/);
    assert.match(verdict.text, /受給者番号\s*\d{7}/);
    await next(place);
    assert.match(await place.locator('.status-strip').innerText(), /つながっていません/);
    assert.match(await place.locator('.status-strip').innerText(), /未送信 1件/);
    await look(place, '04-offline-scanner');
  });
  await step('a card ended before the last sync is a no', async () => {
    const verdict = await scan(place, await shown(grandmother, CERTIFICATE));
    await look(place, '04-offline-no');
    assert.equal(verdict.yes, false);
    assert.match(verdict.why, /使えなくなって|終わって/);
    await next(place);
  });
  await step('the phone says that it has no network and still shows its code', async () => {
    await parent.waitForSelector('.pass[data-state="offline"]', { timeout: 40_000 });
    await look(parent, '04-phone-offline');
  });
  await step('both pages open again without the centre', async () => {
    for (const page of [parent, place]) await page.reload();
    await place.waitForSelector('#hand-scan');
    await live(parent, CERTIFICATE);
  });
  await step('the centre is back: what was answered is delivered once', async () => {
    await town.up();
    await place.evaluate(() => dispatchEvent(new Event('online')));
    await place.waitForFunction(() => !/未送信/.test(document.querySelector('.status-strip')?.textContent ?? '未送信'), undefined, { timeout: 20_000 });
    assert.deepEqual(await uses(), [2, 1]);
    await place.reload();
    await place.waitForSelector('#hand-scan');
    assert.deepEqual(await uses(), [2, 1]);
  });
  await step('the parent sees the offline look too', async () => {
    await parent.goto(`${town.origin}/me`);
    assert.equal(await parent.locator('tr', { hasText: CLINIC }).count(), 2);
  });
});
