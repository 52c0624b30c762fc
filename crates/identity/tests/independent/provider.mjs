// An identity app's provider of another make (npm oidc-provider), shaped after what is published of デジタル認証アプリ: Keycloak's paths, PKCE,
// private_key_jwt, ES256, pairwise subjects, the items at the userinfo endpoint, and transactions in which a card signs a hash, told encrypted. What of
// that is not confirmed is a matter of the town's pack.
import { constants, createHash, generateKeyPairSync, privateEncrypt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { CompactEncrypt, importJWK } from 'jose';
import Provider from 'oidc-provider';

const REALM = '/api/realms/main';
const BELOW = '/protocol/openid-connect';
const TRANSACTIONS = '/api/sign-transactions';
/** DigestInfo of SHA-256 (RFC 8017 section 9.2), as whoever has a card sign a hash puts it before. */
const SHA256 = Buffer.from('3031300d060960864801650304020105000420', 'hex');
export const SCOPES = ['openid', 'name', 'address', 'birthdate', 'gender'];

/** A signing key under a name, as a private JWK. */
export function signingKey(kid) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
}

export class IdentityApp {
  /** Listens on a port of its own; `people` are claims by the name one signs in with, `cards` the key and certificate each signs with. */
  static async start(people) {
    const app = new IdentityApp();
    app.people = people;
    app.cards = {};
    app.transactions = new Map();
    app.server = createServer((request, response) => app.#answer(request, response));
    app.server.listen(0, 'localhost');
    await once(app.server, 'listening');
    app.origin = `http://localhost:${app.server.address().port}`;
    return app;
  }

  get issuer() {
    return this.origin + REALM;
  }

  endpoint(name) {
    return `${this.issuer}${BELOW}/${name}`;
  }

  get signTransactions() {
    return this.origin + TRANSACTIONS;
  }

  /** Serves clients with a key, which takes the place of the one before; each is known by one key or several. */
  serve(clients, key) {
    this.clients = clients;
    this.key = key;
    this.provider = new Provider(this.issuer, {
      clients: clients.map(({ id, jwk, keys = [jwk], redirect }) => ({
        client_id: id,
        redirect_uris: [redirect],
        grant_types: ['authorization_code', 'client_credentials'],
        response_types: ['code'],
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        id_token_signed_response_alg: 'ES256',
        subject_type: 'pairwise',
        jwks: { keys },
      })),
      jwks: { keys: [key] },
      cookies: { keys: ['for a test'] },
      acrValues: ['aal3'],
      scopes: ['openid', 'sign'],
      extraParams: ['sign_transaction_id'],
      claims: { openid: ['sub'], name: ['name'], address: ['address'], birthdate: ['birthdate'], gender: ['gender'], acr: null },
      clientAuthMethods: ['private_key_jwt'],
      enabledJWA: { idTokenSigningAlgValues: ['ES256'], clientAuthSigningAlgValues: ['ES256'] },
      features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
      pkce: { required: () => true },
      subjectTypes: ['pairwise'],
      pairwiseIdentifier: (_, account, client) => createHash('sha256').update(`${client.clientId} ${account}`).digest('hex'),
      routes: { authorization: `${BELOW}/auth`, token: `${BELOW}/token`, userinfo: `${BELOW}/userinfo`, jwks: `${BELOW}/certs` },
      ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, Interaction: 600, Grant: 600, Session: 600 },
      interactions: { url: (_, interaction) => `/login/${interaction.uid}` },
      findAccount: (_, account) => this.people[account] && { accountId: account, claims: () => ({ sub: account, ...this.people[account] }) },
      loadExistingGrant: async (ctx) => {
        const grant = new this.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
        grant.addOIDCScope([...SCOPES, 'sign'].join(' '));
        await grant.save();
        return grant;
      },
    });
    this.handler = this.provider.callback();
  }

  async #answer(request, response) {
    if (this.away) {
      request.socket.destroy();
    } else if (request.url.startsWith('/login/')) {
      await this.#login(request, response);
    } else if (request.url.startsWith(TRANSACTIONS)) {
      const [status, told] = await this.#transaction(request, request.url.slice(TRANSACTIONS.length));
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(told));
    } else if (request.url === `${REALM}${BELOW}/certs` && this.published) {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: this.published }));
    } else {
      // Mounted at the realm, as Keycloak has it.
      request.originalUrl = request.url;
      request.url = request.url.startsWith(REALM) ? request.url.slice(REALM.length) : '/nothing';
      this.handler(request, response);
    }
  }

  /** The person chooses who they are, or says no. */
  async #login(request, response) {
    if (request.method === 'GET') {
      response.setHeader('content-type', 'text/html').end('<form method="post"><input name="who"><button>ok</button></form>');
      return;
    }
    const who = new URLSearchParams(await text(request)).get('who');
    const { params } = await this.provider.interactionDetails(request, response);
    if (who && params.sign_transaction_id) this.#sign(params.sign_transaction_id, params.client_id, who);
    const result = who ? { login: { accountId: who, acr: 'aal3' } } : { error: 'access_denied' };
    await this.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }

  /** The card in the person's hand signs the hash of a transaction. */
  #sign(id, client, who) {
    const transaction = this.transactions.get(id);
    if (transaction?.client !== client || transaction.who) return;
    const { key, certificate } = this.cards[who];
    const signature = privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([SHA256, transaction.digest]));
    Object.assign(transaction, { who, signature, certificate });
  }

  /** Begins a transaction for a client by its own token, or tells the result by the token of the person who signed in it. */
  async #transaction(request, below) {
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (request.method === 'POST' && below === '') {
      const own = await this.provider.ClientCredentials.find(bearer);
      if (!own?.scope?.split(' ').includes('sign')) return [401, { error: 'invalid_token' }];
      const digest = Buffer.from(JSON.parse(await text(request)).digest ?? '', 'base64');
      if (digest.length !== 32) return [400, { error: 'invalid_request' }];
      const id = randomUUID();
      this.transactions.set(id, { client: own.clientId, digest });
      return [201, { sign_transaction_id: id }];
    }
    const transaction = this.transactions.get(/^\/([^/]+)\/result$/.exec(below)?.[1]);
    const token = await this.provider.AccessToken.find(bearer);
    if (!token?.scope?.split(' ').includes('sign')) return [401, { error: 'invalid_token' }];
    if (token.clientId !== transaction?.client || token.accountId !== transaction.who) return [404, { error: 'not_found' }];
    return [200, { result: await this.#sealed(transaction) }];
  }

  /** What was signed, encrypted to the client's own key. */
  async #sealed(transaction) {
    const plain = { signature: transaction.signature.toString('base64'), certificate: transaction.certificate.toString('base64'), ...this.signed };
    const { keys } = this.clients.find(({ id }) => id === transaction.client);
    const { alg, kid, ...key } = this.sealedTo ?? keys.find(({ use }) => use === 'enc');
    const jwe = new CompactEncrypt(Buffer.from(JSON.stringify(plain))).setProtectedHeader({ alg, enc: 'A256GCM', kid });
    return jwe.encrypt(await importJWK(key, alg));
  }

  end() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function text(request) {
  let body = '';
  for await (const part of request) body += part;
  return body;
}
