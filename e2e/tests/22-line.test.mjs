// Notices by LINE: a friend of the town's account is led to the page, agrees at 360 px and by keyboard, and is told in the talk. LINE is played: what it would tell is signed
// with the channel's secret, what it is asked lies in the demonstration's folder.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DESK, look, lookAtBoth, press, somebody, write } from '../lib/browser.mjs';
import { clerk, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

const SECRET = 'the secret of a story';
const USER = `U${createHash('sha256').update('a phone').digest('hex').slice(0, 32)}`;
process.env.TEGATA_LINE_SECRET = SECRET;

story('notices by LINE', { pack: 'himeji', residents: 900 }, async ({ town, browser, step }) => {
  const resident = await somebody(browser);
  const staff = await clerk(browser, town, { size: DESK });
  const go = (page, path) => page.goto(`${town.origin}${path}`);
  const read = new Set();
  let events = 0;

  /** The text of the next message that comes to the talk. */
  async function message() {
    for (let waited = 0; waited < 20_000; waited += 100) {
      const folder = join(town.data, 'line');
      let names = [];
      try { names = readdirSync(folder).filter((name) => name.endsWith('.json') && !read.has(name)).sort(); } catch { /* the first message makes it */ }
      if (names.length > 0) {
        read.add(names[0]);
        return JSON.parse(readFileSync(join(folder, names[0]), 'utf8')).messages[0].text;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('no message came');
  }

  /** LINE tells what its user did. */
  async function tell(event) {
    events += 1;
    const whole = { mode: 'active', timestamp: Date.now(), webhookEventId: `event-${events}`, deliveryContext: { isRedelivery: false }, source: { type: 'user', userId: USER }, replyToken: `reply-${events}`, ...event };
    const body = JSON.stringify({ destination: USER, events: [whole] });
    const signature = createHmac('sha256', SECRET).update(body).digest('base64');
    const { status } = await fetch(`${town.origin}/line/webhook`, { method: 'POST', headers: { 'x-line-signature': signature }, body });
    assert.equal(status, 200);
  }

  await step('the settings say how to begin', async () => {
    await signIn(resident, town, 'parent');
    await go(resident, '/inbox/settings#line');
    await resident.getByRole('heading', { name: 'LINEで受けとる' }).waitFor();
    assert.equal(await resident.getByRole('link', { name: '友だちに追加する' }).getAttribute('href'), 'https://line.me/R/ti/p/%40himepass-example');
    await resident.locator('summary', { hasText: '二次元コード' }).click();
    await lookAtBoth(resident, '22-begin');
    await go(resident, '/inbox/line');
    await look(resident, '22-without-talk');
  });

  let nonce;
  await step('a friend follows the link of the talk, agrees, and goes on to LINE', async () => {
    await tell({ type: 'follow', follow: { isUnblocked: false } });
    const text = await message();
    await resident.goto(text.split('\n').at(-1));
    await resident.getByText('このLINEでも受けとりますか').waitFor();
    await lookAtBoth(resident, '22-agree');
    let led;
    await resident.route('https://access.line.me/**', (route) => {
      led = new URL(route.request().url());
      return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>LINE</title><h1>LINE</h1>' });
    });
    await press(resident, resident.getByRole('button', { name: 'LINEで受けとる' }));
    await resident.getByRole('heading', { name: 'LINE' }).waitFor();
    assert.equal(led.pathname, '/dialog/bot/accountLink');
    assert.equal(led.searchParams.get('linkToken'), new URL(text.split('\n').at(-1)).searchParams.get('linkToken'));
    nonce = led.searchParams.get('nonce');
  });

  await step('LINE says whose it is, and the settings show it', async () => {
    await tell({ type: 'accountLink', link: { result: 'ok', nonce } });
    assert.match(await message(), /^つながりました/);
    await go(resident, '/inbox/settings#line');
    await resident.getByText('お知らせが届きます', { exact: true }).waitFor();
    await lookAtBoth(resident, '22-joined');
  });

  await step('a notice comes to the talk and is opened from there; the desk counts it', async () => {
    await go(staff, '/staff/notices/templates');
    await press(staff, staff.getByRole('link', { name: /これで書く/ }).first());
    await write(staff, staff.locator('#title_ja'), '断水のお知らせ');
    await write(staff, staff.locator('#body_ja'), '6月3日の9時から12時まで断水します。');
    await press(staff, staff.getByRole('button', { name: '下書きとして保存' }));
    await staff.waitForURL(/\/staff\/notices\/[0-9a-f-]+$/);
    staff.once('dialog', (dialog) => dialog.accept());
    await press(staff, staff.getByRole('button', { name: '送る', exact: true }));
    const text = await message();
    assert.match(text, /^断水のお知らせ\n\n6月3日の9時から12時まで断水します。\n\nお知らせを開く\n/);
    await resident.goto(text.split('\n').at(-1));
    assert.match(await resident.locator('main').innerText(), /断水します/);
    await go(staff, '/staff/notices');
    await staff.getByText('LINEで受けとる住民は1人です。').waitFor();
    await lookAtBoth(staff, '22-desk');
  });

  await step('it is ended on the page', async () => {
    await go(resident, '/inbox/settings#line');
    await press(resident, resident.locator('#line').getByRole('button', { name: /やめる/ }));
    assert.equal(await resident.locator('#line').getByText('お知らせが届きます', { exact: true }).count(), 0);
    await look(resident, '22-ended');
  });
});
