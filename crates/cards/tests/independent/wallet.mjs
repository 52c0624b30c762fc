// A wallet and a verifier of other makes: OpenID4VCI and OpenID4VP by @openid4vc, SD-JWT VC by @sd-jwt, keys and signatures by jose and Node.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { clientAuthenticationAnonymous, setGlobalConfig } from '@openid4vc/oauth2';
import { Openid4vciClient } from '@openid4vc/openid4vci';
import { Openid4vpClient } from '@openid4vc/openid4vp';
import { CompactSign, compactVerify, importJWK } from 'jose';

// The town of the test is served without TLS, on this machine.
setGlobalConfig({ allowInsecureUrls: true });

const digest = (data) => createHash('sha256').update(typeof data === 'string' ? data : Buffer.from(data)).digest();
const never = () => { throw new Error('not asked for'); };

/** The identifier of a town, resolved as did:web says; plain http, as the town runs on this machine. */
async function resolved(didUrl) {
  const [did] = didUrl.split('#');
  const [host, ...path] = did.replace('did:web:', '').split(':');
  const document = await (await fetch(`http://${decodeURIComponent(host)}/${path.join('/')}/did.json`)).json();
  const method = document.verificationMethod.find((found) => found.id === didUrl);
  if (document.id !== did || !document.assertionMethod.includes(didUrl) || !method) throw new Error(`${didUrl} is not in its document`);
  return method.publicKeyJwk;
}

export class Wallet {
  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.jwk = publicKey.export({ format: 'jwk' });
    this.key = privateKey;
    const callbacks = {
      fetch,
      hash: (data) => digest(data),
      generateRandom: (bytes) => randomBytes(bytes),
      clientAuthentication: clientAuthenticationAnonymous(),
      signJwt: async (_signer, { header, payload }) => ({ jwt: await this.sign(header, payload), signerJwk: this.jwk }),
      verifyJwt: async (signer, { compact }) => {
        const jwk = await resolved(signer.didUrl);
        const verified = await compactVerify(compact, await importJWK(jwk, 'ES256'), { algorithms: ['ES256'] }).then(() => true, () => false);
        return verified ? { verified, signerJwk: jwk } : { verified };
      },
      encryptJwe: never,
      decryptJwe: never,
    };
    this.issuance = new Openid4vciClient({ callbacks });
    this.presentation = new Openid4vpClient({ callbacks });
    this.sdjwt = new SDJwtVcInstance({
      hasher: (data) => digest(data), hashAlg: 'sha-256',
      kbSigner: async (data) => {
        const [header, payload] = data.split('.').map((part) => Buffer.from(part, 'base64url'));
        return (await new CompactSign(payload).setProtectedHeader(JSON.parse(header)).sign(this.key)).split('.')[2];
      },
      kbSignAlg: 'ES256',
    });
  }

  sign(header, payload) {
    return new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader(header).sign(this.key);
  }

  /** The signer of a proof: the wallet's key itself. */
  get signer() {
    return { method: 'jwk', alg: 'ES256', publicJwk: this.jwk };
  }

  /** Reads an offer and the town's metadata. */
  async read(link) {
    this.offer = await this.issuance.resolveCredentialOffer(link);
    this.metadata = await this.issuance.resolveIssuerMetadata(this.offer.credential_issuer);
    [this.configuration] = this.offer.credential_configuration_ids;
  }

  async redeem(txCode) {
    const { accessTokenResponse } = await this.issuance.retrievePreAuthorizedCodeAccessTokenFromOffer({
      credentialOffer: this.offer, issuerMetadata: this.metadata, txCode,
    });
    this.token = accessTokenResponse.access_token;
  }

  async nonce() {
    return (await this.issuance.requestNonce({ issuerMetadata: this.metadata })).c_nonce;
  }

  async proof(nonce) {
    const { jwt } = await this.issuance.createCredentialRequestJwtProof({
      issuerMetadata: this.metadata, credentialConfigurationId: this.configuration, signer: this.signer, nonce,
    });
    return jwt;
  }

  async fetch(jwt) {
    const got = await this.issuance.retrieveCredentials({
      issuerMetadata: this.metadata, accessToken: this.token, credentialConfigurationId: this.configuration, proofs: { jwt: [jwt] },
    });
    this.card = got.credentialResponse.credentials[0].credential;
    this.notification = got.credentialResponse.notification_id;
    return this.card;
  }

  async note(event) {
    await this.issuance.sendNotification({
      issuerMetadata: this.metadata, accessToken: this.token, notification: { notificationId: this.notification, event },
    });
  }

  /** Reads what a place asks; its signature is checked on the way. */
  async asked(uri) {
    const { params } = this.presentation.parseOpenid4vpAuthorizationRequest({ authorizationRequest: uri });
    return this.presentation.resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: params });
  }

  /** A presentation of the card with these claims opened. */
  present(claims, { aud, nonce }) {
    const frame = Object.fromEntries(claims.map((claim) => [claim, true]));
    const payload = { aud, nonce, iat: Math.floor(Date.now() / 1000) };
    return this.sdjwt.present(this.card, frame, { kb: { payload } });
  }

  async answer({ authorizationRequestPayload }, query, presentation) {
    const made = await this.presentation.createOpenid4vpAuthorizationResponse({
      authorizationRequestPayload, authorizationResponsePayload: { vp_token: { [query]: [presentation] } },
    });
    const { response } = await this.presentation.submitOpenid4vpAuthorizationResponse({
      authorizationRequestPayload, authorizationResponsePayload: made.authorizationResponsePayload,
    });
    return response;
  }
}

/** Checks cards of a town as anybody may who knows nothing but the standards. */
export class Verifier {
  constructor(nonce) {
    const keyOf = async (issuer, kid) => {
      const url = new URL(issuer);
      const metadata = await (await fetch(`${url.origin}/.well-known/jwt-vc-issuer${url.pathname}`)).json();
      if (metadata.issuer !== issuer) throw new Error('the metadata is another issuer\'s');
      return metadata.jwks.keys.find((key) => key.kid === kid);
    };
    const holds = async (data, signature, jwk) =>
      compactVerify(`${data}.${signature}`, await importJWK(jwk, 'ES256'), { algorithms: ['ES256'] }).then(() => true, () => false);
    const part = (text, at) => JSON.parse(Buffer.from(text.split('.')[at], 'base64url'));
    this.nonce = nonce;
    this.sdjwt = new SDJwtVcInstance({
      hasher: (data) => digest(data), hashAlg: 'sha-256',
      // Cards and status lists alike: a list names its own address, which is at the issuer's.
      verifier: async (data, signature) => {
        const { iss, sub } = part(data, 1);
        return holds(data, signature, await keyOf(iss ?? new URL('/wallet', sub).href, part(data, 0).kid));
      },
      kbVerifier: (data, signature, payload) => holds(data, signature, payload.cnf.jwk),
      statusListFetcher: async (uri) => {
        const answer = await fetch(uri, { headers: { accept: 'application/statuslist+jwt' } });
        if (answer.headers.get('content-type') !== 'application/statuslist+jwt') throw new Error('no status list');
        const token = await answer.text();
        if (part(token, 1).sub !== uri || part(token, 0).typ !== 'statuslist+jwt') throw new Error('another list');
        return token;
      },
      statusValidator: async (status) => { if (status !== 0) throw new Error(`Status is ${status}`); },
    });
  }

  check(presentation) {
    return this.sdjwt.verify(presentation, { keyBindingNonce: this.nonce });
  }
}
