/** What the browser keeps between visits: one IndexedDB with a few named stores. */
export interface Shelf<Value> {
  get(key: string): Promise<Value | undefined>;
  all(): Promise<Value[]>;
  put(key: string, value: Value): Promise<void>;
  delete(...keys: string[]): Promise<void>;
  clear(): Promise<void>;
}

const STORES = ['phone', 'cards', 'verifier', 'undelivered', 'recent', 'outbox'] as const;
export type StoreName = (typeof STORES)[number];

let opened: Promise<IDBDatabase> | undefined;

export function shelf<Value>(store: StoreName): Shelf<Value> {
  return {
    get: (key) => run(store, 'readonly', (open) => open.get(key)) as Promise<Value | undefined>,
    all: () => run(store, 'readonly', (open) => open.getAll()) as Promise<Value[]>,
    put: async (key, value) => { await run(store, 'readwrite', (open) => open.put(value, key)); },
    delete: async (...keys) => { await run(store, 'readwrite', (open) => keys.map((key) => open.delete(key)).at(-1)); },
    clear: async () => { await run(store, 'readwrite', (open) => open.clear()); },
  };
}

async function run(name: StoreName, mode: IDBTransactionMode, act: (open: IDBObjectStore) => IDBRequest | undefined): Promise<unknown> {
  const base = await (opened ??= open());
  return new Promise((resolve, reject) => {
    const transaction = base.transaction(name, mode, { durability: 'strict' });
    const request = act(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('tegata', 2);
    request.onupgradeneeded = () => STORES.filter((name) => !request.result.objectStoreNames.contains(name)).forEach((name) => request.result.createObjectStore(name));
    request.onsuccess = () => {
      request.result.onversionchange = () => { request.result.close(); opened = undefined; };
      resolve(request.result);
    };
    request.onerror = () => { opened = undefined; reject(request.error); };
  });
}
