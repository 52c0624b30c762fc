// Other people, other cards, other words.
import assert from 'node:assert/strict';
import { look, press, somebody } from '../lib/browser.mjs';
import { cardButton, childrenOf, clerk, counter, live, scan, scanned, shown, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

/** 2021年10月11日 as an English page writes it. */
function inEnglish(day) {
  const [year, month, date] = day.match(/\d+/g).map(Number);
  return `${date} ${new Date(Date.UTC(year, month - 1, date)).toLocaleString('en', { month: 'long', timeZone: 'UTC' })} ${year}`;
}

story('seniors, adults, and readers of easy Japanese and English', {}, async ({ town, browser, step }) => {
  await step('a senior rides the bus', async () => {
    const [senior, bus] = [await somebody(browser), await counter(browser, town, '下北路線バス')];
    await signIn(senior, town, 'senior');
    await live(senior, 'シニアカード');
    const verdict = await scan(bus, await shown(senior, 'シニアカード'));
    assert.ok(verdict.yes, verdict.text);
    assert.match(verdict.text, /無料/);
    assert.equal(await senior.getByRole('heading', { name: '市民優待カード' }).count(), 0);
    await look(bus, '05-bus-yes');
    await press(senior, senior.locator('.size-switch__button'));
    await senior.waitForSelector('html[data-size="large"]');
    await live(senior, 'シニアカード');
    await look(senior, '05-senior-large');
    await senior.goto(`${town.origin}/me`);
    await look(senior, '05-senior-large-me');
    await bus.context().close();
  });
  await step('an adult pays less at a counter that takes the discount card', async () => {
    const [adult, desk] = [await somebody(browser), await counter(browser, town, '脇野沢港')];
    await signIn(adult, town, 'adult');
    const verdict = await scanned(desk, await shown(adult, '市民優待カード'));
    assert.ok(verdict.yes, verdict.text);
    assert.match(verdict.text, /割引/);
    assert.equal(await adult.getByRole('heading', { name: 'シニアカード' }).count(), 0);
    await desk.context().close();
  });
  await step('a single parent holds the certificate of the family', async () => {
    const [single, clinic] = [await somebody(browser), await counter(browser, town, '中央こどもクリニック')];
    await signIn(single, town, 'single-parent');
    const title = 'ひとり親家庭等医療費受給資格証';
    await single.locator('a.link-card', { hasText: title }).filter({ hasText: 'ご本人' }).click();
    await single.locator('main form button').click();
    const verdict = await scan(clinic, await shown(single, title));
    assert.ok(verdict.yes, verdict.text);
    assert.match(verdict.text, /81029902/);
    await look(clinic, '05-single-parent-yes');
  });
  const staff = await clerk(browser, town);
  for (const [language, size] of [['en', 'normal'], ['ja-easy', 'large']]) {
    await step(`every page in ${language}`, async () => {
      const reader = await somebody(browser);
      const visit = async (path, name) => {
        await reader.goto(`${town.origin}${path}`);
        await look(reader, `05-${language}-${name}`, { axe: false });
      };
      await reader.goto(`${town.origin}/?lang=${language}`);
      if (size === 'large') await reader.locator('.size-switch__button').click();
      await visit('/', 'landing');
      await visit('/start', 'start');
      await visit('/join', 'join');
      await visit('/verify', 'verify');
      await reader.goto(`${town.origin}/start`);
      await cardButton(reader).click();
      
      await reader.locator(`a[href^="${town.station}"]`).click();
      await look(reader, `05-${language}-station`, { axe: false });
      await signIn(reader, town, 'spouse');
      await reader.locator('.pass__qr svg').first().waitFor();
      await look(reader, `05-${language}-home`);
      if (language === 'en') {
        const [child] = childrenOf(town, town.cast.spouse);
        await reader.locator('main a.link-card[href^="/apply/"]').filter({ hasText: inEnglish(child.born) }).first().click();
        await look(reader, `05-${language}-apply`, { axe: false });
        await reader.fill('#name', child.name);
        await reader.keyboard.press('Enter');
        await reader.waitForURL(`${town.origin}/`);
      }
      await reader.locator('.pass a[href^="/share/"]').first().waitFor();
      assert.equal(await reader.locator('.pass a[href^="/share/"]').count(), 1, 'only the certificate may be shared');
      await reader.locator('.pass a[href^="/share/"]').click();
      await look(reader, `05-${language}-share`, { axe: false });
      await visit('/me', 'me');
      await visit('/me/services', 'services');
      await visit('/device', 'device');
      await staff.goto(`${town.origin}/staff?lang=${language}`);
      for (const page of ['', '/programmes', '/use', '/places', '/people', '/matching', '/bridge', '/what-if', '/members', '/services', '/services/new', '/audit']) {
        await staff.goto(`${town.origin}/staff${page}`);
        await look(staff, `05-${language}-staff${page.replace('/', '-')}`, { axe: false });
      }
      await reader.goto(`${town.origin}/nowhere`);
      await look(reader, `05-${language}-not-found`);
      await reader.context().close();
    });
  }
});
