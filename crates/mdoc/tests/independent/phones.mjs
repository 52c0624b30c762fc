// Phones of other makes: OpenID4VP by @openid4vc, encryption by jose, and the card by @animo-id/mdoc or by crate isomdl.
import { execFileSync } from 'node:child_process';
import { X509Certificate, createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { join } from 'node:path';
import { DataItem, DateOnly, DeviceRequest, DeviceResponse, Document, MDoc, cborEncode } from '@animo-id/mdoc';
import { clientAuthenticationAnonymous, setGlobalConfig } from '@openid4vc/oauth2';
import { Openid4vpClient } from '@openid4vc/openid4vp';
import { CompactEncrypt, calculateJwkThumbprint, compactVerify, importJWK } from 'jose';

// The town of the test is served without TLS, on this machine.
setGlobalConfig({ allowInsecureUrls: true });

const sha256 = (data) => createHash('sha256').update(data).digest();
const never = () => { throw new Error('not asked for'); };

/** What a wallet does around the card: it checks who asks, and encrypts the answer to the question's key. */
class Wallet {
  constructor() {
    this.client = new Openid4vpClient({
      callbacks: {
        fetch,
        hash: (data) => sha256(data),
        generateRandom: (bytes) => randomBytes(bytes),
        clientAuthentication: clientAuthenticationAnonymous(),
        getX509CertificateMetadata: (certificate) => {
          const names = new X509Certificate(Buffer.from(certificate, 'base64')).subjectAltName ?? '';
          return { sanDnsNames: [...names.matchAll(/DNS:([^,]+)/g)].map(([, name]) => name), sanUriNames: [] };
        },
        verifyJwt: async (signer, { compact }) => {
          const jwk = new X509Certificate(Buffer.from(signer.x5c[0], 'base64')).publicKey.export({ format: 'jwk' });
          const verified = await compactVerify(compact, await importJWK(jwk, 'ES256'), { algorithms: ['ES256'] }).then(() => true, () => false);
          return verified ? { verified, signerJwk: jwk } : { verified };
        },
        encryptJwe: async ({ publicJwk, alg, enc, apu, apv }, content) => {
          const parties = Object.fromEntries(Object.entries({ apu, apv }).filter(([, text]) => text).map(([name, text]) => [name, Buffer.from(text, 'base64url')]));
          const made = new CompactEncrypt(Buffer.from(content)).setProtectedHeader({ alg, enc, kid: publicJwk.kid }).setKeyManagementParameters(parties);
          return { jwe: await made.encrypt(await importJWK(publicJwk, alg)), encryptionJwk: publicJwk };
        },
        signJwt: never,
        decryptJwe: never,
      },
    });
  }

  /** Reads a link; the question's signature and its client's name are checked on the way. */
  async read(link) {
    const { params } = this.client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: link });
    const { authorizationRequestPayload } = await this.client.resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: params });
    return authorizationRequestPayload;
  }

  async answer(request, presentation, enc = 'A256GCM') {
    const [query] = request.dcql_query.credentials;
    const made = await this.client.createOpenid4vpAuthorizationResponse({
      authorizationRequestPayload: request,
      authorizationResponsePayload: { vp_token: { [query.id]: [presentation] } },
      jarm: {
        encryption: { nonce: '' },
        serverMetadata: {
          authorization_signing_alg_values_supported: [], authorization_encryption_alg_values_supported: ['ECDH-ES'],
          authorization_encryption_enc_values_supported: [enc],
        },
      },
    });
    return fetch(request.response_uri, { method: 'POST', body: new URLSearchParams({ response: made.jarm.responseJwt }) });
  }
}

/** The elements a question asks for, as pairs of namespace and name. */
const asked = (request) => request.dcql_query.credentials[0].claims.map(({ path }) => path);

