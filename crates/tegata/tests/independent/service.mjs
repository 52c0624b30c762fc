// A service as its own tests would drive it: npm openid-client at one end, a browser without a screen at the other.
import { createServer } from 'node:http';
import { once } from 'node:events';
import * as client from 'openid-client';
import { Browser } from '../../../identity/tests/independent/browser.mjs';

export class Service {
  told = [];

  /** Makes the service's key and opens the address where it is told of log-outs. */
  static async open({ dpop = false } = {}) {
    const service = new Service();
    service.dpop = dpop;
    service.key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    service.server = createServer(async (request, answer) => {
      let form = '';
      for await (const chunk of request) form += chunk;
      service.told.push(new URLSearchParams(form).get('logout_token'));
      answer.writeHead(200).end();
    }).listen(0, '127.0.0.1');
    await once(service.server, 'listening');
    service.origin = `http://localhost:${service.server.address().port}`;
    return service;
  }

  get callback() { return `${this.origin}/callback`; }

  async publicKey() {
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', this.key.publicKey);
    return { kty, crv, x, y, alg: 'ES256', use: 'sig', kid: 'service-1' };
  }

  /** Finds the provider out, as at the service's start: nothing is kept of its keys. */
  async connect(issuer, id, authentication = client.PrivateKeyJwt({ key: this.key.privateKey, kid: 'service-1' })) {
    this.configuration = await client.discovery(new URL(issuer), id, { id_token_signed_response_alg: 'ES256' }, authentication, { execute: [client.allowInsecureRequests] });
    this.handle = this.dpop ? client.getDPoPHandle(this.configuration, await client.randomDPoPKeyPair('ES256')) : undefined;
  }

  /** Logs in with a browser; says yes where a page asks. Gives the tokens, what they say and what they open. */
  async logIn(scope, { browser = new Browser(), ...more } = {}) {
    const verifier = client.randomPKCECodeVerifier();
    const visit = { verifier, state: client.randomState(), nonce: client.randomNonce() };
    const asked = {
      redirect_uri: this.callback, scope, state: visit.state, nonce: visit.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more,
    };
    let seen = await browser.follow(String(await client.buildAuthorizationUrlWithPAR(this.configuration, asked, { DPoP: this.handle })));
    const page = seen.page;
    if (page.includes('name="decision"')) seen = await browser.open(new URL('/oidc/continue', seen.address).href, { ...hidden(seen.page), decision: 'yes' });
    const back = new URL(seen.leads ?? fail(`not led back:\n${seen.page}`));
    const checks = { pkceCodeVerifier: verifier, expectedState: visit.state, expectedNonce: visit.nonce };
    const tokens = await client.authorizationCodeGrant(this.configuration, back, checks, undefined, { DPoP: this.handle });
    return { tokens, claims: tokens.claims(), page, browser, told: await this.userinfo(tokens) };
  }

  userinfo(tokens) {
    return client.fetchUserInfo(this.configuration, tokens.access_token, tokens.claims().sub, { DPoP: this.handle });
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** The hidden fields of a page's form. */
export function hidden(page) {
  return Object.fromEntries([...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]).filter(([name]) => name !== 'back'));
}

function fail(words) {
  throw new Error(words);
}
