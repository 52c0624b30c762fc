/** The room `credential` as WebAssembly: JSON in, JSON out (docs/credential.md, “In the browser”). */
import { fromBase64Url, type Bytes } from './bytes.ts';
import { svg } from './dom.ts';

export interface Held { credential: string; disclosures: string[] }
export interface Showing { held: Held; show: string[]; iat: string; nonce: string }
export interface Question { key: JsonWebKey; message: string; signature: string }
export interface Refusal { code: string; seconds?: number; why?: string; town?: string }
export interface Accepted { programme: string; name: Record<string, string>; shows: string[]; max_age_s?: number }
export interface Knowledge { town: string; synced_at: string; max_age_s: number; keys: unknown[]; status_lists: string[]; place: { id: string; name: string; accepts: Accepted[] } }
export interface OfflineDecision {
  accepted: boolean; refusal: Refusal | null; programme: string | null; card: string | null; valid_until: string | null;
  disclosed: { name: string; value: string | number | boolean }[]; missing: string[]; knowledge_age_s: number; remember: { key: string; until: string } | null;
}

export interface Calls {
  describe: { input: Held; ok: { programme: string; valid_until: string | null; claims: Record<string, string | number | boolean> } };
  holder_tbs: { input: Showing; ok: { message: string } };
  holder_assemble: { input: Showing & { signature: string }; ok: { text: string } };
  qr: { input: { text: string; ecc?: 'L' | 'M' | 'Q' }; ok: { size: number; path: string } };
  signatures: { input: { presentation: string; knowledge: Knowledge }; ok: Question[] };
  decide: { input: { presentation: string; knowledge: Knowledge; now: string; answers: boolean[]; seen: string[] }; ok: OfflineDecision };
}
export type Call = <Name extends keyof Calls>(name: Name, input: Calls[Name]['input']) => Calls[Name]['ok'];

interface Exports { memory: WebAssembly.Memory; alloc(length: number): number; free(at: number, length: number): void }
type Raw = (at: number, length: number) => number;

const loading = new Map<string, Promise<Call>>();

/** Loads the module once per address. */
export function loadCredential(url: string): Promise<Call> {
  const found = loading.get(url) ?? start(url).catch((cause: unknown) => { loading.delete(url); throw cause; });
  loading.set(url, found);
  return found;
}

async function start(url: string): Promise<Call> {
  const response = await fetch(url, { credentials: 'same-origin' });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return instantiate(await response.arrayBuffer());
}

/** Makes the calls of a module whose bytes are at hand. */
export async function instantiate(bytes: BufferSource): Promise<Call> {
  const { instance } = await WebAssembly.instantiate(bytes, {});
  const { memory, alloc, free } = instance.exports as unknown as Exports;
  const calls = instance.exports as unknown as Record<string, Raw>;
  return (name, input) => {
    const json = new TextEncoder().encode(JSON.stringify(input));
    const at = alloc(json.length);
    new Uint8Array(memory.buffer).set(json, at);
    const reply = calls[name]!(at, json.length);
    free(at, json.length);
    const length = new DataView(memory.buffer).getUint32(reply, true);
    const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, reply + 4, length))) as { ok: never; error?: string };
    free(reply, length + 4);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.ok;
  };
}

/** Asks WebCrypto about each signature, in order. */
export function checkSignatures(questions: Question[]): Promise<boolean[]> {
  return Promise.all(questions.map(async ({ key: { kty, crv, x, y }, message, signature }) => {
    try {
      const jwk = { kty, crv, x, y } as JsonWebKey;
      const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
      return await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, fromBase64Url(signature), fromBase64Url(message));
    } catch {
      return false;
    }
  }));
}

/** Makes a fresh presentation: `sign` is the phone's own key. */
export async function present(call: Call, showing: Showing, sign: (message: Bytes) => Promise<string>): Promise<string> {
  const { message } = call('holder_tbs', showing);
  return call('holder_assemble', { ...showing, signature: await sign(fromBase64Url(message)) }).text;
}

/** A QR code as SVG, black on white with its margin. */
export function qrSvg(call: Call, text: string, label: string, ecc: 'L' | 'M' | 'Q' = 'L'): SVGElement {
  const { size, path } = call('qr', { text, ecc });
  return svg('svg', { viewBox: `0 0 ${size} ${size}`, role: 'img' }, svg('title', {}, label), svg('path', { d: path, fill: '#000' }));
}
