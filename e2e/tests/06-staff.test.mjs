// The town's staff at their desk, and sometimes on a phone.
import assert from 'node:assert/strict';
import { DESK, look, lookAtBoth, press, somebody, tabTo, write } from '../lib/browser.mjs';
import { authenticator, clerk, counter, scanned, shown, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

story('the staff', {}, async ({ town, browser, step }) => {
  let staff;
  const open = (path) => staff.goto(`${town.origin}/staff${path}`);
  /** Presses a button that asks back, and says yes by keyboard. */
  const surely = async (button) => {
    const asked = staff.waitForEvent('dialog').then((dialog) => dialog.accept());
    await Promise.all([asked, press(staff, button)]);
  };

  await step('who is not signed in is sent to the log-in', async () => {
    const stranger = await somebody(browser, { size: DESK });
    await stranger.goto(`${town.origin}/staff/people`);
    await stranger.waitForURL('**/staff/login?**');
    await lookAtBoth(stranger, '06-login');
    await stranger.context().close();
  });
  await step('an invitation, accepted without a passkey in the demonstration', async () => {
    const arriving = await somebody(browser, { size: DESK });
    await arriving.goto(town.staffLink);
    await lookAtBoth(arriving, '06-join');
    await arriving.context().close();
    staff = await clerk(browser, town, { size: DESK });
    await lookAtBoth(staff, '06-home');
  });
  await step('a colleague joins with a passkey and comes back with it', async () => {
    await open('/members');
    await write(staff, staff.locator('#name'), '試験　花子');
    await staff.locator('#roles input').first().check();
    await press(staff, staff.getByRole('button', { name: '招待のリンクを作る' }));
    const link = await staff.locator('.notice--success code').innerText();
    await lookAtBoth(staff, '06-members');
    const colleague = await somebody(browser, { size: DESK });
    await authenticator(colleague);
    await colleague.goto(link);
    await press(colleague, colleague.getByRole('button', { name: 'パスキーを作る' }));
    await colleague.waitForURL(`${town.origin}/staff`);
    await press(colleague, colleague.getByRole('button', { name: /ログアウト/ }));
    await colleague.waitForURL('**/staff/login');
    await press(colleague, colleague.getByRole('button', { name: 'パスキーでログイン' }));
    await colleague.waitForURL(`${town.origin}/staff`);
    assert.match(await colleague.locator('.top__who').innerText(), /試験/);
    await colleague.goto(`${town.origin}/staff/people`);
    await look(colleague, '06-not-allowed');
    await colleague.context().close();
  });
  await step('programmes with their counts, rules and sources', async () => {
    await open('/programmes');
    const tile = staff.locator('.tile', { hasText: '子ども医療費受給資格証' });
    assert.ok(Number((await tile.locator('.tile__number').innerText()).replace(/\D/g, '')) > 100);
    await lookAtBoth(staff, '06-programmes');
  });
  await step('what if: a rule is typed, the answer and its bars appear', async () => {
    await open('/what-if');
    await staff.locator('output .tile__number').waitFor();
    const before = await staff.locator('output .tile__number').innerText();
    await write(staff, staff.locator('#rule'), 'resident.current && today >= birthday(70)');
    await staff.waitForFunction((before) => document.querySelector('output .tile__number')?.textContent !== before, before);
    assert.match(await staff.locator('output .tile__number').innerText(), /[\d,]+人 \/ [\d,]+人/);
    assert.ok(await staff.locator('output .bars rect').count() > 5);
    assert.ok(await staff.locator('output .hbars li').count() > 5);
    await lookAtBoth(staff, '06-what-if');
  });
  await step('a wrong rule shows where', async () => {
    await write(staff, staff.locator('#rule'), 'resident.current &&\n  toady >= birthday(70)');
    await staff.locator('.rule-box__marks mark').waitFor();
    assert.equal(await staff.locator('.rule-box__marks mark').innerText(), 'toady');
    assert.match(await staff.locator('#rule-error').innerText(), /2:3.*today/);
    await lookAtBoth(staff, '06-what-if-wrong');
  });
  await step('the run of the bridge in words', async () => {
    await open('/bridge');
    await lookAtBoth(staff, '06-bridge');
    await press(staff, staff.locator('main table a').first());
    await staff.waitForURL('**/staff/bridge/*');
    assert.match(await staff.locator('main').innerText(), /反映済み/);
    await lookAtBoth(staff, '06-bridge-run');
  });
  await step('a stranger’s card waits in the queue and is answered', async () => {
    const stranger = await somebody(browser);
    await signIn(stranger, town, 'stranger');
    await stranger.getByText('窓口で確かめています').first().waitFor();
    await look(stranger, '06-stranger-home');
    await open('');
    await staff.getByText('窓口での照合を待っている人が1人います。', { exact: true }).waitFor();
    await open('/matching');
    await lookAtBoth(staff, '06-matching');
    await press(staff, staff.getByRole('link', { name: /開く/ }).first());
    await staff.getByText('旅野　まどか').waitFor();
    await lookAtBoth(staff, '06-matching-case');
    await tabTo(staff, staff.locator('input[name="reason"]').first());
    await staff.keyboard.press('Space');
    await surely(staff.getByRole('button', { name: '結び付けずに終える' }));
    await staff.waitForURL('**/staff/matching');
    await staff.getByText('待っている人はいません').waitFor();
    await stranger.goto(`${town.origin}/me`);
    await stranger.locator('tr', { hasText: '町の職員' }).first().waitFor();
    await look(stranger, '06-stranger-me');
    await stranger.goto(town.origin);
    await stranger.getByText('住民登録と照合できませんでした').waitFor();
    await look(stranger, '06-stranger-rejected');
    await stranger.context().close();
  });
  await step('a person is found, the decision explained, the look told to that person', async () => {
    const [senior, bus] = [await somebody(browser), await counter(browser, town, '下北路線バス')];
    await signIn(senior, town, 'senior');
    assert.ok((await scanned(bus, await shown(senior, 'シニアカード'))).yes);
    const row = town.register().find((row) => row['氏名'] === town.cast.senior.name && row['住所'] === town.cast.senior.address);
    await open('/people');
    await press(staff, staff.locator('main form button').first());
    await staff.getByRole('alert').waitFor();
    await lookAtBoth(staff, '06-people-empty');
    await write(staff, staff.locator('#born'), row['生年月日']);
    await staff.keyboard.press('Enter');
    await staff.locator('main table a').first().waitFor();
    await lookAtBoth(staff, '06-people');
    const number = Object.entries(row).find(([head]) => /宛名|住民番号/.test(head))[1];
    await press(staff, staff.locator('main table a', { hasText: number }));
    const panel = staff.locator('.panel', { hasText: 'シニアカード' });
    assert.match(await panel.innerText(), /資格あり[\s\S]*満たす/);
    assert.ok(!(await staff.locator('main').innerText()).includes(row['住所']), 'no address in the console');
    await lookAtBoth(staff, '06-person');
    await staff.fill('#on', '2024-04-01');
    await staff.keyboard.press('Enter');
    await staff.waitForURL('**on=2024-04-01**');
    await look(staff, '06-person-past');
    await press(staff, staff.getByRole('link', { name: '使われているカード' }));
    const held = staff.locator('.list__item', { hasText: 'シニアカード' });
    await held.getByText('本人', { exact: true }).waitFor();
    await lookAtBoth(staff, '06-cards');
    await surely(held.getByRole('button'));
    await held.waitFor({ state: 'detached' });
    await senior.reload();
    assert.equal((await scanned(bus, await shown(senior, 'シニアカード'))).yes, true, 'a card given by itself comes back to who is entitled');
    await senior.goto(`${town.origin}/me`);
    await senior.locator('tr', { hasText: '町の職員' }).first().waitFor();
    await senior.context().close();
    await bus.context().close();
  });
  await step('how cards are used', async () => {
    await open('/use');
    const row = staff.getByRole('row', { name: /シニアカード/ });
    assert.match(await row.innerText(), /2/);
    await lookAtBoth(staff, '06-use');
  });
  await step('a pairing code for a place, and the end of a device', async () => {
    await open('/places');
    await press(staff, staff.getByRole('button', { name: /コードを作る.*大畑ひまわり診療所/ }));
    const code = (await staff.locator('.code-big').innerText()).trim();
    await lookAtBoth(staff, '06-places');
    const device = await counter(browser, town, '大畑ひまわり診療所', { code });
    await device.getByText('大畑ひまわり診療所').first().waitFor();
    await open('/places');
    const place = staff.getByRole('row', { name: /大畑ひまわり診療所/ });
    await place.getByRole('button', { name: '登録を終える' }).click();
    await staff.waitForURL('**/staff/places**');
    await device.reload();
    await device.waitForSelector('#pair-code');
    await device.context().close();
  });
  await step('the audit trail names who did what', async () => {
    await open('/audit');
    await staff.getByText('住民の情報を見た').first().waitFor();
    await lookAtBoth(staff, '06-audit');
    await press(staff, staff.locator('main table code').first().locator('..'));
    await staff.waitForURL('**/staff/audit?**');
    await look(staff, '06-audit-person');
  });
});
