import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { type Clock, UserError } from '../../base/index.ts';
import { type Draft, kinds, type Lease, StatusError } from '../../engine/kinds/index.ts';
import type { RoadClient } from './contract.ts';
import { follow } from './follow.ts';
import { isPassing } from './patient.ts';
import { ago } from './times.ts';

// Invariants: at most one holder of `wherry-APP` writes the app's objects and its newest release. Whoever holds it renews
// it; whoever finds it unrenewed past its time, or its holder dead, may take it. Clocks of machines differ, so only the
// finder's own clock counts. Taking it carries the version that was seen, renewing it the holder that is expected.

const EXPIRY_SECONDS = 30;
const RENEW_MS = 10_000;
const DOING = 'wherry/doing';
const REQUEST = 'wherry/request';
const PROCESS = 'wherry/process';
const TRIES_MAX = 5;
const WATCH_EVERY_MS = 2_000;
/** What a JSON patch is answered whose test fails. */
const TEST_FAILED = 422;

/** What somebody else asks of the one who holds the lease. */
export type LeaseRequest = 'promote' | 'abort';

export interface LeaseOptions {
  readonly client: RoadClient;
  readonly app: string;
  readonly namespace: string;
  readonly clock: Clock;
  /** What the holder is about, for others: `deploying users`. */
  readonly doing: string;
  readonly onProgress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface HeldLease {
  /** Aborts, with the reason, when somebody else holds it or it could not be renewed in time. */
  readonly lost: AbortSignal;
  /** Calls the handler for what others ask, or have asked and nothing cleared; answers the way to end that. */
  onRequest(handler: (request: LeaseRequest) => void): () => void;
  /**
   * Tells others what is going on. A promotion that was asked for is forgotten, unless `mayPromote`: then it is what comes
   * next that they ask for. An abort is never forgotten. Rejects when the lease is lost.
   */
  tell(doing: string, mayPromote?: boolean): Promise<void>;
  /** Gives it up. `keep` leaves the trace of when and where an unfinished release was left. */
  release(keep?: boolean): Promise<void>;
}

/** How the last holder left a lease, for whoever finds a release unfinished. */
export interface LeaseTrace {
  readonly holder: string | undefined;
  readonly renewedAtMs: number | undefined;
  readonly doing: string | undefined;
  /** The holder lives, as far as can be told without waiting. */
  readonly isHeld: boolean;
}

const nameOfLease = (app: string): string => `wherry-${app}`;

/** `name@host/pid` of this process. */
export function ownIdentity(): string {
  return `${ownName()}/${process.pid}`;
}

/** `name@host`. */
export function ownName(): string {
  return `${userName()}@${hostname()}`;
}

/**
 * Takes the app's lease and renews it until it is released. A holder that is dead loses it at once; one that lives
 * elsewhere when it was watched for 30 s and did not renew it, since clocks of machines differ.
 * @throws UserError naming the holder, since when and what he does.
 */
export async function takeLease(options: LeaseOptions): Promise<HeldLease> {
  const { client, app, namespace, clock } = options;
  const name = nameOfLease(app);
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    const live = await readLease(client, app, namespace);
    try {
      if (!live) return hold(await createIn(options, drafted(options, name)), options);
      const holder = live.spec.holderIdentity;
      if (holder && !(await isAbandoned(live, options))) throw heldBy(app, live, clock);
      const { resourceVersion = '', uid } = live.metadata;
      const draft = drafted(options, name);
      const transitions = (live.spec.leaseTransitions ?? 0) + 1;
      const next = {
        ...draft,
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { ...draft.metadata, resourceVersion, uid },
        spec: { ...draft.spec, leaseTransitions: transitions },
      };
      return hold(await client.update(kinds.leases, next as unknown as Lease), options);
    } catch (error) {
      // Somebody was faster: look again who.
      if (!(error instanceof StatusError) || (error.code !== 409 && error.code !== 404)) throw error;
    }
  }
  throw new UserError(nameOfLease(app), 'changes hands too often to be had', 'Run it again.');
}

