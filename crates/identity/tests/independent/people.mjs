// How people come into a town that another room's test has started: a resident by an identity app of another make, and the first member of staff.
import assert from 'node:assert/strict';
import { IdentityApp, SCOPES, signingKey } from './provider.mjs';

/** The town's demonstration senior proves who they are by an app. */
export class App {
  /** Starts the app's provider for a town whose port is chosen. */
  static async start(town) {
    return new App(town, await IdentityApp.start({}));
  }

  constructor(town, provider) {
    Object.assign(this, { town, provider });
  }

  /** What the town's pack says of it. */
  get pack() {
    return `
[[identity_app]]
id = "app"
name = { ja = "アプリ", ja-easy = "アプリ", en = "App" }
issuer = "${this.provider.issuer}"
client_id = "town-app"
scopes = ${JSON.stringify(SCOPES)}
acr_values = ["aal3"]
acr_accepted = ["aal3"]
assurance = "signature"
`;
  }

  /** Serves the town, and starts it with the pack it was offered. */
  async open() {
    const { town, provider } = this;
    provider.serve([{ id: 'town-app', jwk: town.key('app'), redirect: `${town.origin}/start/app/app/callback` }], signingKey('one'));
    await town.start();
    const { name, address, date_of_birth, male } = town.cast.senior;
    provider.people.senior = { name, address, birthdate: date_of_birth, gender: male ? '1' : '2' };
  }

  /** Signs the senior in. */
  async signIn(browser) {
    const { town } = this;
    const going = await browser.open(`${town.origin}/start/app/app`, { next: '/' });
    let seen = await browser.follow(going.leads);
    if (new URL(seen.address).pathname.startsWith('/login/')) seen = await browser.follow((await browser.open(seen.address, { who: 'senior' })).leads);
    await browser.open(seen.leads);
    assert.ok(browser.has(town.origin, 'tegata_session'));
  }

  end() {
    this.provider.end();
  }
}

/** The first member of staff, without a passkey as a demonstration allows. */
export async function joinStaff(town, browser) {
  const link = town.said.map((line) => /(http\S+\/staff\/join\/\S+)/.exec(line)).find(Boolean)[1];
  const { page } = await browser.open(link);
  const form = page.split('<form').find((part) => part.includes('パスキーなしで体験する'));
  const action = /action="([^"]+)"/.exec(form)?.[1] ?? new URL(link).pathname;
  const fields = Object.fromEntries([...form.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  await browser.open(town.origin + action, fields);
  assert.ok(browser.has(town.origin, 'tegata_staff'));
}
