// Eight languages over the pages residents use: on a narrow phone, in large type, in strong contrast, by keyboard and without a script.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DESK, PHONE, look, press, somebody, write } from '../lib/browser.mjs';
import { clerk, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

const CRATES = join(import.meta.dirname, '../../crates');
/** Tag of the house, tag for HTML, its own name, what a browser asks for. */
const LANGUAGES = [
  ['ja', 'ja', '日本語', 'ja-JP'],
  ['ja-easy', 'ja', 'やさしい日本語', undefined],
  ['en', 'en', 'English', 'en-GB'],
  ['zh', 'zh-Hans', '简体中文', 'zh-TW'],
  ['vi', 'vi', 'Tiếng Việt', 'vi-VN'],
  ['pt', 'pt-BR', 'Português', 'pt-PT'],
  ['tl', 'fil', 'Filipino', 'fil-PH'],
  ['id', 'id', 'Bahasa Indonesia', 'id-ID'],
];
const FOREIGN = LANGUAGES.filter(([, html]) => html !== 'ja');

/** Whole sentences of a room in a language that have no places for values: what a page of another language must not say. */
function sentences(tag) {
  const found = new Set();
  for (const room of readdirSync(CRATES)) {
    let text;
    try { text = readFileSync(join(CRATES, room, 'texts', tag, `${room}.ftl`), 'utf8'); } catch { continue; }
    for (const line of text.split('\n')) {
      const said = /^(?:[a-z][\w-]*|\s+\.\w+)\s*=\s*(.+)$/.exec(line)?.[1];
      if (said && said.length > 14 && !/[{}]/.test(said)) found.add(said.trim());
    }
  }
  return found;
}

const others = new Map(LANGUAGES.map(([tag]) => [tag, sentences(tag)]));

/** What stands on the page in a language other than its own. */
async function strange(page, tag) {
  const text = await page.evaluate(() => document.body.innerText);
  const own = [...others.get(tag)];
  const foreign = ['ja', 'ja-easy', 'en'].filter((other) => other !== tag).flatMap((other) => [...others.get(other)]);
  return foreign.filter((said) => text.includes(said) && !own.some((mine) => mine.includes(said)));
}

/** A page is marked as what it is, fits, shows no key, and says everything in its own language. */
async function check(page, [tag, html], name, options = {}) {
  assert.equal(await page.evaluate(() => document.documentElement.lang), html, `lang of ${name}`);
  await look(page, `20-${tag}-${name}`, options);
  if (html !== 'ja') assert.deepEqual(await strange(page, tag), [], `foreign sentences on ${name} in ${tag}`);
}

/** Stands for the voices of a device, and writes down what it would say: language, voice, words. */
function voices() {
  window.said = [];
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } addEventListener() {} };
  const has = ['ja-JP', 'en-US', 'vi-VN'].map((lang) => ({ lang }));
  const synthesis = { speaking: false, getVoices: () => has, cancel() {}, speak: ({ lang, voice, text }) => window.said.push([lang, voice.lang, text]) };
  Object.defineProperty(window, 'speechSynthesis', { value: synthesis });
}

/** Pages whose make-up is examined in every language; the others differ from these in words alone. */
const EXAMINED = ['start', 'map', 'cards', 'inbox', 'reports'];

const PUBLIC = [['/', 'home'], ['/start', 'start'], ['/join', 'join'], ['/map', 'map'], ['/map/list', 'places'], ['/calendar', 'calendar'], ['/reports/public', 'public'], ['/guide', 'guide'], ['/verify', 'verify'], ['/kiosk', 'kiosk'], ['/nowhere', 'not-found']];
const SIGNED_IN = [['/', 'cards'], ['/inbox', 'inbox'], ['/inbox/settings', 'settings'], ['/calendar', 'my-calendar'], ['/calendar/wishes', 'reminders'], ['/reports', 'reports'], ['/reports/new', 'report'], ['/guide/childcare/new', 'write'], ['/me', 'me'], ['/me/data', 'data'], ['/me/services', 'services'], ['/me/proxies', 'proxies'], ['/me/media', 'media']];

