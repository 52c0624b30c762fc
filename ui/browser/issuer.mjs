// A town's signing key for the browser tests: real cards and status lists after docs/credential.md, made with other code than the product's.
import { createHash, webcrypto as crypto } from 'node:crypto';
import { deflateSync } from 'node:zlib';

const DAY_MS = 86_400_000;
const STATUS_URI = 'https://town.example/status/1';
const INDEX = 5;

export const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const bytesOf = (text) => new Uint8Array(Buffer.from(text, 'base64url'));
const sha256 = (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest());
const seconds = () => Math.floor(Date.now() / 1000);

class Tagged {
  constructor(tag, value) {
    Object.assign(this, { tag, value });
  }
}

/** CBOR in the core deterministic encoding, as far as cards need it. */
export function cbor(value) {
  if (value instanceof Tagged) return Buffer.concat([head(6, value.tag), cbor(value.value)]);
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  const entries = [...value].map(([key, inner]) => [cbor(key), cbor(inner)]).sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([head(5, entries.length), ...entries.flat()]);
}

function head(major, number) {
  if (number < 24) return Buffer.from([(major << 5) | number]);
  const size = number < 256 ? 1 : number < 65_536 ? 2 : 4;
  const bytes = Buffer.alloc(1 + size);
  bytes[0] = (major << 5) | (23 + { 1: 1, 2: 2, 4: 3 }[size]);
  bytes.writeUIntBE(number, 1, size);
  return bytes;
}

export class Issuer {
  static async make(town) {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const { x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
    const kid = sha256(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`).slice(0, 8);
    const card = crypto.getRandomValues(new Uint8Array(16));
    card[6] = (card[6] & 15) | 0x70;
    card[8] = (card[8] & 63) | 128;
    return Object.assign(new Issuer(), { town, card, kid, privateKey: pair.privateKey, jwk: { crv: 'P-256', kty: 'EC', x, y, kid: base64url(kid) } });
  }

  /** A card for the phone's key, with one claim that can be opened. */
  async card_for({ x, y }, programme, lastDay, [name, value]) {
    const disclosure = cbor([crypto.getRandomValues(new Uint8Array(16)), value, name]);
    const phone = new Map([[1, 2], [-1, 1], [-2, bytesOf(x)], [-3, bytesOf(y)]]);
    const claims = new Map([
      [1, `urn:tegata:${this.town}`], [2, this.card], [4, seconds() + 7 * 86_400], [6, seconds()], [8, new Map([[1, phone]])],
      [65535, new Map([['status_list', new Map([['idx', INDEX], ['uri', STATUS_URI]])]])],
      [-65537, programme], [-65538, new Tagged(100, Date.parse(lastDay) / DAY_MS)], [-65539, [sha256(disclosure)]],
    ]);
    return { credential: base64url(await this.#sign(new Map([[1, -7], [4, this.kid]]), claims)), disclosures: [base64url(disclosure)] };
  }

  async statusList(revoked) {
    const list = Buffer.alloc(64);
    if (revoked) list[(INDEX * 2) >> 3] |= 1 << ((INDEX * 2) & 7);
    const claims = new Map([[2, STATUS_URI], [4, seconds() + 7 * 86_400], [6, seconds()], [65533, new Map([['bits', 2], ['lst', new Uint8Array(deflateSync(list))]])], [65534, 3600]]);
    return base64url(await this.#sign(new Map([[1, -7], [4, this.kid], [16, 'application/statuslist+cwt']]), claims));
  }

  async #sign(header, claims) {
    const [protectedHeader, payload] = [new Uint8Array(cbor(header)), new Uint8Array(cbor(claims))];
    const message = cbor(['Signature1', protectedHeader, new Uint8Array(), payload]);
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, this.privateKey, message);
    return cbor(new Tagged(18, [protectedHeader, new Map(), payload, new Uint8Array(signature)]));
  }
}