/** What the lease tells without taking it; undefined when there is none. */
export async function lookAtLease(
  client: RoadClient,
  app: string,
  namespace: string,
  clock: Clock,
): Promise<LeaseTrace | undefined> {
  const lease = await readLease(client, app, namespace);
  if (!lease) return undefined;
  const renewedAtMs = renewedAt(lease);
  const holder = lease.spec.holderIdentity || undefined;
  const isFresh = renewedAtMs !== undefined && Math.abs(clock.now() - renewedAtMs) < EXPIRY_SECONDS * 1000;
  return {
    holder,
    renewedAtMs,
    doing: lease.metadata.annotations?.[DOING],
    isHeld: holder !== undefined && isFresh && !isDeadHere(lease),
  };
}

/** Asks the holder to go on, or back. The lease stays his. */
export async function askHolder(
  client: RoadClient,
  app: string,
  namespace: string,
  request: LeaseRequest,
): Promise<void> {
  const body = { metadata: { annotations: { [REQUEST]: request } } };
  await client.patch(kinds.leases, namespace, nameOfLease(app), { type: 'merge', body });
}

function hold(taken: Lease, options: LeaseOptions): HeldLease {
  const { client, app, namespace, clock } = options;
  const name = nameOfLease(app);
  const losing = new AbortController();
  const ended = new AbortController();
  const handlers = new Set<(request: LeaseRequest) => void>();
  let asked: string | undefined;
  const mine = ownIdentity();
  const lose = (fault: string): void =>
    losing.abort(
      new UserError(name, fault, 'See how far it got: wherry releases. Then wherry resume, or wherry abort.'),
    );
  const patch = async (values: Readonly<Record<string, string>>): Promise<void> => {
    const started = clock.monotonic();
    // The test makes it fail for whoever lost the lease meanwhile: asleep, or cut off from the cluster.
    const body = [
      { op: 'test', path: '/metadata/uid', value: taken.metadata.uid },
      { op: 'test', path: '/spec/holderIdentity', value: mine },
      { op: 'test', path: '/spec/acquireTime', value: taken.spec.acquireTime },
      { op: 'add', path: '/spec/renewTime', value: microTime(clock) },
      ...Object.entries(values).map(([path, value]) => ({ op: 'add', path, value })),
    ];
    try {
      await client.patch(kinds.leases, namespace, name, { type: 'json', body });
    } catch (error) {
      if (error instanceof StatusError && [404, 409, TEST_FAILED].includes(error.code)) lose('is no longer held by us');
      throw error;
    }
    expiry.cancel();
    expiry = expireIn(EXPIRY_SECONDS * 1000 - (clock.monotonic() - started));
  };
  // On its own, since a renewal may hang; others count from when the last good one was sent.
  const expireIn = (delayMs: number) => clock.after(delayMs, () => lose('could not be renewed for 30 s'));
  let expiry = expireIn(EXPIRY_SECONDS * 1000);
  let timer = clock.after(RENEW_MS, function again() {
    void patch({})
      .catch(() => {})
      .finally(() => {
        if (!ended.signal.aborted) timer = clock.after(RENEW_MS, again);
      });
  });
  const hand = (request: string | undefined, to: Iterable<(request: LeaseRequest) => void>): void => {
    if (request === 'promote' || request === 'abort') for (const handler of to) handler(request);
  };
  const following = follow(
    client,
    kinds.leases,
    { namespace, fieldSelector: `metadata.name=${name}` },
    {
      signal: ended.signal,
      clock,
      onChange([lease]) {
        if (ended.signal.aborted || !lease || lease.metadata.uid !== taken.metadata.uid) return;
        if (lease.spec.holderIdentity !== mine) lose(`was taken over by ${lease.spec.holderIdentity ?? 'somebody'}`);
        const request = lease.metadata.annotations?.[REQUEST];
        if (request === asked) return;
        asked = request;
        hand(request, handlers);
      },
    },
  );
  // Without the watch the lease is still renewed; only requests of others are not heard until it is back.
  following.catch(() => {});
  return {
    lost: losing.signal,
    onRequest(handler) {
      handlers.add(handler);
      hand(asked, [handler]);
      return () => void handlers.delete(handler);
    },
    async tell(doing, mayPromote = false) {
      const isStale = asked === 'promote' && !mayPromote;
      if (isStale) asked = undefined;
      try {
        await patch({ [pathOf(DOING)]: doing, ...(isStale ? { [pathOf(REQUEST)]: '' } : {}) });
      } catch (error) {
        losing.signal.throwIfAborted();
        // What others read is not worth a release; whether it is still held, its renewals tell.
        if (!(error instanceof StatusError) || !isPassing(error)) throw error;
      }
    },
    async release(keep = false) {
      ended.abort();
      timer.cancel();
      if (losing.signal.aborted) return;
      try {
        await patch(keep ? { '/spec/holderIdentity': '' } : {});
        if (!keep) await client.delete(kinds.leases, namespace, name, { uid: taken.metadata.uid });
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
      } finally {
        expiry.cancel();
      }
    },
  };
}

