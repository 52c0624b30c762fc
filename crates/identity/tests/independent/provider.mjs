// An identity app's provider of another make (npm oidc-provider), shaped after what is published of デジタル認証アプリ: Keycloak's paths, PKCE,
// private_key_jwt, ES256, pairwise subjects, the items at the userinfo endpoint. What of that is not confirmed is a matter of the town's pack.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const REALM = '/api/realms/main';
const BELOW = '/protocol/openid-connect';
export const SCOPES = ['openid', 'name', 'address', 'birthdate', 'gender'];

/** A signing key under a name, as a private JWK. */
export function signingKey(kid) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
}

export class IdentityApp {
  /** Listens on a port of its own; `people` are claims by the name one signs in with. */
  static async start(people) {
    const app = new IdentityApp();
    app.people = people;
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

  /** Serves clients with a key, which takes the place of the one before. */
  serve(clients, key) {
    this.clients = clients;
    this.key = key;
    this.provider = new Provider(this.issuer, {
      clients: clients.map(({ id, jwk, redirect }) => ({
        client_id: id,
        redirect_uris: [redirect],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        id_token_signed_response_alg: 'ES256',
        subject_type: 'pairwise',
        jwks: { keys: [jwk] },
      })),
      jwks: { keys: [key] },
      cookies: { keys: ['for a test'] },
      acrValues: ['aal3'],
      scopes: ['openid'],
      claims: { openid: ['sub'], name: ['name'], address: ['address'], birthdate: ['birthdate'], gender: ['gender'], acr: null },
      clientAuthMethods: ['private_key_jwt'],
      enabledJWA: { idTokenSigningAlgValues: ['ES256'], clientAuthSigningAlgValues: ['ES256'] },
      features: { devInteractions: { enabled: false } },
      pkce: { required: () => true },
      subjectTypes: ['pairwise'],
      pairwiseIdentifier: (_, account, client) => createHash('sha256').update(`${client.clientId} ${account}`).digest('hex'),
      routes: { authorization: `${BELOW}/auth`, token: `${BELOW}/token`, userinfo: `${BELOW}/userinfo`, jwks: `${BELOW}/certs` },
      ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, Interaction: 600, Grant: 600, Session: 600 },
      interactions: { url: (_, interaction) => `/login/${interaction.uid}` },
      findAccount: (_, account) => this.people[account] && { accountId: account, claims: () => ({ sub: account, ...this.people[account] }) },
      loadExistingGrant: async (ctx) => {
        const grant = new this.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
        grant.addOIDCScope(SCOPES.join(' '));
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
    let body = '';
    for await (const part of request) body += part;
    const who = new URLSearchParams(body).get('who');
    const result = who ? { login: { accountId: who, acr: 'aal3' } } : { error: 'access_denied' };
    await this.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }

  end() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
