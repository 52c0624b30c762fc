// Somebody who is not in the register: how they prove that they live next door, and how they join the village's digital residents.
import assert from 'node:assert/strict';
import { DESK, look, lookAtBoth, press, somebody } from '../lib/browser.mjs';
import { clerk, live, signIn } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

story('a neighbour of the city', { pack: 'himeji', residents: 900 }, async ({ town, browser, step }) => {
  const guest = await somebody(browser);

  await step('the first page leads to what there is for people from elsewhere', async () => {
    await signIn(guest, town, 'stranger');
    await press(guest, guest.locator('a[href="/residence"]'));
    await guest.getByRole('heading', { name: '町の外に住む方' }).waitFor();
    await lookAtBoth(guest, '25-residence');
  });

  await step('the page says how it is proven and what is told, and shows a code for the wallet', async () => {
    await press(guest, guest.locator('a[href="/residence/neighbours/taishi"]'));
    await guest.getByText('氏名と生年月日だけ').waitFor();
    await lookAtBoth(guest, '25-neighbour');
    await press(guest, guest.getByRole('button', { name: '証明を始める' }));
    await guest.getByText('ウォレットで読んでください').waitFor();
    assert.match(await guest.locator('a.button').first().getAttribute('href'), /^openid4vp:\/\/\?client_id=decentralized_identifier/);
    await lookAtBoth(guest, '25-waiting');
  });

  await step('the staff see whom the city believes', async () => {
    const staff = await clerk(browser, town, { size: DESK });
    await staff.goto(`${town.origin}/staff/residence`);
    await staff.getByText('太子町').first().waitFor();
    await lookAtBoth(staff, '25-staff');
  });
});

story('a digital resident of the village', { pack: 'demo', residents: 60 }, async ({ town, browser, step }) => {
  const guest = await somebody(browser);

  await step('one joins by agreeing, holds the card, and leaves', async () => {
    await signIn(guest, town, 'stranger');
    await guest.goto(`${town.origin}/residence/rolls/digital-villager`);
    await lookAtBoth(guest, '25-roll');
    await press(guest, guest.getByRole('button', { name: '申し込む' }));
    await guest.getByRole('alert').waitFor();
    await look(guest, '25-roll-terms');
    await guest.locator('#agree').check();
    await press(guest, guest.getByRole('button', { name: '申し込む' }));
    await guest.getByText('有効').first().waitFor();
    await lookAtBoth(guest, '25-joined');
    await guest.goto(`${town.origin}/`);
    await live(guest, 'デジタル村民証');
    await guest.goto(`${town.origin}/residence`);
    await press(guest, guest.getByRole('button', { name: /やめる/ }));
    await guest.getByText('ご自分でやめました').waitFor();
    await look(guest, '25-left');
  });
});
