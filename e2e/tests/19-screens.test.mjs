// Calendars of others, lists as files, hazard areas in words, and the big screens: worked with the arrow keys of a remote.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DESK, look, lookAtBoth, press, somebody } from '../lib/browser.mjs';
import { clerk, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

const TELEVISIONS = [{ width: 1280, height: 720 }, { width: 1920, height: 1080 }];
const ICS = readFileSync(join(import.meta.dirname, '../../crates/calendar/tests/data/others/ics.ics'));

// A day of the next ones in Japan; towards the end of a month it lies in the month after.
const SOON = new Date(Date.now() + (9 + 24 * 3) * 3_600_000).toISOString().slice(0, 10);

/** An event of that day, as a club's program writes it. */
function coming(title) {
  const day = SOON.replaceAll('-', '');
  return `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//club//JA\r\nBEGIN:VEVENT\r\nUID:soon@club.example\r\nDTSTAMP:20261101T000000Z\r\nDTSTART;VALUE=DATE:${day}\r\nSUMMARY:${title}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
}

story('screens and calendars of others', { residents: 300 }, async ({ town, browser, step }) => {
  const staff = await clerk(browser, town, { size: DESK });
  const page = await somebody(browser);

  await step('the staff bring a calendar, and a broken one says where', async () => {
    await staff.goto(`${town.origin}/staff/calendar/feeds`);
    await lookAtBoth(staff, '19-feeds');
    await press(staff, staff.getByRole('link', { name: '大畑公民館（架空）' }));
    const bring = async (buffer) => {
      await staff.locator('#file').setInputFiles({ name: 'calendar.ics', mimeType: 'text/calendar', buffer });
      await press(staff, staff.getByRole('button', { name: '入れる' }));
    };
    await bring(ICS);
    await staff.getByText('誤りはありません').waitFor();
    await bring(Buffer.from(coming('雪まつりの準備')));
    await staff.getByText('表示中のファイル').waitFor();
    await bring(Buffer.from(coming('雪まつりの準備').replace('END:VEVENT\r\nEND:VCALENDAR\r\n', '')));
    await staff.getByText('ファイルが途中で切れています').waitFor();
    await lookAtBoth(staff, '19-feed');
  });

  await step('everybody of the district sees it, marked as of others', async () => {
    await page.goto(`${town.origin}/calendar?month=${SOON.slice(0, 7)}&area=${encodeURIComponent('大畑地区')}`);
    assert.match(await page.locator('main').innerText(), /大畑公民館（架空） の予定/);
    await lookAtBoth(page, '19-month');
    await page.goto(`${town.origin}/calendar?month=2027-01&area=${encodeURIComponent('大湊地区')}`);
    const month = await page.locator('main').innerText();
    assert.match(month, /元日/);
    assert.match(month, /成人の日/);
    await lookAtBoth(page, '19-january');
  });

  await step('a list of events is looked at before it is taken', async () => {
    await staff.goto(`${town.origin}/staff/calendar/import`);
    const list = 'NO,イベント名,開始日,場所名称\r\n1,雪像コンクール,2027-02-06,公園\r\n2,講座,2027-02-30,公民館\r\n';
    await staff.locator('#file').setInputFiles({ name: 'events.csv', mimeType: 'text/csv', buffer: Buffer.from(list) });
    await press(staff, staff.getByRole('button', { name: '結果を確かめる' }));
    await staff.getByRole('cell', { name: '2027-02-30' }).waitFor();
    await lookAtBoth(staff, '19-import');
    await press(staff, staff.locator('form[action$="/apply"] button'));
    await staff.getByText('雪像コンクール').waitFor();
  });

  await step('who stands in a hazard area reads so, and where to flee to', async () => {
    await page.goto(`${town.origin}/map/list?near=41.250586,141.137572`);
    assert.match(await page.locator('#areas').innerText(), /特別警戒区域（レッドゾーン）/);
    await lookAtBoth(page, '19-areas');
    await page.goto(`${town.origin}/map?near=41.250586,141.137572`);
    await page.locator('.map').scrollIntoViewIfNeeded();
    await page.locator('.map[data-drawn]').waitFor({ timeout: 30_000 });
    await page.waitForTimeout(1500);
    await lookAtBoth(page, '19-map-areas');
  });

  await step('the screen of the hall: a district, a hazard, by the arrow keys alone', async () => {
    const screen = await somebody(browser, { size: TELEVISIONS[0] });
    await screen.goto(`${town.origin}/map/board`);
    const wanted = screen.getByRole('link', { name: '大湊町', exact: true });
    for (let keys = 0; keys < 120 && !await wanted.evaluate((link) => link === document.activeElement); keys++) await screen.keyboard.press('ArrowDown');
    await screen.keyboard.press('Enter');
    await screen.locator('.map[data-drawn]').waitFor({ timeout: 30_000 });
    const hazard = screen.getByRole('link', { name: '土砂災害', exact: false }).first();
    for (let keys = 0; keys < 40 && !await hazard.evaluate((link) => link === document.activeElement); keys++) await screen.keyboard.press('ArrowRight');
    await screen.keyboard.press('Enter');
    await screen.waitForURL('**hazard=landslide');
    await screen.locator('.map[data-drawn]').waitFor({ timeout: 30_000 });
    await screen.waitForTimeout(1500);
    assert.equal(await screen.getByRole('button', { name: '現在地を表示' }).count(), 0, 'a screen asks nobody where they are');
    await look(screen, '19-map-board', { sizes: TELEVISIONS });
    await screen.goto(`${town.origin}/notices/board`);
    await look(screen, '19-notices-board', { sizes: TELEVISIONS });
    await screen.goto(`${town.origin}/calendar/board?area=${encodeURIComponent('大畑地区')}`);
    await look(screen, '19-calendar-board', { sizes: TELEVISIONS });
  });

  await step('the screen at home shows titles only after its owner says so', async () => {
    await signIn(page, town, 'parent');
    await page.goto(`${town.origin}/inbox/board`);
    await look(page, '19-home-counts', { sizes: TELEVISIONS });
    await press(page, page.getByRole('button', { name: 'この画面に件名を出す' }));
    await page.getByRole('button', { name: '件名を出さない' }).waitFor();
    await look(page, '19-home-titles', { sizes: TELEVISIONS });
  });
});
