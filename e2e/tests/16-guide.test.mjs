// The citizens' guide: a parent writes with a photo, staff publish, and everybody reads: in English, as an older resident, without script.
import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { look, lookAtBoth, press, somebody, write } from '../lib/browser.mjs';
import { clerk, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

/** A picture of two colours, as a PNG. */
function picture(width = 640, height = 480) {
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from([88, 150, 72]))]);
  const sky = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from([150, 190, 230]))]);
  const pixels = deflateSync(Buffer.concat([...Array(height)].map((_, line) => (line < height / 2 ? sky : row))));
  const crc = (bytes) => {
    let sum = ~0;
    for (const byte of bytes) {
      sum ^= byte;
      for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
    }
    return ~sum >>> 0;
  };
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

story('the citizens’ guide', { pack: 'himeji', residents: 3000 }, async ({ town, browser, step }) => {
  const parent = await somebody(browser);
  let post;

  await step('who is nobody yet reads, and is sent to prove before writing', async () => {
    await parent.goto(`${town.origin}/guide`);
    await parent.getByText('0件の書きこみ').waitFor();
    await lookAtBoth(parent, '16-empty');
    await press(parent, parent.getByRole('link', { name: '書きこむ' }));
    await parent.waitForURL(/\/start\?next=/);
  });
  await step('a parent writes, mends and sends with a photo', async () => {
    await signIn(parent, town, 'parent');
    await parent.goto(`${town.origin}/guide/childcare/new`);
    await lookAtBoth(parent, '16-form');
    await press(parent, parent.getByRole('button', { name: '送る' }));
    await parent.locator('#errors').waitFor();
    assert.match(await parent.locator('#errors').innerText(), /分類を選んでください[\s\S]*題名を入れてください/);
    await lookAtBoth(parent, '16-mend');
    await parent.getByLabel('公園・外遊び').check();
    await write(parent, parent.locator('#title'), '手柄山の広い芝生');
    await write(parent, parent.locator('#words'), 'ベビーカーで入れます。\n日かげのベンチもあります。');
    await write(parent, parent.locator('#place'), '手柄山中央公園');
    await write(parent, parent.locator('#district'), '西延末');
    await parent.locator('details', { hasText: '数字で入れる' }).locator('summary').click();
    await parent.locator('#latitude').fill('34823000');
    await parent.locator('#longitude').fill('134674000');
    await parent.locator('#fact-pram').selectOption('yes');
    await parent.locator('#fact-nursing-room').selectOption('no');
    await parent.locator('#photo').setInputFiles({ name: 'shibafu.png', mimeType: 'image/png', buffer: picture() });
    await write(parent, parent.locator('#photo_words'), '青空の下の広い芝生');
    await write(parent, parent.locator('#pen_name'), 'どんぐりママ');
    await press(parent, parent.getByRole('button', { name: '送る' }));
    await parent.waitForURL(/\/guide\/mine\//);
    post = parent.url().split('/').pop();
    await parent.getByText('確認を待っています').waitFor();
    await lookAtBoth(parent, '16-waiting');
  });
  await step('staff look over it and publish', async () => {
    const staff = await clerk(browser, town);
    await staff.goto(`${town.origin}/staff/guide`);
    await lookAtBoth(staff, '16-desk');
    await press(staff, staff.getByRole('link', { name: '手柄山の広い芝生' }).first());
    assert.ok(await staff.locator('img.guide-photo').evaluate((image) => image.complete && image.naturalWidth > 0), 'staff see the photo');
    await lookAtBoth(staff, '16-review');
    await press(staff, staff.getByRole('button', { name: '書きなおしをお願いする' }));
    await staff.locator('#errors').waitFor();
    await press(staff, staff.getByRole('button', { name: '公開する', exact: true }));
    await staff.getByText('確認するものはありません').waitFor();
  });
  await step('somebody from abroad finds it in English, on the map and in the list', async () => {
    const visitor = await somebody(browser, { locale: 'en-GB' });
    await visitor.goto(`${town.origin}/guide/childcare?lang=en`);
    await visitor.getByText('1 post').waitFor();
    await lookAtBoth(visitor, '16-list-en');
    await visitor.getByLabel('Accessible with a pram').isVisible();
    await press(visitor, visitor.locator('details', { has: visitor.getByLabel('Nursing room') }).locator('summary'));
    await visitor.getByLabel('Nursing room').check();
    await press(visitor, visitor.getByRole('button', { name: 'Search' }));
    await visitor.getByText('0 posts').waitFor();
    await visitor.goto(`${town.origin}/guide/childcare?tag=pram`);
    await press(visitor, visitor.getByRole('link', { name: /手柄山の広い芝生/ }));
    assert.match(await visitor.locator('main').innerText(), /Written by どんぐりママ/);
    assert.ok(await visitor.locator('img.guide-photo').evaluate((image) => image.complete && image.naturalWidth === 640));
    await lookAtBoth(visitor, '16-post-en');
    await visitor.goto(`${town.origin}/guide/childcare/open-data`);
    await lookAtBoth(visitor, '16-open-data');
  });
  await step('an older resident without script says thank you', async () => {
    const senior = await somebody(browser, { javaScriptEnabled: false });
    await signIn(senior, town, 'senior');
    await senior.goto(`${town.origin}/guide/childcare?lang=ja-easy`);
    await look(senior, '16-list-easy', { axe: false });
    await senior.getByRole('link', { name: /手柄山の広い芝生/ }).click();
    await senior.locator('form[action$="/thanks"] button').click();
    await senior.locator('h2', { hasText: 'ありがとう 1' }).waitFor();
    await senior.locator('main details summary').last().click();
    await look(senior, '16-thanked', { axe: false });
    await senior.locator('form[action$="/wrong"] button').click();
    await senior.locator('h1', { hasText: 'ありがとう' }).waitFor();
  });
  await step('its author sees it published, and takes it back', async () => {
    await parent.goto(`${town.origin}/guide/mine/${post}`);
    await parent.getByText('10ポイント').waitFor();
    await lookAtBoth(parent, '16-published');
    parent.on('dialog', (dialog) => dialog.accept());
    await press(parent, parent.getByRole('button', { name: '取り下げる' }));
    await parent.getByText('取り下げました').first().waitFor();
    const open = await fetch(`${town.origin}/api/v1/guide/childcare.json`).then((answer) => answer.json());
    assert.equal(open.posts.length, 0);
  });
});
