// The card in the phone proves a resident: on the phone itself, from another screen by QR code and code, and what is said when it does not work.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DESK, look, lookAtBoth, press, somebody, write } from '../lib/browser.mjs';
import { story } from '../lib/story.mjs';

const ROOT = join(import.meta.dirname, '../..');
const BINARY = process.env.TEGATA ?? join(ROOT, 'target/debug/tegata');
const WALLET = 'ウォレットを開く';

story('the card in the phone', { pack: 'minamimaki', residents: 300 }, async ({ town, browser, step }) => {
  /** The phone of somebody of the demonstration answers a link; gives where its browser is led, or rejects with what the town said. */
  const present = async (who, link) => {
    const words = ['phone', '--town', join(ROOT, 'towns/minamimaki'), '--data', town.data, '--card', who, link];
    return (await promisify(execFile)(BINARY, words)).stdout.trim();
  };
  const ask = async (page) => {
    await page.goto(`${town.origin}/start`);
    await press(page, page.getByRole('button', { name: 'スマホのマイナンバーカードを使う' }));
    await page.getByRole('link', { name: WALLET }).waitFor();
    return page.getByRole('link', { name: WALLET }).getAttribute('href');
  };

  await step('on the phone itself the wallet leads back signed in', async () => {
    const phone = await somebody(browser);
    await phone.goto(`${town.origin}/start`);
    await phone.getByRole('button', { name: 'スマホのマイナンバーカードを使う' }).scrollIntoViewIfNeeded();
    await lookAtBoth(phone, '22-start');
    const link = await ask(phone);
    await look(phone, '22-waiting');
    await phone.goto(await present('parent', link));
    await phone.waitForURL(`${town.origin}/`);
    await phone.goto(`${town.origin}/me`);
    const me = await phone.locator('main').innerText();
    assert.match(me, /スマホのマイナンバーカード/);
    assert.match(me, /スマホのカードで本人確認をした/);
    await look(phone, '22-me');
    await press(phone, phone.locator('form[action="/me/apps/phone-card/end"] button'));
    await phone.waitForURL(`${town.origin}/me`);
    assert.equal(await phone.locator('form[action="/me/apps/phone-card/end"]').count(), 0, 'taken away');
    await phone.context().close();
  });

  await step('another screen shows a QR code, and takes the code from the phone', async () => {
    const screen = await somebody(browser, { size: DESK });
    const phone = await somebody(browser);
    const link = await ask(screen);
    await lookAtBoth(screen, '22-qr');
    await phone.goto(await present('senior', link));
    const code = (await phone.locator('.code-big').innerText()).trim();
    await look(phone, '22-code');
    // The page that waits looks again by itself.
    await screen.locator('#code').waitFor();
    await lookAtBoth(screen, '22-type');
    await write(screen, screen.locator('#code'), 'ABCD-EFGH');
    await press(screen, screen.getByRole('button', { name: '進む' }));
    await screen.locator('#code-error').waitFor();
    await look(screen, '22-wrong');
    await write(screen, screen.locator('#code'), code);
    await press(screen, screen.getByRole('button', { name: '進む' }));
    await screen.waitForURL(`${town.origin}/`);
    await Promise.all([screen, phone].map((page) => page.context().close()));
  });

  await step('who is signed in as somebody else is told so in plain words, and can begin again', async () => {
    const phone = await somebody(browser);
    await phone.goto(await present('parent', await ask(phone)));
    await phone.waitForURL(`${town.origin}/`);
    await assert.rejects(present('senior', await ask(phone)), /other_person/);
    await phone.getByText('別の方のカードです').waitFor();
    await lookAtBoth(phone, '22-refused');
    await press(phone, phone.getByRole('button', { name: 'もう一度ためす' }));
    await phone.getByRole('link', { name: WALLET }).waitFor();
    await phone.context().close();
  });
});
