/** Passkeys of residents and staff: the server's JSON to WebAuthn and back. */
import { fromBase64Url, toBase64Url } from './lib/bytes.ts';
import { ask } from './lib/http.ts';
import { text } from './lib/texts.ts';
import { creationOptions, requestOptions, type CreationJson, type RequestJson } from './lib/webauthn.ts';

interface Begun { ticket?: string; publicKey: CreationJson & RequestJson }

document.querySelectorAll<HTMLFormElement>('form[data-passkey]').forEach((form) => {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void run(form);
  });
});

async function run(form: HTMLFormElement): Promise<void> {
  const button = form.querySelector<HTMLButtonElement>('button:not([type="button"])');
  say(form, '');
  button?.setAttribute('aria-busy', 'true');
  try {
    if (!('credentials' in navigator) || !window.PublicKeyCredential) throw new Refused(text('passkey.unsupported'));
    const fields = Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === 'string'));
    const begun = await ask<Begun>(form.dataset['begin'] ?? '', { body: fields });
    const credential = form.dataset['passkey'] === 'register' ? await create(begun) : await get(begun);
    const { next } = await ask<{ next: string }>(form.dataset['finish'] ?? '', { body: { ...fields, ...(begun.ticket === undefined ? {} : { ticket: begun.ticket }), credential }, timeoutMs: 30_000 });
    location.assign(next);
  } catch (cause) {
    const cancelled = cause instanceof DOMException && (cause.name === 'NotAllowedError' || cause.name === 'AbortError');
    say(form, cancelled ? text('passkey.cancelled') : cause instanceof Error && cause.message ? cause.message : text('passkey.failed'));
  } finally {
    button?.removeAttribute('aria-busy');
  }
}

class Refused extends Error {}

async function create({ publicKey }: Begun): Promise<unknown> {
  const made = (await navigator.credentials.create({ publicKey: creationOptions(publicKey, fromBase64Url) })) as PublicKeyCredential;
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    ...described(made),
    response: { clientDataJSON: toBase64Url(response.clientDataJSON), attestationObject: toBase64Url(response.attestationObject), transports: response.getTransports?.() ?? [] },
  };
}

async function get({ publicKey }: Begun): Promise<unknown> {
  const found = (await navigator.credentials.get({ publicKey: requestOptions(publicKey, fromBase64Url) })) as PublicKeyCredential;
  const { clientDataJSON, authenticatorData, signature, userHandle } = found.response as AuthenticatorAssertionResponse;
  return {
    ...described(found),
    response: { clientDataJSON: toBase64Url(clientDataJSON), authenticatorData: toBase64Url(authenticatorData), signature: toBase64Url(signature), userHandle: userHandle ? toBase64Url(userHandle) : null },
  };
}

function described(credential: PublicKeyCredential): Record<string, unknown> {
  return { id: credential.id, rawId: toBase64Url(credential.rawId), type: credential.type, authenticatorAttachment: credential.authenticatorAttachment, clientExtensionResults: credential.getClientExtensionResults() };
}

function say(form: HTMLFormElement, message: string): void {
  const place = form.querySelector('[data-slot="error"]');
  if (place) place.textContent = message;
}
