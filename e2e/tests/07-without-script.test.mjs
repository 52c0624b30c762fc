// A browser without JavaScript: slower, not shut out.
import assert from 'node:assert/strict';
import { look, somebody } from '../lib/browser.mjs';
import { cardButton, childrenOf, clerk, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

const CERTIFICATE = '子ども医療費受給資格証';

story('without JavaScript', {}, async ({ town, browser, step }) => {
  const [parent, grandmother] = [await somebody(browser, { javaScriptEnabled: false }), await somebody(browser, { javaScriptEnabled: false })];
  const [child] = childrenOf(town, town.cast.parent);
  const plain = (page, name) => look(page, `07-${name}`, { axe: false });

  await step('one proves', async () => {
    await parent.goto(town.origin);
    await plain(parent, 'landing');
    await parent.goto(`${town.origin}/start`);
    await plain(parent, 'start');
    await cardButton(parent).click();
    await plain(parent, 'read');
    await signIn(parent, town, 'parent');
    await plain(parent, 'home');
  });
  await step('one applies', async () => {
    await parent.locator('a.link-card', { hasText: CERTIFICATE }).filter({ hasText: child.born }).click();
    await parent.locator('main form button').click();
    assert.match(await parent.locator('#name-error').innerText(), /入れてください/);
    await plain(parent, 'apply');
    await parent.fill('#name', child.name);
    await parent.locator('main form button').click();
    const line = parent.locator('.list__item', { hasText: CERTIFICATE });
    assert.match(await line.innerText(), new RegExp(child.name));
    await plain(parent, 'home-certificate');
  });
  await step('one shares and receives', async () => {
    await parent.locator('.list__item a[href^="/share/"]', { hasText: CERTIFICATE }).click();
    await parent.getByRole('button', { name: 'コードを表示する' }).click();
    const code = await parent.locator('.code-big').innerText();
    assert.match(code, /^\w{4} \w{4}$/);
    await plain(parent, 'share-code');
    await grandmother.goto(`${town.origin}/join`);
    await grandmother.fill('#code', code);
    await grandmother.fill('#label', 'ばあば');
    await grandmother.locator('main form button').click();
    await grandmother.locator('.list__item', { hasText: CERTIFICATE }).waitFor();
    await plain(grandmother, 'grandmother');
  });
  await step('staff see programmes, count a rule and make a pairing code', async () => {
    const staff = await clerk(browser, town, { javaScriptEnabled: false });
    await staff.goto(`${town.origin}/staff/programmes`);
    await staff.getByText(CERTIFICATE).first().waitFor();
    await plain(staff, 'programmes');
    await staff.goto(`${town.origin}/staff/what-if`);
    await staff.fill('#rule', 'resident.current && today >= birthday(75)');
    await staff.locator('main form button').first().click();
    assert.match(await staff.locator('output').innerText(), /\d/);
    await plain(staff, 'what-if');
    await staff.goto(`${town.origin}/staff/places`);
    await staff.getByRole('button', { name: /コードを作る/ }).first().click();
    assert.match(await staff.locator('.code-big').innerText(), /^\w{4}-\w{4}$/);
    await plain(staff, 'places');
  });
});