story('eight languages for everybody', { pack: 'himeji', residents: 300 }, async ({ town, browser, step }) => {
  await step('a browser is answered in the language it asks for, and remembers another choice', async () => {
    for (const [tag, html, own, locale] of LANGUAGES.filter(([, , , locale]) => locale)) {
      const page = await somebody(browser, { locale });
      await page.goto(`${town.origin}/start`);
      assert.equal(await page.evaluate(() => document.documentElement.lang), html, locale);
      assert.equal((await page.locator('.langs summary').innerText()).split('\n').pop().trim(), own, tag);
      await page.context().close();
    }
    const page = await somebody(browser, { locale: 'vi-VN', javaScriptEnabled: false });
    await page.goto(`${town.origin}/start`);
    await page.locator('.langs summary').click();
    assert.deepEqual(await page.locator('.langs a').allInnerTexts(), LANGUAGES.map(([, , own]) => own));
    await page.getByRole('link', { name: 'Português' }).click();
    await page.goto(`${town.origin}/map`);
    assert.equal(await page.locator('html').getAttribute('lang'), 'pt-BR');
    await page.goto(`${town.origin}/staff/login`);
    assert.equal(await page.locator('html').getAttribute('lang'), 'en', 'staff read English where Portuguese is not written');
    assert.deepEqual(await page.locator('.langs a').allInnerTexts(), ['日本語', 'やさしい日本語', 'English']);
    await page.goto(`${town.origin}/map`);
    assert.equal(await page.locator('html').getAttribute('lang'), 'pt-BR', 'the choice outlives a page of staff');
    await page.context().close();
  });

  await step('the switch is worked with the keyboard', async () => {
    const page = await somebody(browser);
    await page.goto(`${town.origin}/start`);
    await press(page, page.locator('.langs summary'));
    await look(page, '20-switch');
    await press(page, page.getByRole('link', { name: 'Tiếng Việt' }));
    await page.locator('html[lang="vi"]').waitFor({ state: 'attached' });
    await page.context().close();
  });

  for (const language of LANGUAGES) {
    await step(`pages for everybody in ${language[0]}`, async () => {
      const page = await somebody(browser);
      await page.goto(`${town.origin}/?lang=${language[0]}`);
      for (const [path, name] of PUBLIC) {
        await page.goto(`${town.origin}${path}`);
        await check(page, language, name, { axe: EXAMINED.includes(name) });
      }
      await page.context().close();
    });
  }

  await step('the words stand in the letters of their language', async () => {
    const page = await somebody(browser);
    for (const [tag, html] of FOREIGN) {
      await page.goto(`${town.origin}/start?lang=${tag}`);
      const family = await page.evaluate(() => getComputedStyle(document.querySelector('main p')).fontFamily);
      if (html === 'zh-Hans') assert.match(family, /^"Noto Sans SC"/);
      else assert.doesNotMatch(family, /^"Noto Sans (JP|SC)"/, tag);
    }
    await page.context().close();
  });
});

