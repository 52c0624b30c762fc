// A library's website, made by somebody else: it logs people in with npm `openid-client` and knows nothing of Tegata but its address.
import { createServer } from 'node:http';
import { once } from 'node:events';
import * as client from 'openid-client';

export class Library {
  /** Opens the website on a free port; it can log nobody in before `connect`. */
  static async open({ dpop = false } = {}) {
    const library = new Library();
    library.key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    library.dpop = dpop;
    library.visits = new Map();
    library.told = [];
    library.server = createServer((request, answer) => {
      library.#serve(request, answer).catch((fault) => answer.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end(String(fault?.stack ?? fault)));
    });
    library.server.listen(0, '127.0.0.1');
    await once(library.server, 'listening');
    library.origin = `http://localhost:${library.server.address().port}`;
    return library;
  }

  get callback() { return `${this.origin}/callback`; }

  /** What is typed into the console as its key. */
  async publicKey() {
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', this.key.publicKey);
    return JSON.stringify({ kty, crv, x, y, alg: 'ES256', use: 'sig', kid: 'library-1' });
  }

  /** Finds the provider out by its address, as the standard says. */
  async connect(issuer, id) {
    const auth = client.PrivateKeyJwt({ key: this.key.privateKey, kid: 'library-1' });
    this.configuration = await client.discovery(new URL(issuer), id, { id_token_signed_response_alg: 'ES256' }, auth, { execute: [client.allowInsecureRequests] });
    if (this.dpop) this.handle = client.getDPoPHandle(this.configuration, await client.randomDPoPKeyPair('ES256'));
  }

  /** Begins a log-in: where the browser is sent. */
  async begin(scope, more = {}) {
    const verifier = client.randomPKCECodeVerifier();
    const visit = { verifier, nonce: client.randomNonce(), state: client.randomState() };
    this.visits.set(visit.state, visit);
    const parameters = {
      redirect_uri: this.callback, scope, state: visit.state, nonce: visit.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more,
    };
    return client.buildAuthorizationUrlWithPAR(this.configuration, parameters, { DPoP: this.handle });
  }

  /** Redeems what came back; the library checks the answer, the ID token and its times by its own code. */
  async finish(url) {
    const visit = this.visits.get(url.searchParams.get('state'));
    const tokens = await client.authorizationCodeGrant(
      this.configuration, url, { pkceCodeVerifier: visit.verifier, expectedNonce: visit.nonce, expectedState: visit.state }, undefined, { DPoP: this.handle },
    );
    const claims = tokens.claims();
    return { tokens, claims, told: await this.userinfo(tokens, claims.sub) };
  }

  userinfo(tokens, sub) {
    return client.fetchUserInfo(this.configuration, tokens.access_token, sub, { DPoP: this.handle });
  }

  refresh(tokens) {
    return client.refreshTokenGrant(this.configuration, tokens.refresh_token, undefined, { DPoP: this.handle });
  }

  async #serve(request, answer) {
    const url = new URL(request.url, this.origin);
    if (url.pathname === '/login') {
      answer.writeHead(303, { location: String(await this.begin(url.searchParams.get('scope') ?? 'openid', Object.fromEntries([...url.searchParams].filter(([name]) => name !== 'scope')))) }).end();
    } else if (url.pathname === '/callback') {
      this.last = url.searchParams.has('error') ? { error: url.searchParams.get('error') } : await this.finish(url);
      answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(`<!doctype html><title>図書館</title><h1>図書館</h1><pre id="told">${JSON.stringify(this.last.told ?? this.last)}</pre>`);
    } else if (url.pathname === '/backchannel') {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      this.told.push(new URLSearchParams(Buffer.concat(chunks).toString()).get('logout_token'));
      answer.writeHead(200).end();
    } else {
      answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html><title>図書館</title><h1>図書館</h1><p id="out">ログアウトしました</p>');
    }
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** Fills the console's form in; gives the client_id and, where there is one, the secret. */
export async function register(staff, town, { name, purpose, redirect, logout = [], backchannel = '', scopes, ages = '', exceptions = [], fapi2 = false, keys = '' }) {
  await staff.goto(`${town.origin}/staff/services/new`);
  await staff.fill('#name', name);
  await staff.fill('#purpose', purpose);
  await staff.fill('#redirect_uris', redirect.join('\n'));
  await staff.fill('#logout_uris', logout.join('\n'));
  await staff.fill('#backchannel_uri', backchannel);
  for (const scope of scopes) await staff.locator(`input[name="scope"][value="${scope}"]`).check();
  await staff.fill('#ages', ages);
  if (fapi2) await staff.locator('input[name="profile"][value="fapi2"]').check();
  for (const exception of exceptions) await staff.locator(`input[name="exception"][value="${exception}"]`).check();
  await staff.fill('#keys', keys);
  await staff.getByRole('button', { name: '保存する' }).click();
  await staff.getByText('client_id').waitFor();
  const id = await staff.locator('.facts dd code').first().textContent();
  const secret = await staff.locator('.notice--success code').first().textContent({ timeout: 500 }).catch(() => undefined);
  return { id, secret };
}
