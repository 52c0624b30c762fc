// npm oidc-provider, everything in memory, asked the same as `tegata bench oidc`: the full log-in (six requests) and single sign-on (three).
// Server and client are two processes; printed is the server's processor time for one log-in.
import { fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';

const LOG_INS = Number(process.argv[2] ?? 2000);
const CONNECTIONS = 64;
const BACK = 'https://library.example/back';

/** Everything in memory, and all of it: the provider's own adapter forgets after a thousand entries. */
class Memory {
  static all = new Map();
  static grants = new Map();
  constructor(model) { this.model = model; }
  key(id) { return `${this.model}:${id}`; }
  async upsert(id, payload) {
    Memory.all.set(this.key(id), payload);
    if (this.model === 'Session') Memory.all.set(`uid:${payload.uid}`, id);
    if (payload.userCode) Memory.all.set(`code:${payload.userCode}`, id);
    if (payload.grantId) Memory.grants.set(payload.grantId, [...Memory.grants.get(payload.grantId) ?? [], this.key(id)]);
  }
  async find(id) { return Memory.all.get(this.key(id)); }
  async findByUid(uid) { return this.find(Memory.all.get(`uid:${uid}`)); }
  async findByUserCode(code) { return this.find(Memory.all.get(`code:${code}`)); }
  async destroy(id) { Memory.all.delete(this.key(id)); }
  async consume(id) { Memory.all.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
  async revokeByGrantId(id) { for (const key of Memory.grants.get(id) ?? []) Memory.all.delete(key); }
}

async function serve() {
  const { default: Provider } = await import('oidc-provider');
  const provider = new Provider('http://localhost', {
    adapter: Memory,
    clients: [{ client_id: 'library', client_secret: 'secret', redirect_uris: [BACK], token_endpoint_auth_method: 'client_secret_basic', id_token_signed_response_alg: 'ES256' }],
    jwks: { keys: [{ ...(await es256()), alg: 'ES256', use: 'sig', kid: 'k' }] },
    claims: { openid: ['sub'], profile: ['name'], resident: ['resident'] },
    scopes: ['openid', 'profile', 'resident'],
    features: { devInteractions: { enabled: false }, pushedAuthorizationRequests: { enabled: true } },
    pkce: { required: () => true },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: async (_, sub) => ({ accountId: sub, claims: async () => ({ sub, name: '青空 花子', resident: true }) }),
  });
  const handle = provider.callback();
  const server = http.createServer(async (request, response) => {
    if (!request.url.startsWith('/interaction/')) return handle(request, response);
    // The page that asks, and the yes: signed in and agreed in one answer.
    if (request.method === 'GET') {
      await provider.interactionDetails(request, response);
      return response.setHeader('content-type', 'text/html').end('<!doctype html><title>x</title><form method="post"><button>yes</button></form>');
    }
    const { grantId, params, session } = await provider.interactionDetails(request, response);
    const accountId = session?.accountId ?? 'hanako';
    const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId, clientId: params.client_id });
    grant.addOIDCScope('openid profile resident');
    await provider.interactionFinished(request, response, { login: { accountId }, consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: false });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  process.on('message', () => process.send({ cpu: process.cpuUsage() }));
}

async function es256() {
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  return crypto.subtle.exportKey('jwk', privateKey);
}

async function measure() {
  const server = fork(new URL(import.meta.url), { env: { ...process.env, SERVE: '1', NODE_ENV: 'production' }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const { port } = await new Promise((resolve) => server.once('message', resolve));
  const cpu = () => new Promise((resolve) => { server.once('message', ({ cpu }) => resolve((cpu.user + cpu.system) / 1e6)); server.send('cpu'); });
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const ask = (method, path, headers = {}, form) => new Promise((resolve, reject) => {
    const body = form && new URLSearchParams(form).toString();
    const request = http.request({ agent, port, host: '127.0.0.1', method, path, headers: { host: 'localhost', ...headers, ...body && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) } } }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });

  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const basic = { authorization: `Basic ${Buffer.from('library:secret').toString('base64')}` };
  const request = (more = {}) => ({ client_id: 'library', response_type: 'code', redirect_uri: BACK, scope: 'openid profile resident', state: 's', nonce: 'n', code_challenge: challenge, code_challenge_method: 'S256', ...more });
  const browser = () => {
    const jar = new Map();
    return {
      keep: ({ headers }) => { for (const line of headers['set-cookie'] ?? []) { const [name, value] = line.split(';')[0].split('='); if (value) jar.set(name, value); else jar.delete(name); } },
      cookie: () => ({ cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') }),
    };
  };
  const local = (address) => { const url = new URL(address, 'http://localhost'); return url.pathname + url.search; };
  const tokens = async (back) => {
    const code = new URL(back).searchParams.get('code');
    if (!code) throw new Error(back);
    const told = JSON.parse((await ask('POST', '/token', basic, { grant_type: 'authorization_code', code, redirect_uri: BACK, code_verifier: verifier })).body);
    const claims = JSON.parse((await ask('GET', '/me', { authorization: `Bearer ${told.access_token}` })).body);
    if (claims.resident !== true || !told.id_token) throw new Error(JSON.stringify({ told, claims }));
  };
  const full = async () => {
    const person = browser();
    const { request_uri } = JSON.parse((await ask('POST', '/request', basic, request())).body);
    let answer = await ask('GET', `/auth?client_id=library&request_uri=${encodeURIComponent(request_uri)}`);
    person.keep(answer);
    const page = local(answer.headers.location);
    await ask('GET', page, person.cookie());
    answer = await ask('POST', page, person.cookie(), { yes: '1' });
    // This provider needs one request more than ours, to go on after the yes.
    answer = await ask('GET', local(answer.headers.location), person.cookie());
    person.keep(answer);
    await tokens(answer.headers.location);
    return person;
  };
  const signedOn = async (person) => {
    const answer = await ask('GET', `/auth?${new URLSearchParams(request())}`, person.cookie());
    person.keep(answer);
    await tokens(answer.headers.location);
  };

  const people = [];
  const run = async (job, once, count) => {
    let turn = 0;
    const before = await cpu();
    const start = performance.now();
    await Promise.all(Array.from({ length: CONNECTIONS }, async (_, connection) => { while (turn++ < count) await once(connection); }));
    const wall_s = (performance.now() - start) / 1000;
    const cpu_s = await cpu() - before;
    if (job) console.log(JSON.stringify({ job, n: count, wall_s, cpu_s, per_cpu_s: count / cpu_s, server_cpu_ms_each: cpu_s * 1000 / count }));
  };
  // A person a connection: this provider changes a browser's session with each answer.
  const signed = (connection) => signedOn(people[connection]);
  await run(null, async () => people.push(await full()), 4 * CONNECTIONS);
  await run('npm oidc-provider: full log-in, in memory', full, LOG_INS);
  await run(null, signed, 4 * CONNECTIONS);
  await run('npm oidc-provider: single sign-on, in memory', signed, LOG_INS);
  server.kill();
  agent.destroy();
}

if (process.env.SERVE) await serve();
else await measure();