function drafted({ app, namespace, clock, doing }: LeaseOptions, name: string) {
  const now = microTime(clock);
  return {
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/instance': app, 'app.kubernetes.io/managed-by': 'wherry' },
      annotations: { [DOING]: doing, [PROCESS]: ownProcess() },
    },
    spec: {
      holderIdentity: ownIdentity(),
      leaseDurationSeconds: EXPIRY_SECONDS,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: 0,
    },
  } satisfies Draft<Lease>;
}

/** The first thing that a release writes; it may need its namespace first. */
async function createIn({ client, namespace }: LeaseOptions, draft: ReturnType<typeof drafted>): Promise<Lease> {
  try {
    return await client.create(kinds.leases, draft);
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 404) throw error;
  }
  await client.create(kinds.namespaces, { metadata: { name: namespace } });
  return await client.create(kinds.leases, draft);
}

async function readLease(client: RoadClient, app: string, namespace: string): Promise<Lease | undefined> {
  try {
    return await client.get<Lease>(kinds.leases, namespace, nameOfLease(app));
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  }
}

async function isAbandoned(lease: Lease, options: LeaseOptions): Promise<boolean> {
  const { clock, client, app, namespace } = options;
  if (isDeadHere(lease)) return true;
  if (Math.abs(clock.now() - (renewedAt(lease) ?? 0)) < EXPIRY_SECONDS * 1000) return false;
  options.onProgress?.(
    `${lease.spec.holderIdentity} has not been heard of for a while; waiting up to ${EXPIRY_SECONDS} s whether he is`,
  );
  const limitMs = clock.monotonic() + EXPIRY_SECONDS * 1000;
  while (clock.monotonic() < limitMs) {
    await clock.sleep(WATCH_EVERY_MS, options.signal);
    const later = await readLease(client, app, namespace);
    if (!later?.spec.holderIdentity) return true;
    if (later.spec.renewTime !== lease.spec.renewTime) return false;
  }
  return true;
}

function heldBy(app: string, lease: Lease, clock: Clock): UserError {
  const { holderIdentity = 'somebody', acquireTime } = lease.spec;
  const since = acquireTime ? `, since ${ago(clock.now() - Date.parse(acquireTime))}` : '';
  const doing = lease.metadata.annotations?.[DOING] ?? 'deploying it';
  return new UserError(
    app,
    `${holderIdentity} is ${doing}${since}`,
    'Wait until it has ended (wherry releases shows it), or stop it there: wherry abort.',
  );
}

/** A holder on this very machine whose process is no more; a number given to another process since does not count. */
function isDeadHere(lease: Lease): boolean {
  const [machine, pid = '', started] = (lease.metadata.annotations?.[PROCESS] ?? '').split(' ');
  if (!machine || machine !== ownMachine() || !/^\d+$/.test(pid)) return false;
  return startOf(Number(pid)) !== started;
}

function ownProcess(): string {
  return `${ownMachine()} ${process.pid} ${startOf(process.pid) ?? ''}`;
}

/** Process numbers mean something within one boot and one process namespace only. */
function ownMachine(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')}`;
  } catch {
    return '';
  }
}

/** Start of a process in clock ticks since boot (proc(5), stat field 22); undefined when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Path of an annotation in a JSON patch (RFC 6901). */
function pathOf(annotation: string): string {
  return `/metadata/annotations/${annotation.replace('/', '~1')}`;
}

function renewedAt(lease: Lease): number | undefined {
  const time = Date.parse(lease.spec.renewTime ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/** RFC 3339 with six digits, as MicroTime wants it. */
function microTime(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace(/\.(\d{3})Z$/, '.$1000Z');
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A process whose user has no name in this container.
    return String(process.getuid?.() ?? 'somebody');
  }
}
