/** Reports that were written without a network: kept on this device until they are sent, under the key that makes them one on the server. */
import { shelf } from '../lib/keep.ts';

/** A form as it was filled in. */
export interface Kept { key: string; address: string; fields: [string, string | File][]; refused?: string }

/** What became of one that waited. */
export type Outcome = { kind: 'sent'; href: string } | { kind: 'waits' } | { kind: 'refused'; reason: string };

/** Said to pages that do not know of reports, so that they look only when there is something to look for. */
const MARK = 'reports-outbox';

const outbox = () => shelf<Kept>('outbox');

export async function keep(kept: Kept): Promise<void> {
  await outbox().put(kept.key, kept);
  localStorage.setItem(MARK, 'yes');
}

export async function waiting(): Promise<Kept[]> {
  return outbox().all();
}

export async function throwAway(key: string): Promise<void> {
  await outbox().delete(key);
  if ((await waiting()).length === 0) localStorage.removeItem(MARK);
}

/** Sends one; sent twice it is there once, so an answer that was lost does no harm. */
export async function send(kept: Kept): Promise<Outcome> {
  const body = new FormData();
  for (const [name, value] of kept.fields) body.append(name, value);
  let response: Response;
  try {
    response = await fetch(kept.address, { method: 'POST', body, credentials: 'same-origin', headers: { accept: 'application/json' }, signal: AbortSignal.timeout(60_000) });
  } catch {
    return { kind: 'waits' };
  }
  const answer = await response.json().catch(() => ({})) as { href?: string; title?: string; detail?: string };
  if (response.ok && answer.href) {
    await throwAway(kept.key);
    return { kind: 'sent', href: answer.href };
  }
  // Not signed in, or the server cannot just now: it waits for the next time.
  if (response.status === 401 || response.status === 429 || response.status >= 500) return { kind: 'waits' };
  const reason = [answer.title, answer.detail].filter(Boolean).join(' ') || String(response.status);
  await outbox().put(kept.key, { ...kept, refused: reason });
  return { kind: 'refused', reason };
}

/** Sends all that wait and were not refused, one after another. */
export async function sendAll(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const kept of await waiting()) if (!kept.refused) outcomes.push(await send(kept));
  return outcomes;
}
