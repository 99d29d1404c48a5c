import { type Clock, systemClock, UserError } from '../../base/index.ts';
import type { Client } from '../../engine/client/index.ts';
import { kinds, type Secret, StatusError } from '../../engine/kinds/index.ts';
import type { Manifest } from '../manifests/index.ts';
import { configurationHash } from './configuration-hash.ts';
import type { Ledger, Release, ReleaseChange } from './contract.ts';
import { putAway, sweepParts, takeBack, withBefore } from './parts.ts';
import { APP_LABEL, fromRecord, NUMBER_LABEL, RELEASE_TYPE, recordName, toRecord } from './record.ts';

const KEEP = 20;
const GOOD_KEPT = 2;
/** How often a number or a write may be lost to somebody else. */
const TRIES_MAX = 20;
const REASON_LENGTH_MAX = 32 * 1024;

/** The releases of one app, kept in the namespace it runs in. See `Ledger`. */
export function openLedger(client: Client, app: string, namespace: string, clock: Clock = systemClock): Ledger {
  const timeNow = (): string => new Date(clock.now()).toISOString();
  const list = async (): Promise<Release[]> => await releasesIn(client, namespace, app);
  const apart = async (objects: readonly Manifest[]) => await putAway(client, app, namespace, objects);
  const together = async (objects: readonly Manifest[]) => await takeBack(client, app, namespace, objects);
  const whole = async (release: Release): Promise<Release> => ({
    ...release,
    objects: await together(release.objects),
    // Only one that goes on needs what it would bring back.
    plan: release.verdict === 'running' ? await withBefore(release.plan, together) : release.plan,
  });
  const read = async (number: number): Promise<Secret> => {
    try {
      return await client.get<Secret>(kinds.secrets, namespace, recordName(app, number));
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
      const numbers = (await list()).map((release) => `v${release.number}`);
      throw new UserError(
        `app ${app}`,
        `has no release v${number} in namespace ${namespace}`,
        numbers.length > 0 ? `There are: ${numbers.join(', ')}` : 'It has none at all. See what runs: wherry status',
        { cause: error },
      );
    }
  };
  /** Reads, changes and writes until nobody came between. */
  const change = async (number: number, more: ReleaseChange, next: (release: Release) => Release): Promise<Release> => {
    const kept = 'plan' in more ? { ...more, plan: await withBefore(more.plan, apart) } : more;
    for (let attempt = 1; ; attempt++) {
      const secret = await read(number);
      const before = fromRecord(secret);
      // A write that was done and whose answer was lost.
      if (attempt > 1 && next({ ...before, verdict: 'running' }).verdict === before.verdict && secret.immutable) {
        return before;
      }
      if (secret.immutable || before.verdict !== 'running') {
        throw new UserError(`release v${number} of ${app}`, `is finished (${before.verdict}) and never changes`);
      }
      const after = { ...next(before), ...kept };
      try {
        const { metadata, ...record } = toRecord(after, true);
        const labels = { ...secret.metadata.labels, ...metadata.labels };
        await client.update<Secret>(kinds.secrets, { ...secret, ...record, metadata: { ...secret.metadata, labels } });
        return after;
      } catch (error) {
        if (!isStatus(error, 'Conflict') || attempt >= TRIES_MAX) throw error;
      }
    }
  };

  return {
    list,
    get: async (number) => await whole(fromRecord(await read(number))),
    async begin(draft) {
      await ensureNamespace(client, namespace);
      const objects = await apart(draft.objects);
      const running: Omit<Release, 'number'> = {
        ...draft,
        plan: await withBefore(draft.plan, apart),
        app,
        namespace,
        objects,
        startedAt: timeNow(),
        finishedAt: undefined,
        configurationHash: configurationHash(draft.objects),
        proof: undefined,
        verdict: 'running',
        reason: undefined,
        stepsDone: 0,
      };
      let number = ((await list()).at(-1)?.number ?? 0) + 1;
      for (let attempt = 1; ; attempt++, number++) {
        try {
          await client.create<Secret>(kinds.secrets, toRecord({ ...running, number }, false));
          return { ...running, number, objects: draft.objects, plan: draft.plan };
        } catch (error) {
          if (!isStatus(error, 'AlreadyExists') || attempt >= TRIES_MAX) throw error;
        }
      }
    },
    progress: async (number, stepsDone, more: ReleaseChange = {}) =>
      await change(number, more, (release) => ({ ...release, stepsDone })),
    finish: async (number, verdict, more: ReleaseChange = {}) =>
      await change(number, briefly(more), (release) => ({ ...release, verdict, finishedAt: timeNow() })),
    async interrupted() {
      const running = (await list()).findLast(({ verdict }) => verdict === 'running');
      return running && (await whole(running));
    },
    async lastGood() {
      const good = (await list()).findLast(({ verdict }) => verdict === 'good');
      return good && (await whole(good));
    },
    async prune(keep = KEEP) {
      const all = await list();
      const good = all.filter(({ verdict }) => verdict === 'good').slice(-GOOD_KEPT);
      const kept = all.filter(
        (release, index) => index >= all.length - keep || good.includes(release) || release.verdict === 'running',
      );
      const gone = all.filter((release) => !kept.includes(release));
      for (const { number } of gone) await client.delete(kinds.secrets, namespace, recordName(app, number));
      await sweepParts(client, app, namespace, kept);
      return gone.map(({ number }) => number);
    },
  };
}

/** The releases of one app of a namespace, or of all its apps, by app and number. */
export async function releasesIn(client: Client, namespace: string, app?: string): Promise<Release[]> {
  const { items } = await client.list<Secret>(kinds.secrets, {
    namespace,
    labelSelector: app === undefined ? NUMBER_LABEL : `${APP_LABEL}=${app},${NUMBER_LABEL}`,
  });
  return items
    .filter(({ type }) => type === RELEASE_TYPE)
    .map(fromRecord)
    .sort((a, b) => (a.app === b.app ? a.number - b.number : a.app < b.app ? -1 : 1));
}

/** With as much of the reason as there is surely room for. */
function briefly(more: ReleaseChange): ReleaseChange {
  const { reason } = more;
  if (reason === undefined || reason.length <= REASON_LENGTH_MAX) return more;
  return { ...more, reason: `${reason.slice(0, REASON_LENGTH_MAX)}…` };
}

/** The record stands before the first object is applied, so it may need the namespace first. */
async function ensureNamespace(client: Client, namespace: string): Promise<void> {
  try {
    await client.get(kinds.namespaces, undefined, namespace);
  } catch (error) {
    // Who may deploy into a namespace may not be let read namespaces; then it is there, or the next write tells.
    if (!isStatus(error, 'NotFound')) return;
    try {
      await client.create(kinds.namespaces, { metadata: { name: namespace } });
    } catch (refusal) {
      if (!isStatus(refusal, 'AlreadyExists')) throw refusal;
    }
  }
}

function isStatus(error: unknown, reason: string): error is StatusError {
  return error instanceof StatusError && error.reason === reason;
}
