// What the town decides: agreed to on a phone with the card, signed, read at 360 px, believed by another's reader of PDFs, proven at the desk.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DESK, look, lookAtBoth, openUntil, press, somebody, write } from '../lib/browser.mjs';
import { authenticator, clerk, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

/** A page as an office prints it. */
function pdf(line) {
  const content = `BT /F1 20 Tf 50 600 Td (${line}) Tj ET`;
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>',
    `<</Length ${content.length}>>\nstream\n${content}\nendstream`,
    '<</Type/Font/Subtype/Type1/BaseFont/Courier>>',
  ];
  let text = '%PDF-1.4\n';
  let table = 'xref\n0 6\n0000000000 65535 f\r\n';
  for (const [at, object] of objects.entries()) {
    table += `${String(text.length).padStart(10, '0')} 00000 n\r\n`;
    text += `${at + 1} 0 obj\n${object}\nendobj\n`;
  }
  return `${text}${table}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n${text.length}\n%%EOF\n`;
}

story('dispositions of the town', { residents: 900 }, async ({ town, browser, step }) => {
  const resident = await somebody(browser);
  const staff = await clerk(browser, town, { size: DESK });
  const go = (page, path) => page.goto(`${town.origin}${path}`);
  /** Another officer, invited and come. */
  const colleague = async () => {
    const desk = await clerkless();
    await go(staff, '/staff/members');
    await write(staff, staff.locator('#name'), '試験　花子');
    await staff.locator('#roles input[value="officer"]').check();
    await press(staff, staff.getByRole('button', { name: '招待のリンクを作る' }));
    await desk.goto(await staff.locator('.notice--success code').innerText());
    await press(desk, desk.getByRole('button', { name: 'パスキーを作る' }));
    await desk.waitForURL(`${town.origin}/staff`);
    return desk;
  };
  const clerkless = async () => {
    const page = await somebody(browser, { size: DESK });
    await authenticator(page);
    return page;
  };
  const folder = mkdtempSync(join(tmpdir(), 'dispositions-'));
  const player = town.cast.parent;
  const rows = town.register();
  const own = rows.find((row) => row['氏名'] === player.name && row['住所'] === player.address)['宛名番号'];
  const other = rows.find((row) => row['宛名番号'] !== own && row['住民状態'] === '在住' && row['支援措置'] !== '1')['宛名番号'];

  await step('a resident agrees, in plain words, right after the card was read', async () => {
    await signIn(resident, town, 'parent');
    await go(resident, '/me/data');
    await press(resident, resident.getByRole('link', { name: '処分通知をアプリで受けとる' }));
    await lookAtBoth(resident, '18-consents');
    await press(resident, resident.getByRole('button', { name: /同意する\s*（市民税/ }));
    await resident.getByText(/に同意しました/).waitFor();
    await lookAtBoth(resident, '18-agreed');
  });

  await step('an officer writes it, hands in a file for everybody, and sees how many get it how', async () => {
    await go(staff, '/staff/notices');
    await press(staff, staff.getByRole('link', { name: '処分通知を書く' }));
    await press(staff, staff.getByRole('button', { name: '下書きとして保存' }));
    await staff.getByRole('alert').waitFor();
    await staff.locator('input[name="kind"][value="resident-tax"]').check();
    await write(staff, staff.locator('#number'), '市税第12号');
    await write(staff, staff.locator('#title_ja'), '税額決定のお知らせ');
    await write(staff, staff.locator('#body_ja'), '令和8年度の税額が決まりました。\n\n書類を開いてください。');
    await lookAtBoth(staff, '18-write');
    await press(staff, staff.getByRole('button', { name: '下書きとして保存' }));
    await staff.waitForURL(/\/staff\/notices\/[0-9a-f-]+$/);
    writeFileSync(join(folder, 'list.csv'), `宛名番号,ファイル\n${own},a.pdf\n${other},b.pdf\n`);
    writeFileSync(join(folder, 'a.pdf'), pdf('No. 1'));
    writeFileSync(join(folder, 'b.pdf'), pdf('No. 2'));
    await staff.locator('#list').setInputFiles(join(folder, 'list.csv'));
    await staff.locator('#file').setInputFiles([join(folder, 'a.pdf'), join(folder, 'b.pdf')]);
    await press(staff, staff.getByRole('button', { name: '名簿を取りこむ' }));
    assert.equal(await staff.locator('[data-electronic]').innerText(), '1人');
    assert.equal(await staff.locator('[data-paper]').innerText(), '1人');
    await lookAtBoth(staff, '18-desk');
  });

  let notice;
  const id = await step('another approves, and the resident reads it at 360 px', async () => {
    notice = staff.url();
    staff.once('dialog', (dialog) => dialog.accept());
    await press(staff, staff.getByRole('button', { name: '決裁に回す' }));
    const second = await colleague();
    await second.goto(notice);
    await press(second, second.getByRole('button', { name: '決裁する（送る）' }));
    const come = resident.getByRole('link', { name: /税額決定のお知らせ/ });
    await openUntil(resident, `${town.origin}/inbox`, come);
    await lookAtBoth(resident, '18-inbox');
    await press(resident, come);
    const words = await resident.locator('main').innerText();
    assert.match(words, /市税第12号/);
    assert.match(words, /何も変わっていません/);
    await lookAtBoth(resident, '18-disposition');
    return resident.url().split('/').pop();
  });

  await step('the signature is checked in plain words, and by another maker’s reader', async () => {
    await press(resident, resident.getByRole('link', { name: '署名の確かめ方' }));
    await lookAtBoth(resident, '18-check');
    const file = await resident.request.get(`${town.origin}/inbox/${id}/file`);
    writeFileSync(join(folder, 'signed.pdf'), await file.body());
    const said = execFileSync('pdfsig', ['-nocert', join(folder, 'signed.pdf')], { encoding: 'utf8' });
    assert.match(said, /Signature Validation: Signature is Valid/);
    assert.match(said, /Total document signed/);
  });

  await step('the desk proves when it came and was opened, and lists who gets paper', async () => {
    await staff.goto(notice);
    await write(staff, staff.locator('#number'), own);
    await press(staff, staff.getByRole('button', { name: '到達の証明' }));
    assert.match(await staff.locator('main').innerText(), /開かれた/);
    await lookAtBoth(staff, '18-proof');
    await look(staff, '18-proof-again');
    rmSync(folder, { recursive: true });
  });
});
