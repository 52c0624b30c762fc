import type { Shelf } from '../lib/keep.ts';

/** A decision taken here, until the centre has it. `id` makes a second delivery harmless. */
export interface Undelivered { id: string }

export interface Receipt { accepted?: string[] }

/** Decisions waiting for the centre. Nothing leaves the shelf before the centre has said it has it. */
export class DeliveryQueue<Entry extends Undelivered> {
  #delivering: Promise<number> | undefined;

  constructor(private readonly shelf: Shelf<Entry>, private readonly post: (entries: Entry[]) => Promise<Receipt>, private readonly batch = 100) {}

  add(entry: Entry): Promise<void> {
    return this.shelf.put(entry.id, entry);
  }

  /** The centre has this decision already (it answered after we had stopped waiting, say). */
  settle(id: string): Promise<void> {
    return this.shelf.delete(id);
  }

  async count(): Promise<number> {
    return (await this.shelf.all()).length;
  }

  /** Delivers all that waits, batch by batch, and gives how many the centre took. Two calls at once are one delivery. */
  deliver(): Promise<number> {
    return (this.#delivering ??= this.#deliverAll().finally(() => { this.#delivering = undefined; }));
  }

  async #deliverAll(): Promise<number> {
    let delivered = 0;
    for (;;) {
      const entries = (await this.shelf.all()).slice(0, this.batch);
      if (!entries.length) return delivered;
      const sent = new Set(entries.map((entry) => entry.id));
      const { accepted = [...sent] } = (await this.post(entries)) ?? {};
      const taken = accepted.filter((id) => sent.has(id));
      if (!taken.length) return delivered;
      await this.shelf.delete(...taken);
      delivered += taken.length;
    }
  }
}
