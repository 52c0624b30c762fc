import type { Shelf } from '../src/lib/keep.ts';

/** A shelf that lasts as long as the test. */
export function memory<Value>(): Shelf<Value> {
  const kept = new Map<string, Value>();
  return {
    get: async (key) => kept.get(key), all: async () => [...kept.values()], put: async (key, value) => void kept.set(key, value),
    delete: async (...keys) => keys.forEach((key) => kept.delete(key)), clear: async () => kept.clear(),
  };
}