const algorithms = {
  crypto: {
    random: (length) => new Uint8Array(randomBytes(length)),
    digest: ({ digestAlgorithm, bytes }) => new Uint8Array(createHash(digestAlgorithm.replace('-', '')).update(bytes).digest()),
    calculateEphemeralMacKeyJwk: never,
  },
  cose: {
    sign1: {
      sign: ({ sign1, jwk }) =>
        new Uint8Array(sign('sha256', sign1.getRawSigningData().data, { key: createPrivateKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' })),
      verify: never,
    },
    mac0: { sign: never, verify: never },
  },
};

/** A card of @animo-id/mdoc. */
export class AnimoPhone extends Wallet {
  constructor(issuer, doctype, elements, validity) {
    super();
    Object.assign(this, { issuer, doctype, elements, validity });
    this.device = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  }

  async issued() {
    const document = new Document(this.doctype, algorithms);
    const spaces = grouped(this.elements);
    for (const [space, elements] of spaces) {
      document.addIssuerNameSpace(space, Object.fromEntries(elements.map(({ name, value }) => [name, value.date ? new DateOnly(value.date) : value.text ?? value.number])));
    }
    const { d, ...deviceKey } = this.device;
    document.useDigestAlgorithm('SHA-256').addValidityInfo(this.validity).addDeviceKeyInfo({ deviceKey });
    const issuerPrivateKey = createPrivateKey(this.issuer.signerKeyPem).export({ format: 'jwk' });
    return document.sign({ issuerPrivateKey, issuerCertificate: this.issuer.signerPem, alg: 'ES256' }, algorithms);
  }

  async present(request, shown = asked(request)) {
    const info = cborEncode([request.client_id, request.nonce, await thumbprint(request), request.response_uri]);
    const transcript = cborEncode(DataItem.fromData([null, null, ['OpenID4VPHandover', new Uint8Array(sha256(info))]]));
    const spaces = new Map();
    for (const [space, name] of shown) spaces.set(space, new Map([...spaces.get(space) ?? [], [name, true]]));
    const wanted = DeviceRequest.from('1.0', [{ itemsRequestData: { docType: this.doctype, nameSpaces: spaces } }]);
    const response = await DeviceResponse.from(new MDoc([await this.issued()]))
      .usingDeviceRequest(wanted).usingSessionTranscriptBytes(transcript).authenticateWithSignature(this.device, 'ES256').sign(algorithms);
    return Buffer.from(response.encode()).toString('base64url');
  }
}

const grouped = (elements) => {
  const spaces = new Map();
  for (const element of elements) spaces.set(element.namespace, [...spaces.get(element.namespace) ?? [], element]);
  return spaces;
};

/** The bytes of the thumbprint of the key an answer is encrypted to. */
async function thumbprint(request) {
  return new Uint8Array(Buffer.from(await calculateJwkThumbprint(request.client_metadata.jwks.keys[0], 'sha256'), 'base64url'));
}

/** A card of crate isomdl, made and shown by the program beside this test. */
export class IsomdlPhone extends Wallet {
  constructor(issuer, doctype, elements, validity) {
    super();
    Object.assign(this, { issuer, doctype, elements, validity });
  }

  async order(request, shown = asked(request)) {
    const moment = (date) => date.toISOString().replace(/\.\d+Z$/, 'Z');
    return {
      signer_key: this.issuer.signerKeyPem, signer_certificate: this.issuer.signerPem, doctype: this.doctype, elements: this.elements,
      signed: moment(this.validity.signed), valid_from: moment(this.validity.validFrom), valid_until: moment(this.validity.validUntil),
      question: {
        client_id: request.client_id, nonce: request.nonce, thumbprint: Buffer.from(await thumbprint(request)).toString('base64url'),
        response_uri: request.response_uri,
      },
      shown,
    };
  }

  async present(request, shown) {
    const input = JSON.stringify(await this.order(request, shown));
    return execFileSync(join(import.meta.dirname, '../isomdl/target/debug/isomdl-phone'), { input, encoding: 'utf8' }).trim();
  }
}

