/** An answer that was not 2xx; `title` and `detail` are the server's own plain words. */
export class Problem extends Error {
  constructor(readonly status: number, readonly title: string, readonly detail: string, readonly body: unknown) {
    super(detail || title);
  }
}

/** The network or the server could not be reached in time. */
export class Unreachable extends Error {}

export interface Ask { method?: string; body?: unknown; timeoutMs?: number }

/** Asks the server for JSON. Throws `Problem` for an answer that is not 2xx and `Unreachable` when there is none. */
export async function ask<Answer>(url: string, { method, body, timeoutMs = 10_000 }: Ask = {}): Promise<Answer> {
  const request: RequestInit = {
    method: method ?? (body === undefined ? 'GET' : 'POST'), credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(url, request);
    const kind = response.headers.get('content-type') ?? '';
    answer = kind.includes('json') ? await response.json() : undefined;
  } catch (cause) {
    throw new Unreachable(String(cause));
  }
  if (response.ok) return answer as Answer;
  if (response.status >= 502 && response.status <= 504) throw new Unreachable(`status ${response.status}`);
  const { title = '', detail = '' } = (answer ?? {}) as { title?: string; detail?: string };
  throw new Problem(response.status, title, detail, answer);
}
