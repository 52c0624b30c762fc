import { dayOf } from '../lib/clock.ts';
import type { Knowledge, OfflineDecision, Refusal } from '../lib/credential.ts';
import type { Shelf } from '../lib/keep.ts';

/** How a programme looks on the verifier's screen, for decisions without the centre. */
export interface ProgrammeScreen { title: string; color?: string; fields?: Record<string, string>; barcodes?: { kind: string; claim: string; label?: string }[] }

/** What `GET /api/v1/verifier/sync` answers. */
export interface Sync { server_time: string; knowledge: Knowledge; screen?: { programmes?: Record<string, ProgrammeScreen> } }

/** What the browser keeps of it; `offsetMs` is what to add to this device's clock. */
export interface KeptSync extends Sync { offsetMs: number }

/** What `POST /api/v1/decisions` answers. */
export interface DecisionAnswer {
  server_time?: string; accepted: boolean; refusal?: Refusal | null; message?: string | null; detail?: string | null;
  programme?: { id?: string; title: string; color?: string } | null; valid_until?: string | null; until_label?: string | null;
  fields?: { label: string; value: string }[]; barcodes?: { kind: string; value: string; label?: string; svg?: string }[];
}

/** One verdict on the screen, however it came about. */
export interface Verdict {
  yes: boolean; refusal: Refusal | undefined; message: string | undefined; detail: string | undefined; title: string | undefined; until: string | undefined;
  fields: { label: string; value: string }[]; barcodes: { kind: string; value: string; label?: string; svg?: string }[];
  online: boolean; atMs: number; knowledgeAgeS: number | undefined;
}

/** A decision taken without the centre, as `POST /api/v1/verifier/log` gets it. No disclosed value is in it. */
export interface LogEntry {
  id: string; at: string; accepted: boolean; refusal: Refusal | null; programme: string | null; card: string | null; knowledge_synced_at: string; knowledge_age_s: number;
}

/** Numbers of a person are shown with a yes only, whatever the answer carries. */
export function fromAnswer(answer: DecisionAnswer, atMs: number): Verdict {
  return {
    yes: answer.accepted, refusal: answer.refusal ?? undefined, message: answer.message ?? undefined, detail: answer.detail ?? undefined, title: answer.programme?.title,
    until: answer.until_label ?? (answer.valid_until ? dayOf(answer.valid_until) : undefined), fields: answer.accepted ? (answer.fields ?? []) : [], barcodes: answer.accepted ? (answer.barcodes ?? []) : [], online: true, atMs, knowledgeAgeS: undefined,
  };
}

/** A decision of the shared Rust, dressed with the words the centre gave at the last sync. */
export function fromOffline(decision: OfflineDecision, sync: Sync, language: string, atMs: number): Verdict {
  const accepted = sync.knowledge.place.accepts.find((one) => one.programme === decision.programme);
  const screen = decision.programme ? sync.screen?.programmes?.[decision.programme] : undefined;
  const values = new Map(decision.disclosed.map(({ name, value }) => [name, String(value)]));
  return {
    yes: decision.accepted, refusal: decision.refusal ?? undefined, message: undefined, detail: undefined, title: screen?.title ?? accepted?.name[language] ?? accepted?.name['ja'],
    until: decision.valid_until ? dayOf(decision.valid_until) : undefined, fields: [...values].map(([name, value]) => ({ label: screen?.fields?.[name] ?? name, value })),
    barcodes: (screen?.barcodes ?? []).flatMap(({ kind, claim, label }) => (values.has(claim) ? [{ kind, value: values.get(claim) ?? '', ...(label ? { label } : {}) }] : [])),
    online: false, atMs, knowledgeAgeS: decision.knowledge_age_s,
  };
}

export function logEntry(id: string, decision: OfflineDecision, sync: Sync, atMs: number): LogEntry {
  const { accepted, refusal, programme, card, knowledge_age_s } = decision;
  return { id, at: new Date(atMs).toISOString(), accepted, refusal, programme, card, knowledge_synced_at: sync.knowledge.synced_at, knowledge_age_s };
}

export type Freshness = 'ok' | 'old' | 'too-old';

/** How far the knowledge can be trusted: fresh for a quarter of an hour, good for nothing but a no after its own limit. */
export function freshnessOf(knowledge: Pick<Knowledge, 'synced_at' | 'max_age_s'>, nowMs: number): Freshness {
  const ageS = (nowMs - Date.parse(knowledge.synced_at)) / 1000;
  if (ageS > knowledge.max_age_s) return 'too-old';
  return ageS > 900 ? 'old' : 'ok';
}

/** A presentation that was shown, and until when it could be shown again. */
export interface KeptShown { key: string; untilMs: number }

/** Presentations shown here lately, so that one code is not taken twice without the centre; kept, so that opening the page anew forgets none. */
export class Remembered {
  #until = new Map<string, number>();

  constructor(private readonly kept?: Shelf<KeptShown>) {}

  async recall(nowMs: number): Promise<void> {
    const shown = (await this.kept?.all()) ?? [];
    for (const { key, untilMs } of shown) this.#until.set(key, untilMs);
    await this.kept?.delete(...shown.filter(({ untilMs }) => untilMs < nowMs).map(({ key }) => key));
  }

  async add(remember: OfflineDecision['remember']): Promise<void> {
    if (!remember) return;
    const shown = { key: remember.key, untilMs: Date.parse(remember.until) };
    this.#until.set(shown.key, shown.untilMs);
    await this.kept?.put(shown.key, shown);
  }

  keys(nowMs: number): string[] {
    for (const [key, until] of this.#until) if (until < nowMs) this.#until.delete(key);
    return [...this.#until.keys()];
  }
}

/**
 * The camera sees a phone many times, and the phone makes a new code every few seconds: a card is taken once, until it has been out of
 * sight for a while. The card comes first in a presentation, so the first characters tell which it is.
 */
export class SameCard {
  #card = '';
  #untilMs = 0;

  constructor(private readonly quietMs = 6_000) {}

  isNew(text: string, nowMs: number): boolean {
    if (cardOf(text) !== this.#card || nowMs > this.#untilMs) return true;
    this.#untilMs = Math.max(this.#untilMs, nowMs + this.quietMs);
    return false;
  }

  /** Called when a verdict opens and when it is put away. */
  hold(text: string, nowMs: number, heldMs = this.quietMs): void {
    this.#card = cardOf(text);
    this.#untilMs = nowMs + heldMs;
  }
}

const cardOf = (text: string): string => text.slice(0, 300);
