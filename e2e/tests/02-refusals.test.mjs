// What is not a living card of this place is refused, each for its own reason.
import assert from 'node:assert/strict';
import { look, somebody } from '../lib/browser.mjs';
import { applyFor, childrenOf, counter, live, next, scan, scanned, shown, shownNext, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';
import { Town } from '../lib/town.mjs';

const CERTIFICATE = '子ども医療費受給資格証';
const CLINIC = '中央こどもクリニック';

story('what is not a living card is refused', {}, async ({ town, browser, step }) => {
  const parent = await somebody(browser);
  let place, first;

  await step('a parent has the certificate, the clinic is paired', async () => {
    await signIn(parent, town, 'parent');
    await applyFor(parent, CERTIFICATE, childrenOf(town, town.cast.parent)[0]);
    await live(parent, CERTIFICATE);
    place = await counter(browser, town, CLINIC);
  });
  const since = Date.now();
  const kept = await shown(parent, CERTIFICATE);
  await step('the same code twice is a replay', async () => {
    first = await shownNext(parent, CERTIFICATE, kept);
    assert.ok((await scanned(place, first)).yes);
    const again = await scan(place, first);
    assert.equal(again.yes, false);
    assert.match(again.why, /すでに使われた画面/);
    assert.ok(!/\d{7}/.test(again.text), 'no numbers with a no');
    await look(place, '02-replayed');
    await next(place);
  });
  await step('a code that was changed on the way is no card', async () => {
    const text = await shownNext(parent, CERTIFICATE, first);
    const middle = Math.floor(text.length / 2);
    const changed = text.slice(0, middle) + (text[middle] === 'A' ? 'B' : 'A') + text.slice(middle + 1);
    assert.equal((await scanned(place, changed)).yes, false);
  });
  await step('a card this place does not take', async () => {
    const passport = await scan(place, await shown(parent, '住民パスポート'));
    assert.equal(passport.yes, false);
    assert.match(passport.why, /ここでは使えない/);
    await look(place, '02-not-accepted');
    await next(place);
  });
  await step('a card of another town', async () => {
    const village = await Town.start('demo');
    try {
      const villager = await somebody(browser);
      await signIn(villager, village, 'adult');
      const verdict = await scan(place, await shown(villager, '村民証'));
      assert.equal(verdict.yes, false);
      assert.match(verdict.why, /ほかの市区町村/);
      await look(place, '02-other-town');
      await next(place);
      await look(villager, '02-village-home');
      await villager.context().close();
    } finally {
      await village.end();
    }
  });
  await step('a screenshot is old before it gets to the counter', async () => {
    await parent.waitForTimeout(Math.max(0, 33_000 - (Date.now() - since)));
    const old = await scan(place, kept);
    assert.equal(old.yes, false);
    assert.match(old.why, /スクリーンショット/);
    await look(place, '02-screenshot');
    await next(place);
  });
  await step('a phone its owner has ended', async () => {
    const elsewhere = await parent.context().newPage();
    await elsewhere.goto(`${town.origin}/me`);
    const last = await shown(parent, CERTIFICATE);
    await elsewhere.getByRole('button', { name: /使うのをやめる/ }).first().click();
    const verdict = await scan(place, last);
    assert.equal(verdict.yes, false);
    assert.match(verdict.why, /このスマートフォンでは使えなく/);
    await look(place, '02-phone-ended');
  });
});
