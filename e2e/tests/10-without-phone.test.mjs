// People without a phone: a kiosk, a tap, a sticker, the counter; those who act for them; and what everybody may see, take along and close.
import assert from 'node:assert/strict';
import { readBarcodes } from 'zxing-wasm/reader';
import { DESK, look, lookAtBoth, press, somebody, write } from '../lib/browser.mjs';
import { clerk, counter, live, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';
import { PASSWORD } from '../lib/town.mjs';

const BUS = '敬老バス証';
const IDM = '012E4CD2A1B3C4D5';

story('people without a phone', { pack: 'demo', residents: 300 }, async ({ town, browser, step }) => {
  const screen = await somebody(browser, { size: DESK });
  const bus = await counter(browser, town, '村営バス');
  const daughter = await somebody(browser);
  const { name } = town.cast.senior;

  await step('the card alone signs in at the kiosk', async () => {
    await screen.goto(`${town.station}/`);
    await screen.getByRole('link', { name: /スマートフォンをお持ちでない方/ }).click();
    await lookAtBoth(screen, '10-kiosk');
    assert.ok(await screen.locator('input[name="tap"]').isChecked());
    await screen.locator('main form button').click();
    await screen.waitForURL(`${town.station}/**`);
    await screen.locator('input[name="own"]').check();
    await screen.locator('input[name="card"][value="senior"]').check();
    await screen.locator('main form button').click();
    await screen.fill('#password', PASSWORD);
    await screen.locator('main form button').click();
    await screen.waitForURL(`${town.origin}/`);
    assert.equal(await screen.locator('tegata-card').count(), 0, 'a kiosk is nobody\'s phone');
    await screen.getByText(BUS).waitFor();
    await lookAtBoth(screen, '10-kiosk-home');
    await screen.goto(`${town.origin}/me`);
    await screen.getByText('まだありません').first().waitFor();
    await lookAtBoth(screen, '10-me');
  });

  await step('a tap on the bus, without a PIN', async () => {
    const reader = await somebody(browser);
    await reader.goto(`${town.station}/tap`);
    await look(reader, '10-tap-waiting');
    await reader.goto(`${town.station}/tap?card=senior`);
    const verdict = reader.locator('.verdict:not(.verdict--no)');
    await verdict.waitFor();
    assert.match(await verdict.innerText(), /敬老バス証[\s\S]*無料/);
    assert.ok(!(await verdict.innerText()).includes(name), 'the driver sees no name');
    await look(reader, '10-tap-yes');
    await reader.goto(`${town.station}/tap?card=adult`);
    await reader.getByText('町の番号が入っていません').waitFor();
    await look(reader, '10-tap-bare');
    await reader.context().close();
  });

  await step('the card is shared with a daughter who has a phone', async () => {
    await signIn(daughter, town, 'stranger');
    await screen.goto(`${town.origin}/`);
    await screen.locator('a[href^="/share/"]', { hasText: BUS }).click();
    await screen.locator('main form button').first().click();
    const code = (await screen.locator('.code-big').innerText()).replace(/\s/g, '');
    await daughter.goto(`${town.origin}/join`);
    await write(daughter, daughter.locator('#code'), code);
    await daughter.keyboard.press('Enter');
    await live(daughter, BUS);
  });

  await step('a sticker is made, and read where a reader types it', async () => {
    await screen.goto(`${town.origin}/me/media`);
    await lookAtBoth(screen, '10-media');
    await screen.locator('main form .button').last().click();
    await screen.getByText('名前を入れてください').waitFor();
    await screen.locator('input[value="temporary"]').check();
    await screen.fill('#label', 'つえ');
    await screen.fill('#last_day', '2020-01-01');
    await screen.getByRole('button', { name: '作る' }).click();
    await screen.getByText('今日から7日のあいだ').waitFor();
    assert.equal(await screen.inputValue('#label'), 'つえ', 'what was typed is kept');
    await screen.locator('input[value="sticker"]').check();
    await screen.getByRole('button', { name: '作る' }).click();
    await lookAtBoth(screen, '10-sticker');
    const [found] = await readBarcodes(new Blob([await screen.locator('.qr').screenshot()]), { formats: ['QRCode'] });
    assert.match(found.text, /^TGS[0-9A-F]{32}$/);

    await bus.getByRole('link', { name: /読み取り機で確かめる/ }).click();
    await look(bus, '10-number');
    await bus.keyboard.type('hello');
    await bus.keyboard.press('Enter');
    await bus.getByText('番号を読み取れませんでした').waitFor();
    await bus.locator('#number').focus();
    await bus.keyboard.type(found.text);
    await bus.keyboard.press('Enter');
    await bus.locator('.verdict:not(.verdict--no)').waitFor();
    await look(bus, '10-number-yes');
  });

  await step('a lost sticker is ended at once', async () => {
    await screen.goto(`${town.origin}/me/media`);
    await screen.getByRole('button', { name: /なくした.*つえ/ }).click();
    await screen.getByText('終了').first().waitFor();
    await look(screen, '10-media-ended');
  });

  await step('the daughter acts for her mother', async () => {
    await screen.goto(`${town.origin}/me/proxies`);
    await lookAtBoth(screen, '10-proxies');
    await screen.getByRole('button', { name: '頼むためのコードを作る' }).click();
    await screen.getByText('任せるものを1つ以上').waitFor();
    await screen.fill('#label', '娘');
    await screen.getByLabel('村民証').check();
    await screen.getByRole('button', { name: '頼むためのコードを作る' }).click();
    await lookAtBoth(screen, '10-proxy-code');
    const code = await screen.locator('.code-big').innerText();
    await daughter.goto(`${town.origin}/me/proxies/agree`);
    await daughter.fill('#code', code.toLowerCase());
    await press(daughter, daughter.locator('main form button'));
    await daughter.getByText(name).first().waitFor();
    await look(daughter, '10-proxy-agree');
    await press(daughter, daughter.getByRole('button', { name: '引き受ける' }));
    await daughter.getByText(name).first().waitFor();
    await look(daughter, '10-proxies-daughter');
    await daughter.goto(`${town.origin}/`);
    await live(daughter, '村民証');
  });

  await step('my data: seen and taken along', async () => {
    await screen.goto(`${town.origin}/me/data`);
    await lookAtBoth(screen, '10-data');
    const downloads = screen.waitForEvent('download');
    await screen.getByRole('link', { name: 'ファイルを受け取る' }).click();
    const file = await (await downloads).createReadStream();
    let text = '';
    for await (const part of file) text += part;
    const all = JSON.parse(text);
    assert.equal(all.passport.account.name.replace(/\s/g, ''), name.replace(/\s/g, ''));
    assert.ok(all.cards.uses.some(({ medium, accepted }) => medium === 'region_id' && accepted));
    assert.ok(all.passport.media.length >= 2 && all.passport.act_for_me.length === 1 && all.oidc.consents.length === 0);
    assert.ok(!/four_items|number_key|token/.test(text));
  });

  await step('who leaves the kiosk leaves nothing behind', async () => {
    await screen.getByRole('link', { name: '終わる' }).click();
    await screen.waitForURL(`${town.origin}/kiosk`);
    await screen.goBack();
    await screen.goto(`${town.origin}/me`);
    await screen.waitForURL(/\/start/);
    assert.ok(!(await screen.locator('body').innerText()).includes(name));
  });

  const staff = await clerk(browser, town, { size: DESK });
  await step('the counter serves who has no card that can be read', async () => {
    await staff.goto(`${town.origin}/staff/counter`);
    await staff.getByRole('button', { name: '受付を始める' }).click();
    await staff.getByText('氏名を入れてください').first().waitFor();
    await lookAtBoth(staff, '10-counter');
    const row = town.register().find((row) => row['生年月日'] < '1950' && row['住民状態'] === '在住' && row['氏名'] !== name && row['支援措置'] !== '1');
    await staff.fill('#name', row['氏名']);
    await staff.fill('#address', row['住所']);
    await staff.fill('#date_of_birth', row['生年月日']);
    await staff.getByLabel(row['性別'], { exact: true }).check();
    await staff.getByLabel('運転免許証').check();
    await staff.getByRole('button', { name: '受付を始める' }).click();
    await staff.getByText('結び付いています').waitFor();
    await staff.fill('#number', '02FE000000000001');
    await staff.getByRole('button', { name: '結び付ける' }).click();
    await staff.getByText('かざすたびに番号が変わる').waitFor();
    await staff.fill('#number', IDM);
    await staff.getByRole('button', { name: '結び付ける' }).click();
    await staff.getByText('交通系ICカード').first().waitFor();
    await lookAtBoth(staff, '10-counter-served');
    await bus.locator('#number').focus();
    await bus.keyboard.type(IDM.toLowerCase());
    await bus.keyboard.press('Enter');
    await bus.locator('.verdict:not(.verdict--no)').waitFor();
    staff.on('dialog', (dialog) => dialog.accept());
    await staff.getByRole('button', { name: 'すべて止める' }).click();
    await staff.getByText('終了').first().waitFor();
    await bus.locator('#number').focus();
    await bus.keyboard.type(IDM);
    await bus.keyboard.press('Enter');
    await bus.locator('.verdict--no').waitFor();
    await look(bus, '10-number-no');
    await staff.goto(`${town.origin}/staff/duplicates`);
    await lookAtBoth(staff, '10-duplicates');
  });

  await step('an account is closed by its owner, who means it', async () => {
    await daughter.goto(`${town.origin}/me/close`);
    await press(daughter, daughter.getByRole('button', { name: 'アカウントをやめる' }));
    await daughter.getByText('確認に印を付けてください').waitFor();
    await look(daughter, '10-close');
    await daughter.getByLabel('わかったうえで').check();
    await press(daughter, daughter.getByRole('button', { name: 'アカウントをやめる' }));
    await daughter.waitForURL(`${town.origin}/`);
    await daughter.goto(`${town.origin}/me`);
    await daughter.waitForURL(/\/start/);
  });

  for (const language of ['en', 'ja-easy']) {
    await step(`every page in ${language}`, async () => {
      const reader = await somebody(browser);
      await signIn(reader, town, 'adult');
      for (const path of ['/me', '/me/media', '/me/proxies', '/me/proxies/agree', '/me/data', '/me/close']) {
        await reader.goto(`${town.origin}${path}?lang=${language}`);
        await look(reader, `10-${language}${path.replaceAll('/', '-')}`, { axe: false });
      }
      for (const path of ['/staff/counter', '/staff/duplicates']) {
        await staff.goto(`${town.origin}${path}?lang=${language}`);
        await look(staff, `10-${language}${path.replaceAll('/', '-')}`, { axe: false });
      }
      for (const path of ['/tap', '/']) {
        await reader.goto(`${town.station}${path}?lang=${language}`);
        await look(reader, `10-${language}-station${path === '/' ? '' : '-tap'}`, { axe: false });
      }
      await reader.context().close();
    });
  }
});
