// A card reader on a machine of its own: what it says while something is missing, and that it goes on by itself.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { look, lookAtBoth, somebody } from '../lib/browser.mjs';
import { cardButton, live } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';
import { PASSWORD } from '../lib/town.mjs';

story('a card reader of its own', {}, async ({ town, browser, step }) => {
  const page = await somebody(browser);
  /** The code a browser shows for its proof. */
  const begin = async (page) => {
    await page.goto(`${town.origin}/start`);
    await cardButton(page).click();
    await page.waitForURL('**/start/read');
    return (await page.locator('.code-big').first().innerText()).trim();
  };
  const heading = (page) => page.locator('h1').innerText();

  await step('a reader without a card waits, in every language', async () => {
    const reader = await town.reader();
    const code = await begin(page);
    await page.goto(`${reader}/?code=${code}`);
    assert.equal(await page.locator('input[name="card"]').count(), 0, 'a card is laid, not chosen');
    await lookAtBoth(page, '08-start');
    await page.locator('input[name="own"]').check();
    await page.locator('main form button').click();
    assert.match(await heading(page), /待っています/);
    await lookAtBoth(page, '08-waiting');
    for (const language of ['en', 'ja-easy']) {
      await page.goto(`${reader}/card?code=${code}&own=yes&lang=${language}`);
      await lookAtBoth(page, `08-waiting-${language}`);
    }
    await page.goto(`${reader}/?lang=ja`);
  });

  for (const javaScriptEnabled of [true, false]) {
    await step(`the town goes away and comes back, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
      const reader = await town.reader('--cards', join(town.data, 'cards'));
      const parent = await somebody(browser, { javaScriptEnabled });
      const code = await begin(parent);
      const back = encodeURIComponent(`${town.origin}/start/done`);
      await parent.goto(`${reader}/?code=${code}&back=${back}`);
      await parent.locator('input[name="own"]').check();
      await parent.locator('input[name="card"][value="parent"]').check();
      await town.down();
      await parent.locator('main form button').click();
      await parent.getByText('カードはまだ読んでいません').waitFor();
      assert.equal(await parent.locator('input[type="password"]').count(), 0);
      await look(parent, `08-away-${javaScriptEnabled}`, { axe: javaScriptEnabled });
      await town.up();
      await parent.fill('#password', PASSWORD);
      await parent.locator('main form button').click();
      await parent.waitForURL(`${town.origin}/`);
      if (javaScriptEnabled) await live(parent, '住民パスポート');
      await parent.context().close();
    });
  }
});
