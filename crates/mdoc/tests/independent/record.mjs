// Writes down what phones of other makes answer to one question, for the tests that run without them: node record.mjs
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint } from 'jose';
import { Issuer } from './issuer.mjs';
import { AnimoPhone, IsomdlPhone } from './phones.mjs';

const folder = join(import.meta.dirname, '../recorded');
const SPACE = 'jp.example.1';
const elements = [
  { namespace: SPACE, name: 'name', value: { text: '青空　花子' } },
  { namespace: SPACE, name: 'address', value: { text: '青空町１－２' } },
  { namespace: SPACE, name: 'birth', value: { date: '1980-02-17' } },
  { namespace: SPACE, name: 'sex', value: { number: 2 } },
  { namespace: SPACE, name: 'individual_number', value: { text: '000000000000' } },
];
const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const request = {
  client_id: 'x509_hash:x', nonce: 'recorded', response_uri: 'https://town.example/answer', client_metadata: { jwks: { keys: [jwk] } },
  dcql_query: { credentials: [{ claims: elements.slice(0, 4).map(({ namespace, name }) => ({ path: [namespace, name] })) }] },
};
mkdirSync(folder, { recursive: true });
for (const [Make, file, curve] of [[AnimoPhone, 'animo', 'prime256v1'], [IsomdlPhone, 'isomdl', 'secp384r1']]) {
  const issuer = new Issuer(curve);
  const signed = new Date(Math.floor(Date.now() / 1000) * 1000);
  const phone = new Make(issuer, 'jp.example.card.1', elements, { signed, validFrom: signed, validUntil: new Date(signed.getTime() + 30 * 24 * 60 * 60 * 1000) });
  const { client_id, nonce, response_uri } = request;
  const record = {
    at: signed.toISOString(), root: issuer.root.toString('base64url'), client_id, nonce, thumbprint: await calculateJwkThumbprint(jwk, 'sha256'), response_uri,
    response: await phone.present(request),
  };
  issuer.end();
  writeFileSync(join(folder, `${file}.json`), `${JSON.stringify(record, null, 2)}\n`);
}
