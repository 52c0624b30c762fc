/** One presentation, one decision: the centre if it answers in time, else the same Rust here. */
import { ServerClock } from '../lib/clock.ts';
import { checkSignatures, loadCredential, type Call } from '../lib/credential.ts';
import { ask, Problem, Unreachable } from '../lib/http.ts';
import { shelf } from '../lib/keep.ts';
import { fromAnswer, fromOffline, logEntry, Remembered, type DecisionAnswer, type KeptShown, type KeptSync, type LogEntry, type Sync, type Verdict } from './model.ts';
import { DeliveryQueue, type Receipt } from './queue.ts';

const ONLINE_PATIENCE_MS = 2_000;

export interface Addresses { pair: string; sync: string; decisions: string; log: string; wasm: string }

/** This device may not decide (any more): it has to be paired. */
export class NotPaired extends Error {}

export class Decider {
  readonly clock = new ServerClock();
  readonly queue: DeliveryQueue<LogEntry>;
  sync: KeptSync | undefined;
  call: Call | undefined;
  online = false;
  #syncs = shelf<KeptSync>('verifier');
  #remembered = new Remembered(shelf<KeptShown>('recent'));

  constructor(private readonly addresses: Addresses, private readonly language: string) {
    this.queue = new DeliveryQueue(shelf<LogEntry>('undelivered'), (entries) => ask<Receipt>(addresses.log, { body: { entries }, timeoutMs: 20_000 }));
  }

  /** What was kept from earlier visits to the centre. */
  async recall(): Promise<void> {
    this.sync = await this.#syncs.get('sync');
    if (this.sync) this.clock.offsetMs = this.sync.offsetMs;
    await this.#remembered.recall(this.clock.now());
    if (this.addresses.wasm) this.call = await loadCredential(this.addresses.wasm).catch(() => undefined);
  }

  async pair(code: string): Promise<void> {
    await ask(this.addresses.pair, { body: { code } });
    await this.refresh();
  }

  /** Fetches what is needed without the centre and delivers what waits. Throws `NotPaired` when this device is not known. */
  async refresh(): Promise<void> {
    const askedAt = Date.now();
    try {
      const answer = await ask<Sync>(this.addresses.sync, { timeoutMs: 15_000 });
      this.clock.learn(answer.server_time ?? answer.knowledge.synced_at, askedAt, Date.now());
      this.sync = { ...answer, offsetMs: this.clock.offsetMs };
      this.online = true;
      await this.#syncs.put('sync', this.sync);
    } catch (cause) {
      this.online = false;
      if (!isUnpaired(cause)) throw cause;
      this.sync = undefined;
      await this.#syncs.delete('sync');
      throw new NotPaired();
    }
    await this.queue.deliver();
  }

  async decide(presentation: string): Promise<Verdict> {
    const id = crypto.randomUUID();
    try {
      const answer = await ask<DecisionAnswer>(this.addresses.decisions, { body: { id, presentation }, timeoutMs: ONLINE_PATIENCE_MS });
      this.online = true;
      return fromAnswer(answer, this.clock.now());
    } catch (cause) {
      if (isUnpaired(cause)) throw new NotPaired();
      if (!(cause instanceof Unreachable) && !(cause instanceof Problem && cause.status >= 500)) throw cause;
      this.online = false;
      return this.#decideHere(id, presentation);
    }
  }

  async #decideHere(id: string, presentation: string): Promise<Verdict> {
    const { sync } = this;
    if (!sync) throw new NotPaired();
    const call = (this.call ??= await loadCredential(this.addresses.wasm));
    const { knowledge } = sync;
    const answers = await checkSignatures(call('signatures', { presentation, knowledge }));
    const nowMs = this.clock.now();
    const decision = call('decide', { presentation, knowledge, now: new Date(nowMs).toISOString(), answers, seen: this.#remembered.keys(nowMs) });
    await this.#remembered.add(decision.remember);
    await this.queue.add(logEntry(id, decision, sync, nowMs));
    return fromOffline(decision, sync, this.language, nowMs);
  }
}

const isUnpaired = (cause: unknown): boolean => cause instanceof Problem && (cause.status === 401 || cause.status === 403);
