// A wallet in few lines, to see the pages around it; wallets of other makes are in crates/cards/tests/independent.
import { createHash } from 'node:crypto';
import { CompactSign, exportJWK, generateKeyPair } from 'jose';

const GRANT = 'urn:ietf:params:oauth:grant-type:pre-authorized_code';
const said = async (answer) => {
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
};
const post = (address, body, headers = {}) => fetch(address, { method: 'POST', body, headers });
const now = () => Math.floor(Date.now() / 1000);

export class Wallet {
  /** Takes what an offer is for, with the number the holder typed. */
  static async take(link, typed) {
    const wallet = new Wallet();
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    wallet.key = privateKey;
    const offer = await fetch(new URL(link).searchParams.get('credential_offer_uri')).then(said);
    const { 'pre-authorized_code': code } = offer.grants[GRANT];
    const issuer = offer.credential_issuer;
    const { access_token: token } = await post(`${issuer}/token`, new URLSearchParams({ grant_type: GRANT, 'pre-authorized_code': code, tx_code: typed })).then(said);
    const { c_nonce: nonce } = await post(`${issuer}/nonce`).then(said);
    const { kty, crv, x, y } = await exportJWK(publicKey);
    const proof = await wallet.sign({ typ: 'openid4vci-proof+jwt', jwk: { kty, crv, x, y } }, { aud: issuer, iat: now(), nonce });
    const [configuration] = offer.credential_configuration_ids;
    const { credentials } = await post(`${issuer}/credential`, JSON.stringify({ credential_configuration_id: configuration, proofs: { jwt: [proof] } }), {
      authorization: `Bearer ${token}`, 'content-type': 'application/json',
    }).then(said);
    wallet.card = credentials[0].credential;
    return wallet;
  }

  sign(header, body) {
    return new CompactSign(Buffer.from(JSON.stringify(body))).setProtectedHeader({ alg: 'ES256', ...header }).sign(this.key);
  }

  /** Answers a place: with the card and all it says, or not at all. */
  async answer(uri, { agree = true } = {}) {
    const request = await (await fetch(new URL(uri).searchParams.get('request_uri'))).text();
    const { client_id: aud, nonce, state, response_uri: to, dcql_query: query } = JSON.parse(Buffer.from(request.split('.')[1], 'base64url'));
    if (!agree) return post(to, new URLSearchParams({ error: 'access_denied', state }));
    const { vct } = JSON.parse(Buffer.from(this.card.split('.')[1], 'base64url'));
    const { id } = query.credentials.find(({ meta }) => meta.vct_values.includes(vct));
    const binding = await this.sign({ typ: 'kb+jwt' }, { aud, nonce, iat: now(), sd_hash: createHash('sha256').update(this.card).digest('base64url') });
    return post(to, new URLSearchParams({ vp_token: JSON.stringify({ [id]: [`${this.card}${binding}`] }), state }));
  }
}
