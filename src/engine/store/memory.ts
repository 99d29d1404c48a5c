import type { Store, StoreOptions } from './contract.ts';
import { JournaledStore } from './journaled-store.ts';

/** A store that forgets everything with the process. */
export function memoryStore(options: StoreOptions = {}): Store {
  const journal = { append: async () => {}, close: async () => {} };
  return new JournaledStore(journal, { records: [], revision: 1, oldestRevision: 1 }, options);
}
