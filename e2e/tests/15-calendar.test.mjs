// Garbage days, sorting and the board for anybody; one's own district without asking; the desk of whoever keeps it.
import assert from 'node:assert/strict';
import { DESK, lookAtBoth, press, somebody, write } from '../lib/browser.mjs';
import { clerk, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

story('the calendar', { residents: 300 }, async ({ town, browser, step }) => {
  const page = await somebody(browser);

  await step('anybody chooses a district and sees what is collected', async () => {
    await page.goto(`${town.origin}/calendar`);
    await lookAtBoth(page, '15-calendar');
    await page.goto(`${town.origin}/calendar?lang=en`);
    await lookAtBoth(page, '15-english');
  });

  await step('who reads English sees no Japanese kind and finds an item by an English word', async () => {
    await page.goto(`${town.origin}/calendar?lang=en&area=${encodeURIComponent('大湊地区')}`);
    const kinds = await page.locator('main .kind').allInnerTexts();
    assert.ok(kinds.includes('Burnable'), kinds.join('; '));
    assert.deepEqual(kinds.filter((kind) => /[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u.test(kind)), []);
    assert.match(await page.locator('main').innerText(), /Ominato/);
    await lookAtBoth(page, '15-english-kinds');
    await page.goto(`${town.origin}/calendar/garbage`);
    await write(page, page.locator('main input[name="q"]'), 'batteries');
    await page.keyboard.press('Enter');
    await page.getByText('Put tape over the terminals').waitFor();
    await lookAtBoth(page, '15-english-sorting');
  });

  await step('how something is thrown away is found by its reading', async () => {
    await page.goto(`${town.origin}/calendar/garbage?lang=ja`);
    await write(page, page.locator('main input[name="q"]'), 'てれび');
    await page.keyboard.press('Enter');
    await page.getByText('家電リサイクル法').waitFor();
    await lookAtBoth(page, '15-sorting');
  });

  await step('a screen in the hall shows a district and nobody', async () => {
    await page.goto(`${town.origin}/calendar/board`);
    await lookAtBoth(page, '15-board-districts');
    await press(page, page.locator('main a').first());
    await page.locator('.board').waitFor();
    await lookAtBoth(page, '15-board');
  });

  await step('a resident sees their own district without being asked', async () => {
    await signIn(page, town, 'parent');
    await page.goto(`${town.origin}/calendar`);
    assert.match(await page.locator('main').innerText(), /地区 のごみの日/);
    await lookAtBoth(page, '15-mine');
  });

  await step('the desk and its form', async () => {
    const staff = await clerk(browser, town, { size: DESK });
    await staff.goto(`${town.origin}/staff/calendar`);
    await lookAtBoth(staff, '15-desk');
    await staff.goto(`${town.origin}/staff/calendar/new`);
    await lookAtBoth(staff, '15-new');
  });
});
