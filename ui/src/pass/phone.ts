import { fromBase64Url, toBase64Url, type Bytes } from '../lib/bytes.ts';
import { ask } from '../lib/http.ts';
import { shelf } from '../lib/keep.ts';

/** The phone's own key: made here, kept by the browser, not exportable. */
export interface Phone { device: string; privateKey: CryptoKey }

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const phones = shelf<Phone>('phone');

/** The registered key of this phone, or none yet. */
export const findPhone = (): Promise<Phone | undefined> => phones.get('me');

/** Makes a key, proves to the server that this phone holds it, and keeps it. */
export async function registerPhone(devices: string): Promise<Phone> {
  const pair = await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const { challenge, message } = await ask<{ challenge: string; message: string }>(`${devices}/challenge`);
  const proof = toBase64Url(await sign(pair.privateKey, fromBase64Url(message)));
  const { device } = await ask<{ device: string }>(devices, { body: { challenge, jwk: { kty, crv, x, y }, proof, label: labelOf(navigator.userAgent) } });
  const phone = { device, privateKey: pair.privateKey };
  await phones.put('me', phone);
  return phone;
}

/** Why the centre gives this phone no cards: it was ended, it is not the phone of who is signed in, or a new phone is set up with the card only. */
export type Over = 'ended' | 'unknown' | 'new';

/** What a problem of the centre's says of this phone; nothing when it is about something else, or somebody else's page in between. */
export function overFor(problem: unknown): Over | undefined {
  const { code } = (problem ?? {}) as { code?: unknown };
  return code === 'cards.phone_ended' ? 'ended' : code === 'cards.no_such_phone' ? 'unknown' : code === 'proof_needed' ? 'new' : undefined;
}

export const forgetPhone = (): Promise<void> => phones.delete('me');

/** Raw r‖s, the form COSE wants. */
export async function sign(key: CryptoKey, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, message));
}

/** A short name people recognise in the list of phones: system and browser, no version. */
export function labelOf(userAgent: string): string {
  const find = (names: [RegExp, string][]): string => names.find(([pattern]) => pattern.test(userAgent))?.[1] ?? '';
  const system = find([[/iPhone/, 'iPhone'], [/iPad/, 'iPad'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS X/, 'Mac'], [/CrOS/, 'Chromebook'], [/Linux/, 'Linux']]);
  const browser = find([[/Edg/, 'Edge'], [/SamsungBrowser/, 'Samsung'], [/Firefox|FxiOS/, 'Firefox'], [/Chrome|CriOS/, 'Chrome'], [/Safari/, 'Safari']]);
  return [system, browser].filter(Boolean).join(', ');
}
