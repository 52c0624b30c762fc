// Notices by e-mail: an address confirmed by its code, a letter, the way out of it; and at the desk templates and a draft on the writer's own phone.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DESK, PHONE, look, lookAtBoth, openUntil, press, somebody, write } from '../lib/browser.mjs';
import { clerk, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

/** The plain text of a letter that lies in the demonstration's folder. */
function plain(eml) {
  const part = eml.split(/\r?\n--/).find((one) => /content-type: text\/plain/i.test(one));
  const [head, ...rest] = part.split(/\r?\n\r?\n/);
  const body = rest.join('\n\n');
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString('utf8');
  if (!/quoted-printable/i.test(head)) return body;
  const bytes = body.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

story('notices by e-mail', { pack: 'himeji', residents: 900 }, async ({ town, browser, step }) => {
  const resident = await somebody(browser);
  const staff = await clerk(browser, town, { size: DESK });
  const go = (page, path) => page.goto(`${town.origin}${path}`);
  const read = new Set();

  /** The next letter that comes, as its plain text. */
  async function letter() {
    for (let waited = 0; waited < 20_000; waited += 100) {
      const folder = join(town.data, 'mail');
      let names = [];
      try { names = readdirSync(folder).filter((name) => name.endsWith('.eml') && !read.has(name)).sort(); } catch { /* the first letter makes it */ }
      if (names.length > 0) {
        read.add(names[0]);
        return plain(readFileSync(join(folder, names[0]), 'utf8'));
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('no letter came');
  }

  await step('a resident gives an address, and confirms it by the code of its letter', async () => {
    await signIn(resident, town, 'parent');
    await go(resident, '/inbox/settings');
    await write(resident, resident.locator('#address'), 'parent@example.jp');
    await press(resident, resident.getByRole('button', { name: '番号を送る' }));
    await resident.getByText('確認待ち').waitFor();
    await lookAtBoth(resident, '21-waiting');
    const code = /^[A-Z0-9]{4}-[A-Z0-9]{4}$/m.exec(await letter())[0];
    await write(resident, resident.getByLabel(/届いた番号/), 'ABCD-EFGH');
    await press(resident, resident.getByRole('button', { name: 'たしかめる' }));
    await resident.getByRole('alert').waitFor();
    assert.match(await resident.getByRole('alert').innerText(), /番号がちがいます/);
    await look(resident, '21-wrong-code');
    await write(resident, resident.getByLabel(/届いた番号/), code);
    await press(resident, resident.getByRole('button', { name: 'たしかめる' }));
    await resident.getByText('お知らせが届きます', { exact: true }).waitFor();
    await lookAtBoth(resident, '21-confirmed');
  });

  await step('an officer begins from a template of the pack, and keeps one of their own', async () => {
    await go(staff, '/staff/notices');
    await press(staff, staff.getByRole('link', { name: 'ひな形' }));
    await lookAtBoth(staff, '21-templates');
    await press(staff, staff.getByRole('link', { name: /これで書く/ }).first());
    assert.match(await staff.locator('#title_ja').inputValue(), /断水/);
    await write(staff, staff.locator('#body_ja'), '6月3日の9時から12時まで断水します。');
    await press(staff, staff.getByRole('button', { name: '下書きとして保存' }));
    await staff.waitForURL(/\/staff\/notices\/[0-9a-f-]+$/);
    await staff.locator('summary', { hasText: 'ひな形にする' }).click();
    await write(staff, staff.locator('#name'), '断水（本町）');
    await lookAtBoth(staff, '21-draft');
    const draft = staff.url();
    await press(staff, staff.getByRole('button', { name: 'ひな形にする' }));
    await staff.waitForURL(/\/templates\/[0-9a-f-]+$/);
    await lookAtBoth(staff, '21-template');
    await go(staff, '/staff/notices/templates');
    await staff.getByText('断水（本町）', { exact: true }).waitFor();
    await staff.goto(draft);
  });

  await step('the draft comes to the officer\'s own phone, marked as a test', async () => {
    const draft = staff.url();
    const phone = await somebody(browser);
    await signIn(phone, town, 'senior');
    await press(staff, staff.getByRole('button', { name: '自分に送ってみる' }));
    await press(staff, staff.getByRole('button', { name: 'アカウントを加える' }));
    const code = await staff.locator('.notice--success b').innerText();
    await lookAtBoth(staff, '21-testers');
    await go(phone, '/inbox/tester');
    await look(phone, '21-tester');
    await write(phone, phone.locator('#code'), code);
    await press(phone, phone.getByRole('button', { name: '受けとる' }));
    await phone.getByText('テスト送信が届きます').waitFor();
    await staff.goto(draft);
    await press(staff, staff.getByRole('button', { name: '自分に送ってみる' }));
    await staff.getByText('自分の1つのアカウントに送りました。').waitFor();
    await openUntil(phone, `${town.origin}/inbox`, phone.getByRole('link', { name: /【テスト】.*断水/ }));
    await look(phone, '21-trial');
    await staff.goto(draft);
  });

  await step('it goes out whole by e-mail, and the letter has its way out', async () => {
    staff.once('dialog', (dialog) => dialog.accept());
    await press(staff, staff.getByRole('button', { name: '送る', exact: true }));
    const text = await letter();
    assert.match(text, /6月3日の9時から12時まで断水します。/);
    const [stop] = new RegExp(`${town.origin}/inbox/stop/\\S+`).exec(text);
    const [open] = new RegExp(`${town.origin}/inbox/[0-9a-f-]{36}`).exec(text);
    await resident.goto(open);
    assert.match(await resident.locator('main').innerText(), /断水します/);
    const plainReader = await somebody(browser, { javaScriptEnabled: false });
    await plainReader.goto(stop);
    await look(plainReader, '21-stop', { sizes: [PHONE, DESK], axe: false });
    await plainReader.locator('main form button').click();
    assert.match(await plainReader.locator('main').innerText(), /もうメールを送りません/);
    await go(resident, '/inbox/settings');
    assert.equal(await resident.getByText('parent@example.jp').count(), 0);
    await go(staff, '/staff/notices');
    await lookAtBoth(staff, '21-desk');
  });
});