story('eight languages for a resident', { pack: 'himeji', residents: 300 }, async ({ town, browser, step }) => {
  const page = await somebody(browser);
  await page.addInitScript(voices);
  await signIn(page, town, 'parent');
  const staff = await clerk(browser, town, { size: DESK });

  await step('a notice arrives in the language it was also written in, is read aloud by its voice, and falls back for others', async () => {
    await staff.goto(`${town.origin}/staff/notices/new`);
    for (const [tag, title, body] of [['ja', '断水のお知らせ', '明日の9時から断水します。'], ['vi', 'Thông báo cắt nước', 'Ngày mai cắt nước từ 9 giờ.']]) {
      await write(staff, staff.locator(`#title_${tag}`), title);
      await write(staff, staff.locator(`#body_${tag}`), body);
    }
    await staff.locator('input[name="topic"][value="town"]').check();
    await staff.locator('input[name="audience"][value="everybody"]').check();
    await press(staff, staff.getByRole('button', { name: '下書きとして保存' }));
    await staff.waitForURL(/\/staff\/notices\/[0-9a-f-]+$/);
    await look(staff, '20-preview', { axe: false });
    staff.once('dialog', (dialog) => dialog.accept());
    const send = staff.getByRole('button', { name: '送る', exact: true });
    await press(staff, send);
    await send.waitFor({ state: 'detached' });
    for (let looks = 0; looks < 50 && !(await page.getByRole('link', { name: /断水|cắt nước/ }).count()); looks++) {
      await page.goto(`${town.origin}/inbox`);
      await page.waitForTimeout(100);
    }

    const aloud = async (tag, title) => {
      await page.goto(`${town.origin}/inbox?lang=${tag}`);
      await press(page, page.getByRole('link', { name: title }));
      await page.locator('[data-speak-start]').click();
      await look(page, `20-${tag}-notice`);
      return page.evaluate(() => window.said);
    };
    assert.deepEqual(await aloud('vi', /Thông báo cắt nước/), [['vi', 'vi-VN', 'Thông báo cắt nước'], ['vi', 'vi-VN', 'Ngày mai cắt nước từ 9 giờ.']]);
    assert.deepEqual((await aloud('zh', /断水のお知らせ/)).map(([lang, voice]) => [lang, voice]), [['ja', 'ja-JP'], ['ja', 'ja-JP']], 'Japanese is read by a Japanese voice');
    await page.evaluate(() => { window.said = []; speechSynthesis.getVoices = () => [{ lang: 'vi-VN' }]; });
    await page.locator('[data-speak-start]').click();
    await page.getByRole('status').filter({ hasText: '没有这种语言的语音' }).waitFor();
    assert.deepEqual(await page.evaluate(() => window.said), [], 'no voice of another language reads it');
  });

  await step('an event staff wrote in Vietnamese too is read in it, and in the next language by others', async () => {
    await staff.goto(`${town.origin}/staff/calendar/new`);
    for (const [tag, title, about] of [['vi', 'Lễ hội tuyết', 'Có tượng tuyết và các quầy ăn.'], ['en', 'Snow festival', '']]) {
      await press(staff, staff.locator('details', { has: staff.locator(`#title_${tag}`) }).locator('summary'));
      await write(staff, staff.locator(`#title_${tag}`), title);
      await write(staff, staff.locator(`#about_${tag}`), about);
    }
    await write(staff, staff.locator('#title'), '雪まつり');
    await write(staff, staff.locator('#place'), '代官山公園');
    await staff.locator('#starts_on').fill(new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10));
    await look(staff, '20-event-form', { sizes: [PHONE, DESK] });
    await press(staff, staff.getByRole('button', { name: '保存する' }));
    await staff.waitForURL(/\/staff\/calendar\/[0-9a-f-]+$/);
    await staff.context().close();
    for (const [tag, title] of [['vi', 'Lễ hội tuyết'], ['zh', 'Snow festival']]) {
      await page.goto(`${town.origin}/calendar?lang=${tag}`);
      await look(page, `20-${tag}-events`);
      await press(page, page.getByRole('link', { name: title }).first());
      await page.getByRole('heading', { name: title, level: 1 }).waitFor();
      await look(page, `20-${tag}-event`);
    }
    assert.equal(await page.locator('h1').getAttribute('lang'), 'en', 'a voice of English reads what stands in English');
  });

  for (const language of LANGUAGES) {
    const [tag] = language;
    await step(`a resident's own pages in ${tag}`, async () => {
      await page.goto(`${town.origin}/?lang=${tag}`);
      await page.locator('.pass__qr svg').first().waitFor();
      for (const [path, name] of SIGNED_IN) {
        await page.goto(`${town.origin}${path}`);
        await check(page, language, name, { axe: EXAMINED.includes(name) });
      }
    });
  }

  for (const language of LANGUAGES.filter(([tag]) => ['vi', 'pt', 'zh'].includes(tag))) {
    await step(`large type in strong contrast in ${language[0]}`, async () => {
      await page.goto(`${town.origin}/me?lang=${language[0]}`);
      if (await page.locator('html').getAttribute('data-size') !== 'large') await press(page, page.locator('.size-switch__button'));
      await page.emulateMedia({ forcedColors: 'active', contrast: 'more' });
      for (const path of ['/', '/inbox', '/calendar', '/reports/new', '/map', '/guide', '/kiosk']) {
        await page.goto(`${town.origin}${path}`);
        await check(page, language, `large${path.replaceAll('/', '-')}`, { axe: false });
      }
      await page.emulateMedia({ forcedColors: 'none', contrast: 'no-preference' });
    });
  }
});
