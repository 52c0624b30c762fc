import type { Bytes } from './bytes.ts';

interface DescriptorJson { id: string; type: 'public-key'; transports?: AuthenticatorTransport[] }
export type RequestJson = { challenge: string; allowCredentials?: DescriptorJson[] } & Omit<PublicKeyCredentialRequestOptions, 'challenge' | 'allowCredentials'>;
export type CreationJson = { challenge: string; user: { id: string; name: string; displayName: string }; excludeCredentials?: DescriptorJson[] } & Omit<PublicKeyCredentialCreationOptions, 'challenge' | 'user' | 'excludeCredentials'>;
type Decode = (text: string) => Bytes;

/** The server's JSON as `navigator.credentials.create` wants it. */
export function creationOptions(json: CreationJson, decode: Decode): PublicKeyCredentialCreationOptions {
  return { ...json, challenge: decode(json.challenge), user: { ...json.user, id: decode(json.user.id) }, excludeCredentials: descriptors(json.excludeCredentials, decode) };
}

/** The server's JSON as `navigator.credentials.get` wants it. */
export function requestOptions(json: RequestJson, decode: Decode): PublicKeyCredentialRequestOptions {
  return { ...json, challenge: decode(json.challenge), allowCredentials: descriptors(json.allowCredentials, decode) };
}

const descriptors = (list: DescriptorJson[] | undefined, decode: Decode): PublicKeyCredentialDescriptor[] => (list ?? []).map((one) => ({ ...one, id: decode(one.id) }));
