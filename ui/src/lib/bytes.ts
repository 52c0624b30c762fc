export type Bytes = Uint8Array<ArrayBuffer>;

export function toBase64Url(bytes: Uint8Array | ArrayBuffer): string {
  let binary = '';
  for (const byte of bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

export function fromBase64Url(text: string): Bytes {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text) as Bytes;

export const randomBytes = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
