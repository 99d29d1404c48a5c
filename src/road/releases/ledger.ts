import { type Clock, systemClock, UserError } from '../../base/index.ts';
import type { Client } from '../../engine/client/index.ts';
import { kinds, type Secret, StatusError } from '../../engine/kinds/index.ts';
import { configurationHash } from './configuration-hash.ts';
import type { Ledger, Release, ReleaseChange } from './contract.ts';
import { putAway, sweepParts, takeBack } from './parts.ts';
import { APP_LABEL, fromRecord, NUMBER_LABEL, RELEASE_TYPE, recordName, toRecord } from './record.ts';

const KEEP = 20;
const GOOD_KEPT = 2;
/** How often a number or a write may be lost to somebody else. */
const TRIES_MAX = 20;

/** The releases of one app, kept in the namespace it runs in. See `Ledger`. */
export function openLedger(client: Client, app: string, namespace: string, clock: Clock = systemClock): Ledger {
  const timeNow = (): string => new Date(clock.now()).toISOString();
  const list = async (): Promise<Release[]> => await releasesIn(client, namespace, app);
  const whole = async (release: Release): Promise<Release> => ({
    ...release,
    objects: await takeBack(client, app, namespace, release.objects),
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
  const change = async (number: number, next: (release: Release) => Release): Promise<Release> => {
    for (let attempt = 1; ; attempt++) {
      const secret = await read(number);
      const before = fromRecord(secret);
      if (secret.immutable || before.verdict !== 'running') {
        throw new UserError(`release v${number} of ${app}`, `is finished (${before.verdict}) and never changes`);
      }
      const after = next(before);
      try {
        const { metadata, ...record } = toRecord(after);
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
      const objects = await putAway(client, app, namespace, draft.objects);
      const running: Omit<Release, 'number'> = {
        ...draft,
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
          await client.create<Secret>(kinds.secrets, toRecord({ ...running, number }));
          return { ...running, number, objects: draft.objects };
        } catch (error) {
          if (!isStatus(error, 'AlreadyExists') || attempt >= TRIES_MAX) throw error;
        }
      }
    },
    progress: async (number, stepsDone, more: ReleaseChange = {}) =>
      await change(number, (release) => ({ ...release, ...more, stepsDone })),
    finish: async (number, verdict, more: ReleaseChange = {}) =>
      await change(number, (release) => ({ ...release, ...more, verdict, finishedAt: timeNow() })),
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
      await sweepParts(
        client,
        app,
        namespace,
        kept.flatMap(({ objects }) => objects),
      );
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
