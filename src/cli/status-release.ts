import { systemClock, UserError } from '../base/index.ts';
import type { Release } from '../road/releases/index.ts';
import type { Place } from './place.ts';

export interface ReleaseStatus {
  readonly number: number;
  readonly verdict: string;
  readonly startedAt: string;
  readonly finishedAt: string | undefined;
  readonly by: string;
  readonly strategy: string;
  readonly image: string | undefined;
  readonly rollbackOf: number | undefined;
  readonly reason: string | undefined;
}

/** A release that is not finished. */
export interface RunningStatus extends ReleaseStatus {
  /** `step 3 of 7: …`; undefined when its plan tells nothing. */
  readonly step: string | undefined;
  /** `running`: somebody is at it; `held`: it waits for a promotion; `cut off`: nobody is. */
  readonly state: 'running' | 'held' | 'cut off';
}

/** What the ledger says of an app. */
export interface ReleaseStatuses {
  /** What serves by the ledger: the last good release. */
  readonly release: ReleaseStatus | undefined;
  /** The newest, when it came to another end. */
  readonly lastAttempt: ReleaseStatus | undefined;
  readonly running: RunningStatus | undefined;
}

/** `releases`: those of one app, oldest first. */
export async function releaseStatuses(place: Place, releases: readonly Release[]): Promise<ReleaseStatuses> {
  const good = releases.findLast(({ verdict }) => verdict === 'good');
  const running = releases.findLast(({ verdict }) => verdict === 'running');
  const last = releases.findLast(({ verdict }) => verdict !== 'running');
  return {
    release: good && releaseStatus(good),
    lastAttempt: last && last !== good ? releaseStatus(last) : undefined,
    running: running && (await runningStatus(place, running)),
  };
}

function releaseStatus(release: Release): ReleaseStatus {
  const { number, verdict, startedAt, finishedAt, by, strategy, image, rollbackOf, reason } = release;
  return { number, verdict, startedAt, finishedAt, by, strategy, image, rollbackOf, reason };
}

async function runningStatus({ client, namespace }: Place, release: Release): Promise<RunningStatus> {
  const [{ isHeld, lookAtLease }, { currentStep }] = await Promise.all([
    import('../road/deploy/index.ts'),
    import('../road/releases/index.ts'),
  ]);
  const held = (): boolean => {
    try {
      return isHeld(release);
    } catch (error) {
      // A plan that another version of wherry wrote tells nothing here; the rest still does.
      if (error instanceof UserError) return false;
      throw error;
    }
  };
  const lease = await lookAtLease(client, release.app, namespace, systemClock);
  const state = held() ? 'held' : lease?.isHeld ? 'running' : 'cut off';
  return { ...releaseStatus(release), step: currentStep(release), state };
}
