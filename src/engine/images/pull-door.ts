import type { Image, PullOptions } from './contract.ts';
import type { LocalImageStore } from './store.ts';

/**
 * Brings an image here as `wherry image pull` does: from its registry even when one of that name is here already.
 * @throws PullError
 */
export function pullImage(options: {
  readonly store: LocalImageStore;
  readonly reference: string;
  readonly credentials?: PullOptions['credentials'];
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}): Promise<Image> {
  const { store, reference, credentials, onProgress, signal } = options;
  return store.ensure(reference, {
    policy: 'Always',
    ...(credentials ? { credentials } : {}),
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  });
}
