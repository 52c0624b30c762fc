// A service that logs residents in by Tegata: README.md says how to start it. Everything that has to be checked is checked by openid-client.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import * as client from 'openid-client';

const KEY_FILE = new URL('./service-key.json', import.meta.url);
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };

if (process.argv[2] === 'keys') {
  if (existsSync(KEY_FILE)) throw new Error('service-key.json is there already');
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  writeFileSync(KEY_FILE, JSON.stringify(await crypto.subtle.exportKey('jwk', privateKey)), { mode: 0o600 });
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  console.error('The public key of your service, to register with the town or to give the simulator:\n');
  console.log(JSON.stringify({ kty, crv, x, y, alg: 'ES256', use: 'sig', kid: 'service-1' }));
  process.exit();
}

const { ISSUER: issuer = 'http://localhost:8080', CLIENT_ID: id, PORT: port = '3000', SCOPE: scope = 'openid resident' } = process.env;
if (!id) throw new Error('CLIENT_ID is missing: the console shows it after registering the service');
const origin = `http://localhost:${port}`;
const key = await crypto.subtle.importKey('jwk', JSON.parse(readFileSync(KEY_FILE, 'utf8')), ALGORITHM, false, ['sign']);
const plain = issuer.startsWith('http://localhost') ? { execute: [client.allowInsecureRequests] } : {};
const town = await client.discovery(new URL(issuer), id, { id_token_signed_response_alg: 'ES256' }, client.PrivateKeyJwt({ key, kid: 'service-1' }), plain);

// Log-ins that have begun, and who is logged in: a real service keeps both where its browser sessions are.
const begun = new Map();
const people = new Map();

const cookie = (request, name) => request.headers.cookie?.split('; ').find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
const escape = (text) => String(text).replace(/[&<>"]/g, (mark) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[mark]);
const page = (answer, body, headers = {}) => answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(`<!doctype html><html lang="ja"><title>見本のサービス</title><h1>見本のサービス</h1>${body}`);

async function login(answer) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  begun.set(state, { verifier, nonce });
  // Pushed first (PAR), so that nobody can change the request on its way through the browser.
  const to = await client.buildAuthorizationUrlWithPAR(town, {
    redirect_uri: `${origin}/callback`, scope, state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  });
  answer.writeHead(303, { location: String(to), 'set-cookie': `login=${state}; HttpOnly; SameSite=Lax; Path=/` }).end();
}

async function callback(request, url, answer) {
  const state = cookie(request, 'login');
  const visit = begun.get(state);
  begun.delete(state);
  if (!visit) return page(answer, '<p>もう一度ログインしてください。</p><p><a href="/login">ログイン</a></p>');
  if (url.searchParams.get('error') === 'access_denied') return page(answer, '<p>ログインをやめました。</p><p><a href="/login">ログイン</a></p>');
  const tokens = await client.authorizationCodeGrant(town, url, { pkceCodeVerifier: visit.verifier, expectedState: state, expectedNonce: visit.nonce });
  const told = await client.fetchUserInfo(town, tokens.access_token, tokens.claims().sub);
  const session = client.randomState();
  people.set(session, { told, idToken: tokens.id_token });
  answer.writeHead(303, { location: '/', 'set-cookie': `session=${session}; HttpOnly; SameSite=Lax; Path=/` }).end();
}

function home(request, answer) {
  const person = people.get(cookie(request, 'session'));
  if (!person) return page(answer, '<p><a href="/login">町のアカウントでログイン</a></p>');
  const out = client.buildEndSessionUrl(town, { id_token_hint: person.idToken, post_logout_redirect_uri: `${origin}/bye` });
  page(answer, `<p>ようこそ。</p><pre id="told">${escape(JSON.stringify(person.told, null, 2))}</pre><p><a href="${escape(out)}">ログアウト</a></p>`);
}

createServer(async (request, answer) => {
  const url = new URL(request.url, origin);
  try {
    if (url.pathname === '/login') await login(answer);
    else if (url.pathname === '/callback') await callback(request, url, answer);
    else if (url.pathname === '/bye') { people.delete(cookie(request, 'session')); page(answer, '<p>ログアウトしました。</p>', { 'set-cookie': 'session=; Max-Age=0; Path=/' }); }
    else if (url.pathname === '/') home(request, answer);
    else answer.writeHead(404).end();
  } catch (fault) {
    // The standard's own word for what was wrong: `fault.error`, or what openid-client found.
    console.error(fault);
    page(answer, `<p>ログインできませんでした（${escape(fault.error ?? fault.code ?? 'error')}）。</p><p><a href="/login">もう一度</a></p>`);
  }
}).listen(Number(port), 'localhost', () => console.log(`open ${origin}`));
