// A card goes into a wallet of another make, is shown at the bus, and ends.
import assert from 'node:assert/strict';
import { readBarcodes } from 'zxing-wasm/reader';
import { lookAtBoth, press, somebody } from '../lib/browser.mjs';
import { card, counter, live, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';
import { Wallet } from '../lib/wallet.mjs';

const PASS = '敬老バス証';

/** What the code on a page says, read from the screen; the link for this phone says the same. */
async function code(page) {
  const [found] = await readBarcodes(new Blob([await page.locator('.share-code').screenshot({ animations: 'disabled' })]), { formats: ['QRCode'] });
  assert.equal(await page.locator('main p.center a.button').getAttribute('href'), found?.text ?? 'no code on the screen');
  return found.text;
}

story('a card in a wallet', { pack: 'demo' }, async ({ town, browser, step }) => {
  const senior = await somebody(browser);
  let bus, wallet;

  await step('the holder puts it into a wallet', async () => {
    await signIn(senior, town, 'senior');
    await live(senior, PASS);
    await lookAtBoth(senior, '11-home');
    await press(senior, card(senior, PASS).getByRole('link', { name: 'ウォレットに入れる' }));
    await senior.getByText('まだありません').waitFor();
    assert.match(await senior.locator('main').innerText(), new RegExp(PASS));
    await lookAtBoth(senior, '11-before');
    await press(senior, senior.getByRole('button', { name: 'QRコードを出す' }));
    await senior.locator('.share-code svg').waitFor();
    await lookAtBoth(senior, '11-offer');
    const link = await code(senior);
    assert.match(link, /^openid-credential-offer:\/\/\?credential_offer_uri=/);
    wallet = await Wallet.take(link, await senior.locator('.code-big').innerText());
    await senior.goto(senior.url().replace(/\/offer$/, ''));
    await senior.locator('main .list__item').waitFor();
    await lookAtBoth(senior, '11-in-wallet');
  });
  const ask = async () => {
    await press(bus, bus.getByRole('button', { name: '新しいQRコードを出す' }));
    await bus.locator('.share-code svg').waitFor();
    const uri = await code(bus);
    assert.match(uri, /^openid4vp:\/\/\?client_id=/);
    return uri;
  };
  const answered = async (agree) => {
    const answer = await wallet.answer(await ask(), { agree });
    assert.equal(answer.status, 200);
    await bus.locator('main .verdict, main .notice').first().waitFor();
    return bus.locator('main').innerText();
  };

  await step('the bus asks the wallet and hears yes', async () => {
    bus = await counter(browser, town, '村営バス');
    await press(bus, bus.getByRole('link', { name: 'ほかのウォレットのカードを確かめる' }));
    await lookAtBoth(bus, '11-verifier-before');
    await ask();
    await lookAtBoth(bus, '11-verifier-waiting');
    const yes = await answered(true);
    assert.match(yes, /使えます/);
    assert.match(yes, new RegExp(PASS));
    await lookAtBoth(bus, '11-verifier-yes');
  });
  await step('who does not want to show it says so', async () => {
    assert.match(await answered(false), /見せないことを選びました/);
    await lookAtBoth(bus, '11-verifier-declined');
  });
  await step('the holder ends it, and the bus hears no', async () => {
    await press(senior, senior.locator('main .list__item').getByRole('button'));
    await senior.getByText('まだありません').waitFor();
    assert.match(await answered(true), /使えません/);
    await lookAtBoth(bus, '11-verifier-no');
  });
});
