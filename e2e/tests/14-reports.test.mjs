// What residents tell the town: with a photo whose faces they hide, without a script, without a network; the clerk's two hundred; a call in a disaster.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DESK, look, lookAtBoth, openUntil, press, somebody, write } from '../lib/browser.mjs';
import { clerk, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

const PHOTO = join(import.meta.dirname, '../../crates/reports/tests/data/with-place.jpg');
const OPEN = 200;

story('reports of residents', {}, async ({ town, browser, step }) => {
  const resident = await somebody(browser);
  const player = town.cast.parent;
  const district = town.register().find((row) => row['氏名'] === player.name)['町字'];
  let sent;

  await step('a resident reports with a photo, and hides a face in the browser', async () => {
    await signIn(resident, town, 'parent');
    await press(resident, resident.locator('.tabbar summary'));
    await press(resident, resident.getByRole('link', { name: '通報', exact: true }));
    await look(resident, '14-none-yet');
    await press(resident, resident.getByRole('link', { name: '通報する' }));
    await look(resident, '14-what');
    await press(resident, resident.getByRole('link', { name: /ごみの不法投棄/ }));
    await resident.locator('#words').waitFor();
    await look(resident, '14-form');
    await resident.selectOption('#district', district);
    await write(resident, resident.locator('#landmark'), '公民館の向かい');
    await resident.setInputFiles('#photo', PHOTO);
    const canvas = resident.locator('.photos canvas');
    await canvas.scrollIntoViewIfNeeded();
    // The photo stands upright: 900 wide as it was held, 1200 high.
    assert.deepEqual(await canvas.evaluate(({ width, height }) => [width, height]), [900, 1200]);
    const drawn = await canvas.boundingBox();
    await resident.mouse.move(drawn.x + drawn.width * .1, drawn.y + drawn.height * .1);
    await resident.mouse.down();
    await resident.mouse.move(drawn.x + drawn.width * .5, drawn.y + drawn.height * .4, { steps: 5 });
    await resident.mouse.up();
    await resident.getByText('1か所を隠しました').waitFor();
    await look(resident, '14-hidden');
    await press(resident, resident.getByRole('button', { name: '確認へ進む' }));
    await resident.getByRole('alert').waitFor();
    assert.match(await resident.getByRole('alert').innerText(), /どのような様子か/);
    await look(resident, '14-mend');
    assert.equal(await resident.locator('.photos img').count(), 1, 'the photo is not lost with the mistake');
    await write(resident, resident.locator('#words'), '冷蔵庫が捨ててあります');
    await press(resident, resident.getByRole('button', { name: '確認へ進む' }));
    await resident.waitForURL('**/check');
    await lookAtBoth(resident, '14-check');
    await press(resident, resident.getByRole('button', { name: '送る', exact: true }));
    await resident.waitForURL('**/reports/*?sent=yes');
    assert.match(await resident.locator('main').innerText(), /送りました[\s\S]*環境衛生課/);
    await lookAtBoth(resident, '14-sent');
    sent = new URL(resident.url()).pathname;
  });

  await step('without a network it is kept, and sends itself', async () => {
    await resident.goto(`${town.origin}/reports/new/street-light`);
    await resident.selectOption('#district', district);
    await write(resident, resident.locator('#words'), '圏外で書いた街灯の通報');
    await resident.context().setOffline(true);
    await press(resident, resident.getByRole('button', { name: '確認へ進む' }));
    await resident.getByText('この端末に保存しました').waitFor();
    await look(resident, '14-offline', { axe: false });
    await resident.context().setOffline(false);
    await resident.getByText('送信待ちの通報を送りました').waitFor();
    await resident.goto(`${town.origin}/reports`);
    assert.equal(await resident.locator('.list__item', { hasText: '街灯の故障' }).count(), 1);
    await lookAtBoth(resident, '14-mine');
  });

  await step('without a script the photo is covered square by square', async () => {
    const plain = await somebody(browser, { javaScriptEnabled: false, storageState: await resident.context().storageState() });
    await plain.goto(`${town.origin}/reports/new/road-damage`);
    await plain.fill('#words', '道に穴があります');
    await plain.selectOption('#district', district);
    await plain.setInputFiles('#photo', PHOTO);
    await plain.getByRole('button', { name: '確認へ進む' }).click();
    await plain.getByRole('link', { name: /顔や車の番号を隠す/ }).click();
    await plain.locator('input[value="10"]').check();
    await plain.locator('input[value="11"]').check();
    await look(plain, '14-grid', { axe: false });
    const before = await plain.locator('.hide__photo').screenshot();
    await plain.getByRole('button', { name: '隠す', exact: true }).click();
    await plain.waitForURL('**/check');
    await plain.getByRole('link', { name: /顔や車の番号を隠す/ }).click();
    assert.notDeepEqual(await plain.locator('.hide__photo').screenshot(), before);
    await plain.goBack();
    await plain.getByRole('button', { name: '送る', exact: true }).click();
    await plain.waitForURL('**/reports/*?sent=yes');
    await plain.context().close();
  });

  const staff = await clerk(browser, town, { size: DESK });
  await step('the clerk goes through two hundred open reports', async () => {
    await staff.goto(`${town.origin}/staff/reports/programs`);
    await write(staff, staff.locator('#name'), 'まちレポ');
    await press(staff, staff.getByRole('button', { name: '登録してキーを作る' }));
    const key = await staff.locator('.notice code').innerText();
    await lookAtBoth(staff, '14-programs');
    const kinds = ['road-damage', 'street-light', 'dead-animal', 'voice', 'disaster'];
    for (let n = 0; n < OPEN; n++) {
      const body = new URLSearchParams({ api_key: key, service_code: kinds[n % kinds.length], lat: String(41.25 + (n % 20) / 200), long: String(141.1 + Math.floor(n / 20) / 100), description: `${n + 1}番目の長めの説明です。近くの電柱の根元がひび割れて傾いているように見えます。${n === 6 ? '電線が垂れています。' : ''}` });
      const answer = await fetch(`${town.origin}/open311/v2/requests.json`, { method: 'POST', body });
      assert.equal(answer.status, 200, await answer.text());
    }
    await staff.goto(`${town.origin}/staff/reports`);
    assert.match(await staff.locator('.tiles').innerText(), /203/);
    assert.match(await staff.locator('.table--desk tbody tr').first().innerText(), /至急/);
    await lookAtBoth(staff, '14-queue');
    await staff.keyboard.press('j');
    await staff.keyboard.press('x');
    await staff.keyboard.press('j');
    await staff.keyboard.press('x');
    assert.equal(await staff.locator('tbody input:checked').count(), 2);
    await staff.getByText('2件を選んでいます').waitFor();
    await staff.selectOption('#to', 'roads');
    await press(staff, staff.getByRole('button', { name: '担当課を変える' }));
    await staff.getByText('2件の担当課を変えました').waitFor();
    await staff.goto(`${town.origin}/staff/reports?category=dumped-rubbish`);
    assert.equal(await staff.locator('.table--desk tbody tr').count(), 1);
    // A colour is not all that tells of danger.
    await staff.goto(`${town.origin}/staff/reports?danger=yes`);
    assert.match(await staff.locator('.table--desk tbody').innerText(), /危険の言葉[\s\S]*7番目/);
    await look(staff, '14-sifted');
  });

  await step('many at once: given, merged, closed with one answer that is looked at before', async () => {
    await staff.goto(`${town.origin}/staff/reports?category=voice&sort=oldest`);
    await staff.keyboard.press('a');
    await staff.getByText('40件を選んでいます').waitFor();
    // Past forty rows in one step.
    await press(staff, staff.getByRole('link', { name: '選んだ通報をまとめて処理する' }));
    await press(staff, staff.getByRole('button', { name: '担当者を決める' }));
    await staff.getByText('40件の担当者を変えました').waitFor();
    await staff.getByRole('link', { name: /自分の担当/ }).click();
    assert.equal(await staff.locator('.table--desk tbody tr').count(), 40);
    await look(staff, '14-mine-desk');
    const first = (await staff.locator('.table--desk tbody th').first().innerText()).slice(1);
    for (let n = 0; n < 3; n++) { await staff.keyboard.press('j'); await staff.keyboard.press('x'); }
    await write(staff, staff.locator('#number'), first);
    await press(staff, staff.getByRole('button', { name: '同じ通報としてまとめる' }));
    await staff.getByText('2件をまとめ').waitFor();
    await staff.keyboard.press('a');
    await staff.getByText('同じお返事でまとめて終える').click();
    await write(staff, staff.locator('#words'), 'ご意見をありがとうございました。来年度の計画に入れました。');
    await press(staff, staff.getByRole('button', { name: '確認へ進む' }));
    await staff.getByText('38件を「対応済み」にして').waitFor();
    await lookAtBoth(staff, '14-close');
    await press(staff, staff.getByRole('button', { name: '送って終える' }));
    await staff.getByText('38件を終え').waitFor();
  });

  await step('the map beside the list keeps itself fresh, and the year is told in numbers', async () => {
    await staff.goto(`${town.origin}/staff/reports/map?category=road-damage`);
    await staff.locator('.map[data-drawn="true"]').waitFor();
    const [map, list] = [await staff.locator('.map').boundingBox(), await staff.locator('.beside__list').boundingBox()];
    assert.ok(Math.abs(map.y - list.y) < 40 && list.x + list.width <= map.x + 1, 'side by side');
    await lookAtBoth(staff, '14-map');
    await staff.goto(`${town.origin}/staff/reports/statistics`);
    await lookAtBoth(staff, '14-statistics');
    const [file] = await Promise.all([staff.waitForEvent('download'), staff.getByRole('link', { name: 'CSVで保存' }).click()]);
    assert.equal(file.suggestedFilename(), 'reports.csv');
    await staff.emulateMedia({ media: 'print' });
    await look(staff, '14-statistics-print', { axe: false });
    await staff.emulateMedia({ media: null });
    await resident.goto(`${town.origin}/reports/totals`);
    await lookAtBoth(resident, '14-totals');
  });

  await step('the clerk answers, notes, and publishes', async () => {
    await staff.goto(`${town.origin}/staff${sent}`);
    await write(staff, staff.locator('#note'), '先月も同じ場所');
    await press(staff, staff.getByRole('button', { name: 'メモを残す' }));
    await write(staff, staff.locator('#answer'), '回収に向かいます');
    await staff.selectOption('#step', 'doing');
    await press(staff, staff.getByRole('button', { name: 'お返事・状況を送る' }));
    await staff.locator('#talk', { hasText: '回収に向かいます' }).waitFor();
    await write(staff, staff.locator('#public-words'), '公民館付近の不法投棄');
    await press(staff, staff.getByRole('button', { name: '公開する', exact: true }));
    await staff.getByRole('button', { name: '公開をやめる' }).waitFor();
    await lookAtBoth(staff, '14-desk');
    await press(staff, staff.getByRole('button', { name: '通報した人を見る' }));
    await staff.getByText(player.name.replace('　', ' ').split(/[ 　]/)[0]).first().waitFor();
    await resident.goto(town.origin + sent);
    const page = await resident.locator('main').innerText();
    assert.ok(page.includes('回収に向かいます') && page.includes('対応中') && !page.includes('先月も同じ場所'), page);
    await look(resident, '14-talk');
  });

  await step('everybody sees what staff wrote, in English too', async () => {
    const reader = await somebody(browser, { locale: 'en-US' });
    await reader.goto(`${town.origin}/reports/public?lang=en`);
    await reader.locator('.map[data-drawn="true"]').waitFor();
    const page = await reader.locator('main').innerText();
    assert.ok(page.includes('公民館付近の不法投棄') && page.includes('Dumped rubbish') && page.includes('Being mended') && !page.includes('冷蔵庫'), page);
    await lookAtBoth(reader, '14-public-en');
    await reader.context().close();
    await resident.goto(`${town.origin}/reports/new/snow?lang=en`);
    await look(resident, '14-form-en');
    await resident.goto(`${town.origin}/reports?lang=ja-easy`);
    await look(resident, '14-mine-easy');
    await resident.goto(`${town.origin}/reports?lang=ja`);
  });

  await step('in a disaster the district is called, and answers', async () => {
    await staff.goto(`${town.origin}/staff/reports/calls`);
    await staff.selectOption('#category', 'disaster');
    await staff.locator('#districts summary').click();
    await staff.locator(`input[name="district"][value="${district}"]`).check();
    await write(staff, staff.locator('#words'), 'けさの大雨の様子を教えてください');
    await look(staff, '14-call-form');
    staff.on('dialog', (dialog) => dialog.accept());
    await press(staff, staff.getByRole('button', { name: '呼びかける', exact: true }));
    await staff.waitForURL('**/staff/reports/calls/*');
    const fine = resident.getByRole('button', { name: 'こちらは無事です' });
    await openUntil(resident, `${town.origin}/reports`, fine);
    await look(resident, '14-called');
    await press(resident, fine);
    await resident.getByText('「無事」と伝えました').waitFor();
    // The page of the call counts it by itself.
    await staff.locator('[data-count="fine"]', { hasText: '1' }).waitFor({ timeout: 25_000 });
    const call = new URL(staff.url()).pathname.split('/').at(-1);
    for (const words of ['川の水があふれそうです', '裏山が崩れ、隣の家の人が生き埋めです', '畑の土手が少し崩れました']) {
      await resident.goto(`${town.origin}/reports/new/disaster?call=${call}`);
      await resident.selectOption('#district', district);
      await write(resident, resident.locator('#words'), words);
      await press(resident, resident.getByRole('button', { name: '確認へ進む' }));
      await resident.waitForURL('**/check');
      const other = resident.getByRole('button', { name: '送る', exact: true });
      await press(resident, other);
      await resident.waitForURL('**/reports/*?sent=yes');
    }
    // Danger first, by keys alone; the page goes on to what nobody has looked at.
    await staff.locator('.triage li').nth(2).waitFor({ timeout: 25_000 });
    assert.match(await staff.locator('.triage li').first().innerText(), /生き埋め/);
    await look(staff, '14-triage-new');
    for (const key of ['1', '2', '3']) {
      // The list renews itself: a key pressed in that moment is pressed again.
      for (let tries = 0; tries < 4; tries++) {
        await staff.locator('#next a').focus();
        const gone = staff.waitForNavigation({ timeout: 3000 }).then(() => true, () => false);
        await staff.keyboard.press(key);
        if (await gone) break;
      }
    }
    const order = await staff.locator('.triage b').allInnerTexts();
    assert.equal(order.length, 3);
    assert.match(await staff.locator('main').innerText(), /人命に関わる[\s\S]*生き埋め[\s\S]*至急[\s\S]*待てる/);
    await lookAtBoth(staff, '14-call');
  });
});
