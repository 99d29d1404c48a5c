import { systemClock } from '../base/index.ts';
import type { Ledger } from '../road/releases/index.ts';
import { findPlace, type PlaceOptions } from './place.ts';
import type { ReleasePlace } from './release-ground.ts';
import { releaseWords, whichApp } from './release-words.ts';

/** An app's releases, and the one that was named. */
export interface NamedRelease {
  readonly place: ReleasePlace;
  readonly ledger: Ledger;
  readonly number: number | undefined;
}

/**
 * Finds the app that words and options mean, and calls `work` with its releases. What the cluster refuses for a passing
 * cause is asked again; `signal` ends that.
 */
export async function withRelease(
  words: readonly string[],
  options: PlaceOptions,
  signal: AbortSignal,
  work: (found: NamedRelease) => Promise<void>,
): Promise<void> {
  const { app: named, numbers } = releaseWords(words, 1);
  const { client: http, namespace, context } = await findPlace(options);
  try {
    const [{ openLedger, releasesIn }, { patientClient }] = await Promise.all([
      import('../road/releases/index.ts'),
      import('../road/deploy/index.ts'),
    ]);
    const client = patientClient(http, systemClock, signal);
    const app = whichApp(await releasesIn(client, namespace), named, namespace);
    const ledger = openLedger(client, app, namespace);
    await work({ place: { client, app, namespace, context }, ledger, number: numbers[0] });
  } finally {
    http.close();
  }
}
