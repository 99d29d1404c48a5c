import { messageOf } from '../../base/index.ts';
import type { Running } from '../client/index.ts';
import {
  type Kind,
  type KubeObject,
  kinds,
  type Namespace,
  type NamespaceCondition,
  StatusError,
} from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';
import { controllerLoop } from './controller.ts';
import { semanticEqual } from './equality.ts';
import { timestampNow } from './timestamps.ts';

const FINALIZER = 'kubernetes';
const FIRST_LOOK_MS = 50;
const LONGEST_LOOK_MS = 5_000;
const DELETES_AT_ONCE = 32;

/** What is left of one kind. */
interface Remainder {
  readonly kind: Kind;
  readonly count: number;
  readonly finalizers: readonly string[];
}

/**
 * Empties a namespace that is being deleted, pods first and then everything else, and gives up its finalizer once nothing
 * is left. What has finalizers of its own goes in its own time.
 */
export function startNamespaces(context: ControllerContext): Running {
  const { client, clock, informers, settings } = context;
  const namespaces = informers.of(kinds.namespaces);
  const pods = informers.of(kinds.pods);
  const looks = new Map<string, number>();

  const reconcile = async (name: string): Promise<number | undefined> => {
    const namespace = namespaces.get(undefined, name);
    if (namespace?.metadata.deletionTimestamp === undefined || !namespace.spec.finalizers?.includes(FINALIZER)) {
      looks.delete(name);
      return undefined;
    }
    const served = distinctKinds(settings.catalogueKinds()).filter((kind) => kind.namespaced);
    const failures: string[] = [];
    const remaining = await empty(name, [kinds.pods], failures);
    // Other objects may be what the pods still need to end well: they go when the pods are gone.
    if (remaining.length === 0 && failures.length === 0) {
      const others = served.filter((kind) => kind.resource !== 'pods' || kind.group !== '');
      remaining.push(...(await empty(name, others, failures)));
    }
    const done = remaining.length === 0 && failures.length === 0;
    const noted = await writeConditions(namespace, remaining, failures);
    if (done) {
      looks.delete(name);
      await finalize(noted);
      return undefined;
    }
    const nextMs = looks.get(name) ?? FIRST_LOOK_MS;
    looks.set(name, Math.min(nextMs * 2, LONGEST_LOOK_MS));
    return nextMs;
  };

  /** Asks for the deletion of everything of these kinds; answers what is still there. */
  const empty = async (namespace: string, which: readonly Kind[], failures: string[]): Promise<Remainder[]> => {
    const remainders: Remainder[] = [];
    const queue = [...which];
    const worker = async (): Promise<void> => {
      for (let kind = queue.shift(); kind !== undefined; kind = queue.shift()) {
        try {
          const remainder = await emptyKind(namespace, kind);
          if (remainder !== undefined) remainders.push(remainder);
        } catch (error) {
          // A kind that stopped being served has nothing left to delete.
          const unserved = error instanceof StatusError && (error.code === 404 || error.code === 405);
          if (!unserved) failures.push(messageOf(error));
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    return remainders.sort((a, b) => (qualifiedName(a.kind) < qualifiedName(b.kind) ? -1 : 1));
  };

  const emptyKind = async (namespace: string, kind: Kind): Promise<Remainder | undefined> => {
    const { items } = await client.list<KubeObject>(kind, { namespace });
    if (items.length === 0) return undefined;
    const fresh = items.filter((item) => item.metadata.deletionTimestamp === undefined);
    const worker = async (): Promise<void> => {
      for (let item = fresh.pop(); item !== undefined; item = fresh.pop()) {
        const options = { propagationPolicy: 'Background', uid: item.metadata.uid } as const;
        await client.delete(kind, namespace, item.metadata.name, options).catch((error: unknown) => {
          if (!(error instanceof StatusError && (error.code === 404 || error.code === 409))) throw error;
        });
      }
    };
    await Promise.all(Array.from({ length: Math.min(DELETES_AT_ONCE, fresh.length) }, worker));
    const left = await client.list<KubeObject>(kind, { namespace });
    if (left.items.length === 0) return undefined;
    const finalizers = left.items.flatMap((item) => item.metadata.finalizers ?? []);
    return { kind, count: left.items.length, finalizers };
  };

  const writeConditions = async (
    namespace: Namespace,
    remaining: readonly Remainder[],
    failures: readonly string[],
  ): Promise<Namespace> => {
    const conditions = deletionConditions(namespace, remaining, failures, timestampNow(clock));
    const status = { ...namespace.status, phase: 'Terminating', conditions };
    if (semanticEqual(status, namespace.status)) return namespace;
    return client.updateStatus<Namespace>(kinds.namespaces, { ...namespace, status });
  };

  const finalize = async (namespace: Namespace): Promise<void> => {
    const finalizers = (namespace.spec.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
    try {
      const emptied = { ...namespace, spec: { ...namespace.spec, finalizers } };
      await client.update<Namespace>(kinds.namespaces, emptied, { subresource: 'finalize' });
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 404)) throw error;
    }
  };

  const loop = controllerLoop(context, 'namespace', [namespaces, pods], reconcile);
  namespaces.onChange((now, before) => {
    if (now?.metadata.deletionTimestamp === undefined) return;
    if (before?.metadata.deletionTimestamp === undefined || now.spec !== before.spec) loop.add(now.metadata.name);
  });
  pods.onChange((now, before) => {
    if (now !== undefined || before === undefined) return;
    const name = before.metadata.namespace ?? '';
    if (looks.has(name) && pods.list(name).length === 0) loop.add(name);
  });
  return loop;
}

/** One version of each kind is enough to reach its objects; events are deleted once. */
export function distinctKinds(all: readonly Kind[]): Kind[] {
  const seen = new Set<string>();
  return all.filter((kind) => {
    const key = `${kind.group}/${kind.resource}`;
    if (seen.has(key) || (kind.group === 'events.k8s.io' && kind.resource === 'events')) return false;
    seen.add(key);
    return true;
  });
}

function qualifiedName(kind: Kind): string {
  return `${kind.resource}.${kind.group}`;
}

/** Upstream's five conditions of a namespace being deleted. */
function deletionConditions(
  namespace: Namespace,
  remaining: readonly Remainder[],
  failures: readonly string[],
  now: string,
): NamespaceCondition[] {
  const counts = remaining.map(({ kind, count }) => `${qualifiedName(kind)} has ${count} resource instances`);
  const finalizers = new Map<string, number>();
  for (const name of remaining.flatMap((entry) => entry.finalizers)) {
    finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  }
  const held = [...finalizers].sort().map(([name, count]) => `${name} in ${count} resource instances`);
  const wanted: Omit<NamespaceCondition, 'lastTransitionTime'>[] = [
    condition('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    failures.length > 0
      ? condition(
          'NamespaceDeletionContentFailure',
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${failures.length} remaining: ${[...failures].sort().join(', ')}`,
          'True',
        )
      : condition(
          'NamespaceDeletionContentFailure',
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        ),
    counts.length > 0
      ? condition(
          'NamespaceContentRemaining',
          'SomeResourcesRemain',
          `Some resources are remaining: ${counts.join(', ')}`,
          'True',
        )
      : condition('NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'),
    held.length > 0
      ? condition(
          'NamespaceFinalizersRemaining',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${held.join(', ')}`,
          'True',
        )
      : condition(
          'NamespaceFinalizersRemaining',
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        ),
  ];
  const before = namespace.status.conditions ?? [];
  const others = before.filter((entry) => !wanted.some(({ type }) => type === entry.type));
  return [
    ...others,
    ...wanted.map((entry) => {
      const old = before.find(({ type }) => type === entry.type);
      const lastTransitionTime = old?.status === entry.status ? (old.lastTransitionTime ?? now) : now;
      return { ...entry, lastTransitionTime };
    }),
  ];
}

function condition(
  type: string,
  reason: string,
  message: string,
  status: 'True' | 'False' = 'False',
): Omit<NamespaceCondition, 'lastTransitionTime'> {
  return { type, status, reason, message };
}
