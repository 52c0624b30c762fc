// The family holds one certificate on several phones.
import assert from 'node:assert/strict';
import { look, press, somebody, write } from '../lib/browser.mjs';
import { applyFor, card, childrenOf, counter, live, scan, scanned, shown, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

const CERTIFICATE = '子ども医療費受給資格証';

story('a grandmother takes the child to the doctor', {}, async ({ town, browser, step }) => {
  const [parent, grandmother] = [await somebody(browser), await somebody(browser)];
  const place = await counter(browser, town, '中央こどもクリニック');
  const [child] = childrenOf(town, town.cast.parent);

  const code = await step('the parent shows a code', async () => {
    await signIn(parent, town, 'parent');
    await applyFor(parent, CERTIFICATE, child);
    await live(parent, CERTIFICATE);
    await press(parent, card(parent, CERTIFICATE).getByRole('link', { name: '家族と分けあう' }));
    await parent.waitForURL('**/share/**');
    await look(parent, '03-share');
    await press(parent, parent.getByRole('button', { name: 'コードを表示する' }));
    await parent.locator('.share-code svg').waitFor();
    await parent.getByText('読み取りを待っています').waitFor();
    await look(parent, '03-share-code');
    return (await parent.locator('.code-big').innerText()).trim();
  });
  await step('a wrong code is explained, and what was typed stays', async () => {
    await grandmother.goto(town.origin);
    await press(grandmother, grandmother.getByRole('link', { name: /家族から受け取る/ }));
    await grandmother.waitForURL('**/join');
    await look(grandmother, '03-join');
    await write(grandmother, grandmother.locator('#code'), 'AAAA 0000');
    await write(grandmother, grandmother.locator('#label'), 'ばあば');
    await grandmother.keyboard.press('Enter');
    await grandmother.getByRole('alert').waitFor();
    assert.equal(await grandmother.inputValue('#label'), 'ばあば');
    await look(grandmother, '03-join-wrong');
  });
  await step('the grandmother joins without an account', async () => {
    await write(grandmother, grandmother.locator('#code'), code);
    await grandmother.keyboard.press('Enter');
    await grandmother.waitForURL(`${town.origin}/`);
    await live(grandmother, CERTIFICATE);
    assert.ok((await card(grandmother, CERTIFICATE).innerText()).includes(child.name));
    assert.equal(await grandmother.getByText('窓口で確かめています').count(), 0, 'she needs no match with the register');
    await look(grandmother, '03-grandmother-home');
  });
  await step('the parent’s screen says so', async () => {
    await parent.getByText('相手のスマートフォンに表示されました').waitFor();
  });
  await step('her phone is good at the clinic', async () => {
    const verdict = await scanned(place, await shown(grandmother, CERTIFICATE));
    assert.ok(verdict.yes, verdict.text);
    assert.match(verdict.text, /受給者番号\s*\d{7}/);
  });
  await step('the code works once', async () => {
    const other = await somebody(browser);
    await other.goto(`${town.origin}/join/${code.replace(/\s/g, '')}`);
    assert.equal((await other.inputValue('#code')).replace(/\s/g, ''), code.replace(/\s/g, ''));
    await other.fill('#label', 'よその人');
    await other.keyboard.press('Enter');
    await other.getByRole('alert').waitFor();
    await other.context().close();
  });
  await step('the parent ends it; her screen is refused with the reason', async () => {
    await grandmother.context().setOffline(true);
    await parent.goto(`${town.origin}/`);
    await press(parent, card(parent, CERTIFICATE).getByRole('link', { name: '家族と分けあう' }));
    await parent.getByText('ばあば').first().waitFor();
    await look(parent, '03-holders');
    await press(parent, parent.getByRole('button', { name: /終える.*ばあば/ }));
    await parent.waitForFunction(() => !document.querySelector('main').innerText.includes('ばあば'));
    const verdict = await scan(place, await shown(grandmother, CERTIFICATE));
    assert.equal(verdict.yes, false);
    assert.match(verdict.why, /分けあいが終わって/);
    await look(place, '03-share-ended');
  });
  await step('her phone says it too', async () => {
    await grandmother.context().setOffline(false);
    await grandmother.reload();
    await grandmother.locator('.pass[data-state="ended"]').waitFor();
    assert.match(await grandmother.locator('.pass__message').first().innerText(), /分けあいが終わりました/);
    await look(grandmother, '03-grandmother-ended');
  });
});
