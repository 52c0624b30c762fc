// Other people's software logs residents in: npm openid-client, and Apache's mod_auth_openidc.
import assert from 'node:assert/strict';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { Apache } from '../lib/apache.mjs';
import { DESK, look, lookAtBoth, somebody } from '../lib/browser.mjs';
import { Library, register } from '../lib/library.mjs';
import { byCard, clerk } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

story('single sign-on', {}, async ({ town, browser, step }) => {
  const [library, clinic, apache] = [await Library.open(), await Library.open({ dpop: true }), await Apache.prepare()];
  const staff = await clerk(browser, town, { size: DESK });
  const resident = await somebody(browser);
  try {
    await step('the town registers three services, and is told what cannot stand', async () => {
      await staff.goto(`${town.origin}/staff/services`);
      await lookAtBoth(staff, '09-services-none');
      await staff.goto(`${town.origin}/staff/services/new`);
      await staff.fill('#name', '図書館');
      await staff.fill('#redirect_uris', 'http://library.example/back');
      await staff.getByRole('button', { name: '保存する' }).click();
      await staff.getByRole('alert').waitFor();
      assert.equal(await staff.inputValue('#name'), '図書館', 'what was typed is kept');
      await lookAtBoth(staff, '09-service-wrong');
      const common = { exceptions: ['localhost'], purpose: '本を借りるときに使います。' };
      const books = await register(staff, town, {
        ...common, name: '図書館', redirect: [library.callback], logout: [`${library.origin}/out`], backchannel: `${library.origin}/backchannel`,
        scopes: ['profile', 'resident', 'district', 'offline_access', 'programme:senior-pass'], ages: '20 65', keys: await library.publicKey(),
      });
      await lookAtBoth(staff, '09-service');
      await library.connect(town.origin, books.id);
      const care = await register(staff, town, { ...common, name: '診療所', redirect: [clinic.callback], scopes: ['resident'], fapi2: true, keys: await clinic.publicKey() });
      await clinic.connect(town.origin, care.id);
      const web = await register(staff, town, { ...common, name: '公共施設', redirect: [apache.callback], scopes: ['resident'], exceptions: ['localhost', 'shared_secret', 'plain_request', 'rs256'] });
      assert.match(web.secret, /^[\w-]{43}$/);
      await look(staff, '09-service-secret');
      await apache.start({ issuer: town.origin, ...web });
      await staff.goto(`${town.origin}/staff/services`);
      assert.equal(await staff.getByText('例外 RS256で署名する').count(), 1, 'exceptions are seen as such');
      await lookAtBoth(staff, '09-services');
    });

    let subject;
    await step('a senior logs in at the library with the card, and reads what it is told first', async () => {
      await resident.goto(`${library.origin}/login?scope=${encodeURIComponent('openid profile resident district age_over_65 programme:senior-pass offline_access')}`);
      await byCard(resident, town, 'senior');
      await resident.waitForURL(`${town.origin}/oidc/continue?**`);
      await look(resident, '09-consent');
      assert.match(await resident.locator('main').textContent(), /図書館.*65歳以上かどうか.*はい/s);
      await resident.getByRole('button', { name: '同意してログインする' }).click();
      await resident.waitForURL(`${library.origin}/callback?**`);
      const { told, claims } = library.last;
      assert.equal(claims.acr, 'urn:tegata:acr:card');
      assert.deepEqual([told.resident, told.age_over_65, told.entitlements], [true, true, ['senior-pass']]);
      assert.equal(told.sub, claims.sub);
      assert.ok(told.name && told.district && !('birthdate' in told));
      subject = claims.sub;
    });

    await step('the next service knows the person at once, by another name', async () => {
      await resident.goto(`${clinic.origin}/login?scope=openid%20resident`);
      await resident.getByRole('button', { name: '同意してログインする' }).click();
      await resident.waitForURL(`${clinic.origin}/callback?**`);
      assert.equal(clinic.last.tokens.token_type, 'dpop');
      assert.notEqual(clinic.last.claims.sub, subject);
      await assert.rejects(client.fetchUserInfo(clinic.configuration, clinic.last.tokens.access_token, clinic.last.claims.sub), 'a bound token without its key');
      await resident.goto(`${library.origin}/login?scope=openid&prompt=none`);
      await resident.waitForURL(`${library.origin}/callback?**`);
      assert.equal(library.last.claims.sub, subject, 'without a word');
    });

    await step('Apache lets the same person in', async () => {
      await resident.goto(`${apache.origin}/inside/`);
      await resident.getByRole('button', { name: '同意してログインする' }).click().catch((fault) => { throw new Error(`${fault}\n${apache.log()}`); });
      await resident.waitForURL(`${apache.origin}/inside/`).catch((fault) => { throw new Error(`${fault}\n${apache.log()}`); });
      assert.match(await resident.locator('#user').textContent(), /^[\w-]{43}/);
      assert.equal(await resident.locator('#resident').textContent(), '1');
    });

    await step('tokens are refreshed, introspected and ended by the library’s own code', async () => {
      await resident.goto(`${library.origin}/login?scope=${encodeURIComponent('openid profile offline_access')}`);
      await resident.waitForURL(`${library.origin}/callback?**`);
      const first = library.last.tokens;
      const second = await library.refresh(first);
      assert.notEqual(second.refresh_token, first.refresh_token);
      const active = async (token) => (await client.tokenIntrospection(library.configuration, token)).active;
      assert.equal(await active(second.access_token), true);
      await client.tokenRevocation(library.configuration, second.refresh_token);
      assert.equal(await active(second.access_token), false);
      const third = await library.finish(await (async () => {
        await resident.goto(`${library.origin}/`);
        const back = resident.waitForRequest((request) => request.url().startsWith(library.callback));
        await resident.route(`${library.callback}?**`, (route) => route.fulfill({ body: 'kept' }));
        await resident.goto(String(await library.begin('openid profile offline_access')));
        await resident.unroute(`${library.callback}?**`);
        return new URL((await back).url());
      })());
      await library.refresh(third.tokens);
      await assert.rejects(library.refresh(third.tokens), (fault) => fault.error === 'invalid_grant', 'a refresh token is good once');
      assert.equal(await active(third.tokens.access_token), false, 'and a second time ends all of it');
    });

    await step('a television logs in by the phone', async () => {
      const waiting = await client.initiateDeviceAuthorization(library.configuration, { scope: 'openid resident' });
      const polled = client.pollDeviceAuthorizationGrant(library.configuration, waiting);
      await resident.goto(waiting.verification_uri_complete);
      await look(resident, '09-device');
      await resident.getByRole('button', { name: '次へ' }).click();
      await look(resident, '09-device-ask');
      await resident.getByRole('button', { name: 'ログインさせる' }).click();
      await resident.getByText('機器がログインしました').waitFor();
      const tokens = await polled;
      assert.equal(tokens.claims().sub, subject);
      assert.equal((await library.userinfo(tokens, subject)).resident, true);
    });

    await step('a strong act asks for the card again', async () => {
      await resident.goto(`${library.origin}/login?scope=openid&prompt=login`);
      await byCard(resident, town, 'senior');
      await resident.waitForURL(`${library.origin}/callback?**`);
      assert.ok(library.last.claims.auth_time >= Date.now() / 1000 - 60);
    });

    await step('the resident sees the services and switches one thing off: it is told no more', async () => {
      await resident.goto(`${library.origin}/login?scope=${encodeURIComponent('openid profile resident')}`);
      await resident.waitForURL(`${library.origin}/callback?**`);
      const { tokens } = library.last;
      assert.ok((await library.userinfo(tokens, subject)).name);
      await resident.goto(`${town.origin}/me/services`);
      await look(resident, '09-mine');
      const books = resident.locator('section.panel', { has: resident.getByRole('heading', { name: '図書館' }) });
      await books.locator('li', { hasText: '氏名' }).getByRole('button').click();
      await resident.waitForLoadState();
      const told = await library.userinfo(tokens, subject);
      assert.ok(!('name' in told) && told.resident === true);
      await resident.goto(`${town.origin}/me`);
      assert.match(await resident.locator('main').textContent(), /サービスにログインした/);
    });

    await step('who leaves the library is told goodbye, and the library hears of a log-out elsewhere', async () => {
      const hint = library.last.tokens.id_token;
      await resident.goto(String(client.buildEndSessionUrl(library.configuration, { post_logout_redirect_uri: `${library.origin}/out`, id_token_hint: hint })));
      await resident.waitForURL(`${library.origin}/out`);
      for (let tries = 0; tries < 50 && library.told.length === 0; tries++) await new Promise((resolve) => setTimeout(resolve, 100));
      const keys = createRemoteJWKSet(new URL(`${town.origin}/oidc/jwks`));
      const { payload } = await jwtVerify(library.told[0], keys, { issuer: town.origin, audience: library.configuration.clientMetadata().client_id, typ: 'logout+jwt' });
      assert.equal(payload.sub, subject);
      await resident.goto(`${library.origin}/login?scope=openid&prompt=none`);
      await resident.waitForURL(`${library.origin}/callback?**`);
      assert.equal(library.last.error, 'login_required');
    });

    await step('somebody else’s answer is believed by nobody', async () => {
      const wrong = async (change, expected) => {
        await resident.goto(`${library.origin}/`);
        const stolen = new URL(`${library.callback}?code=stolen&iss=${encodeURIComponent(town.origin)}`);
        const begun = await library.begin('openid');
        stolen.searchParams.set('state', [...library.visits.keys()].at(-1));
        change(stolen);
        await assert.rejects(library.finish(stolen), expected);
        return begun;
      };
      await wrong(() => {}, (fault) => fault.error === 'invalid_grant');
      await wrong((url) => url.searchParams.set('iss', 'https://evil.example'), (fault) => /iss/.test(fault.cause?.message));
    });
  } finally {
    library.close();
    clinic.close();
    await apache.stop();
  }
});
