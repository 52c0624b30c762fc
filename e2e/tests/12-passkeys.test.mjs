// The daily way in: a passkey made after the card, used here and at a service, never in the card's place, and ended.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { DESK, look, lookAtBoth, press, somebody, write } from '../lib/browser.mjs';
import { Library, register } from '../lib/library.mjs';
import { authenticator, byCard, clerk, live, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

const CARD = '住民パスポート';

story('passkeys of residents', {}, async ({ town, browser, step }) => {
  const resident = await somebody(browser);
  const keys = await authenticator(resident);
  const library = await Library.open();
  const passkey = (page) => page.getByRole('button', { name: 'パスキーでログイン' });
  const logOut = async (page) => {
    await page.goto(`${town.origin}/me`);
    await press(page, page.getByRole('button', { name: 'すべてのブラウザーからログアウトする' }));
    await page.waitForURL(`${town.origin}/`);
  };
  try {
    await step('after the card a passkey is offered, made and named', async () => {
      await signIn(resident, town, 'parent');
      await live(resident, CARD);
      await look(resident, '12-offer');
      await press(resident, resident.getByRole('link', { name: /次からはパスキーでログイン/ }));
      await resident.waitForURL('**/me/passkeys/new');
      await lookAtBoth(resident, '12-new');
      await write(resident, resident.locator('#label'), '台所のタブレット');
      await press(resident, resident.getByRole('button', { name: 'パスキーを作る' }));
      await resident.waitForURL('**/me#passkeys');
      const row = resident.locator('#passkeys .list__item');
      assert.match(await row.innerText(), /台所のタブレット/);
      await press(resident, row.locator('summary'));
      await write(resident, row.locator('input[name="label"]'), 'わたしの電話');
      await press(resident, row.getByRole('button', { name: '変える', exact: true }));
      await resident.locator('#passkeys', { hasText: 'わたしの電話' }).waitFor();
      await lookAtBoth(resident, '12-me');
      await resident.goto(town.origin);
      assert.equal(await resident.getByRole('link', { name: /次からはパスキーでログイン/ }).count(), 0, 'who has one is not asked again');
    });

    await step('signed out, the passkey leads back in, and the phone shows its cards', async () => {
      await logOut(resident);
      await resident.goto(`${town.origin}/start`);
      await lookAtBoth(resident, '12-start');
      await press(resident, passkey(resident));
      await resident.waitForURL(`${town.origin}/`);
      await live(resident, CARD);
      await resident.goto(`${town.origin}/me`);
      assert.match(await resident.locator('main').innerText(), /にログイン　パスキー/);
    });

    await step('at a service the passkey is enough for the day', async () => {
      const staff = await clerk(browser, town, { size: DESK });
      const books = await register(staff, town, {
        name: '図書館', purpose: '本を借りるときに使います。', redirect: [library.callback], scopes: ['resident'], exceptions: ['localhost'], keys: await library.publicKey(),
      });
      await library.connect(town.origin, books.id);
      await staff.context().close();
      await logOut(resident);
      await resident.goto(`${library.origin}/login?scope=openid%20resident`);
      await press(resident, passkey(resident));
      await resident.waitForURL(`${town.origin}/oidc/continue?**`);
      await press(resident, resident.getByRole('button', { name: '同意してログインする' }));
      await resident.waitForURL(`${library.origin}/callback?**`);
      const { claims, told } = library.last;
      assert.deepEqual([claims.acr, claims.amr, told.resident], ['urn:tegata:acr:passkey', ['pop', 'user', 'mfa'], true]);
    });

    await step('a strong act asks for the card, and offers nothing less', async () => {
      await resident.goto(`${library.origin}/login?scope=openid&acr_values=urn:tegata:acr:card&max_age=0`);
      await resident.getByText('カードで確かめてください').waitFor();
      assert.equal(await passkey(resident).count(), 0);
      await look(resident, '12-card-asked');
      await byCard(resident, town, 'parent');
      await resident.waitForURL(`${library.origin}/callback?**`);
      assert.deepEqual([library.last.claims.acr, library.last.claims.amr], ['urn:tegata:acr:card', ['sc', 'pin', 'mfa']]);
    });

    await step('a television is let in by the passkey', async () => {
      await logOut(resident);
      const waiting = await client.initiateDeviceAuthorization(library.configuration, { scope: 'openid resident' });
      const polled = client.pollDeviceAuthorizationGrant(library.configuration, waiting);
      await resident.goto(waiting.verification_uri_complete);
      await press(resident, resident.getByRole('button', { name: '次へ' }));
      await press(resident, passkey(resident));
      await resident.waitForURL(`${town.origin}/device?**`);
      await press(resident, resident.getByRole('button', { name: '次へ' }));
      await press(resident, resident.getByRole('button', { name: 'ログインさせる' }));
      await resident.getByText('機器がログインしました').waitFor();
      assert.equal((await polled).claims().acr, 'urn:tegata:acr:passkey');
    });

    const other = await somebody(browser);
    await step('on a new phone the passkey logs in, and the cards ask for the card', async () => {
      const [credential] = await keys.passkeys();
      await (await authenticator(other)).take(credential);
      await other.goto(`${town.origin}/start`);
      await press(other, passkey(other));
      await other.waitForURL(`${town.origin}/`);
      const link = other.getByRole('link', { name: 'カードで本人確認をする' });
      await link.waitFor();
      await look(other, '12-new-phone');
      await press(other, link);
      await other.waitForURL('**/start?card=yes');
      await other.goto(`${town.origin}/me/passkeys/new`);
      await other.getByText('先に、カードかアプリで確かめます').waitFor();
      await look(other, '12-card-first');
    });

    await step('ended, it lets nobody in, and what it began elsewhere is over', async () => {
      await resident.goto(`${town.origin}/me`);
      await press(resident, resident.locator('#passkeys').getByRole('button', { name: /終わりにする/ }));
      await resident.locator('#passkeys', { hasText: 'まだありません' }).waitFor();
      await other.goto(`${town.origin}/me`);
      await other.waitForURL('**/start?next=/me');
      await press(other, passkey(other));
      await other.getByRole('alert').filter({ hasText: 'マイナンバーカードでログインしてください' }).waitFor();
      await lookAtBoth(other, '12-refused');
      await other.context().close();
    });

    await step('without JavaScript the page says what to do instead', async () => {
      const plain = await somebody(browser, { javaScriptEnabled: false });
      await plain.goto(`${town.origin}/start?next=/me`);
      assert.match(await plain.content(), /<noscript>.*使えないときは、下の「カードを読む」からお進みください/);
      await passkey(plain).click();
      assert.equal(await plain.locator('form[method="post"] input[name="next"]').inputValue(), '/me', 'where one was going is not lost');
      await look(plain, '12-without-script', { axe: false });
      await plain.context().close();
    });
  } finally {
    library.close();
  }
});
