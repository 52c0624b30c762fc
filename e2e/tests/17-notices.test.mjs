// What the town tells: written at the desk, approved by another, read on a phone in two languages, without a script, answered and counted.
import assert from 'node:assert/strict';
import { DESK, look, lookAtBoth, openUntil, press, somebody, write } from '../lib/browser.mjs';
import { clerk, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

story('notices of the town', { residents: 900 }, async ({ town, browser, step }) => {
  const resident = await somebody(browser);
  const staff = await clerk(browser, town, { size: DESK });
  const go = (page, path) => page.goto(`${town.origin}${path}`);

  await step('an officer writes for those who fit a rule, and sees whom it reaches while writing', async () => {
    await go(staff, '/staff/notices');
    await lookAtBoth(staff, '17-desk');
    await press(staff, staff.getByRole('link', { name: 'お知らせを書く' }));
    await write(staff, staff.locator('#title_ja'), '断水のお知らせ');
    await write(staff, staff.locator('#body_ja'), '明日の9時から12時まで断水します。\n\n水をくみおきしてください。');
    await write(staff, staff.locator('#title_en'), 'No water tomorrow');
    await write(staff, staff.locator('#body_en'), 'There is no water tomorrow from 9 to 12.\n\nPlease store some.');
    await staff.locator('input[name="topic"][value="town"]').check();
    await staff.locator('input[name="audience"][value="everybody"]').check();
    await staff.locator('[data-slot="result"] .tile__number').waitFor();
    const everybody = await staff.locator('[data-slot="result"]').innerText();
    await staff.locator('input[name="audience"][value="rule"]').check();
    await write(staff, staff.locator('#rule'), 'today >= birthdy(20)');
    await staff.locator('#rule-error').filter({ hasText: /./ }).waitFor();
    await write(staff, staff.locator('#rule'), 'today >= birthday(20)');
    await staff.waitForFunction((before) => {
      const now = document.querySelector('[data-slot="result"]').innerText;
      return now !== '' && now !== before;
    }, everybody);
    await staff.locator('input[name="wants_answer"]').check();
    await lookAtBoth(staff, '17-write');
    await press(staff, staff.getByRole('button', { name: '下書きとして保存' }));
    await staff.waitForURL(/\/staff\/notices\/[0-9a-f-]+$/);
    await lookAtBoth(staff, '17-draft');
  });

  await step('what is wrong comes back with everything that was typed', async () => {
    const draft = staff.url();
    await go(staff, '/staff/notices/new');
    await write(staff, staff.locator('#body_ja'), '題名のない本文');
    await staff.locator('input[name="topic"][value="town"]').check();
    await press(staff, staff.getByRole('button', { name: '下書きとして保存' }));
    await staff.getByRole('alert').waitFor();
    assert.match(await staff.getByRole('alert').innerText(), /題名を書いてください/);
    assert.equal(await staff.locator('#body_ja').inputValue(), '題名のない本文');
    await look(staff, '17-mend');
    await staff.goto(draft);
  });

  await step('it goes out, and the resident reads it at 360 px', async () => {
    staff.once('dialog', (dialog) => dialog.accept());
    await press(staff, staff.getByRole('button', { name: '送る', exact: true }));
    await signIn(resident, town, 'parent');
    const come = resident.getByRole('link', { name: /断水のお知らせ/ });
    await openUntil(resident, `${town.origin}/inbox`, come);
    await lookAtBoth(resident, '17-inbox');
    await press(resident, come);
    assert.match(await resident.locator('main').innerText(), /水をくみおきしてください/);
    await lookAtBoth(resident, '17-notice');
    await press(resident, resident.getByRole('button', { name: '読みました' }));
    await resident.getByText(/「読みました」と伝えました/).waitFor();
    await look(resident, '17-answered');
    await go(resident, '/inbox/settings');
    await lookAtBoth(resident, '17-settings');
  });

  await step('a reader of English and one of large type read the same', async () => {
    await go(resident, '/inbox?lang=en');
    await resident.getByRole('link', { name: /No water tomorrow/ }).waitFor();
    await press(resident, resident.getByRole('link', { name: /No water tomorrow/ }));
    await look(resident, '17-english');
    await press(resident, resident.locator('.size-switch__button'));
    await look(resident, '17-large');
    await go(resident, '/inbox?lang=ja-easy');
    await look(resident, '17-easy');
    await press(resident, resident.locator('.tabbar summary'));
    await look(resident, '17-menu');
  });

  await step('without a script the inbox, the search and the topics work', async () => {
    const plain = await somebody(browser, { javaScriptEnabled: false, storageState: await resident.context().storageState() });
    await go(plain, '/inbox?lang=ja');
    await plain.fill('#q', '断水');
    await plain.locator('main form button').first().click();
    assert.equal(await plain.locator('.list__item', { hasText: '断水のお知らせ' }).count(), 1);
    await go(plain, '/inbox/settings');
    await plain.locator('input[name="topic"]').first().uncheck();
    await plain.getByRole('button', { name: 'このようにする' }).click();
    assert.equal(await plain.locator('input[name="topic"]').first().isChecked(), false);
    assert.match(await plain.locator('main').innerText(), /いつも届きます/);
  });

  await step('the desk counts what became of it', async () => {
    await staff.reload();
    const counted = await staff.locator('main').innerText();
    assert.match(counted, /開いた\s+1\s/);
    assert.match(counted, /「読みました」\s+1\s/);
    await lookAtBoth(staff, '17-became');
  });
});
