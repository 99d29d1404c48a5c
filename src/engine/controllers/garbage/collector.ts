import type { Running } from '../../client/index.ts';
import { type Kind, type KubeObject, kinds, type OwnerReference } from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import { controllerLoop } from '../controller.ts';
import { distinctKinds } from '../namespace.ts';
import { orMissing } from '../ownership.ts';
import { FOREGROUND, type GraphNode, ORPHAN, OwnerGraph } from './graph.ts';

type Standing = 'solid' | 'dangling' | 'waiting';

/**
 * Deletes what its owners left behind. An object goes when none of its owners is there any more; in the foreground an
 * owner waits for those of its dependents that block it; with `orphan` dependents are let go instead.
 */
export function startGarbageCollector(context: ControllerContext): Running {
  const { client, informers, settings } = context;
  const graph = new OwnerGraph();
  const recorder = context.recorder('garbage-collector-controller');

  const reconcile = async (uid: string): Promise<undefined> => {
    const node = graph.get(uid);
    if (node === undefined) return;
    const live = await orMissing(client.get<KubeObject>(node.kind, node.namespace, node.name));
    if (live === undefined || live.metadata.uid !== uid) return;
    const { deletionTimestamp, finalizers = [] } = live.metadata;
    if (deletionTimestamp !== undefined) {
      if (finalizers.includes(ORPHAN)) await orphanDependents(node, live);
      else if (finalizers.includes(FOREGROUND)) await finishForeground(node, live);
      return;
    }
    await judge(node, live);
  };

  /** Deletes the object, or takes away those references that hold nothing, by how its owners stand. */
  const judge = async (node: GraphNode, live: KubeObject): Promise<void> => {
    const owners = live.metadata.ownerReferences ?? [];
    if (owners.length === 0) return;
    const standings = await Promise.all(owners.map((owner) => standing(node, live, owner)));
    if (standings.every((each) => each === 'solid')) return;
    if (standings.includes('solid')) {
      const ownerReferences = owners.filter((_, index) => standings[index] === 'solid');
      await patch(node, live, { ownerReferences });
      return;
    }
    const { finalizers = [], uid, resourceVersion } = live.metadata;
    let propagationPolicy: 'Orphan' | 'Background' | 'Foreground' = 'Background';
    if (standings.includes('waiting') && graph.hasDependents(uid)) {
      await breakCircle(node, live);
      propagationPolicy = 'Foreground';
    } else if (finalizers.includes(ORPHAN)) propagationPolicy = 'Orphan';
    else if (finalizers.includes(FOREGROUND)) propagationPolicy = 'Foreground';
    const current = standings.includes('waiting') && graph.hasDependents(uid) ? {} : { resourceVersion };
    await orMissing(client.delete(node.kind, node.namespace, node.name, { propagationPolicy, uid, ...current }));
  };

  /** Two objects that block each other would wait for ever: the one that is reached second stops blocking. */
  const breakCircle = async (node: GraphNode, live: KubeObject): Promise<void> => {
    const circular = graph.dependents(node.uid).some((each) => each.deleting && each.finalizers.includes(FOREGROUND));
    if (!circular) return;
    const ownerReferences = (live.metadata.ownerReferences ?? []).map((owner) => ({
      ...owner,
      blockOwnerDeletion: false,
    }));
    await patch(node, live, { ownerReferences });
  };

  const standing = async (node: GraphNode, live: KubeObject, owner: OwnerReference): Promise<Standing> => {
    const kind = kindOf(owner);
    if (kind === undefined) throw new Error(`no kind ${owner.kind} in ${owner.apiVersion} is served`);
    if (kind.namespaced && node.namespace === undefined) {
      // What is in no namespace cannot belong to one in a namespace: never deleted for it.
      warnOfNamespace(live, owner);
      return 'solid';
    }
    const found = await orMissing(
      client.get<KubeObject>(kind, kind.namespaced ? node.namespace : undefined, owner.name),
    );
    if (found === undefined || found.metadata.uid !== owner.uid) return 'dangling';
    const { deletionTimestamp, finalizers = [] } = found.metadata;
    return deletionTimestamp !== undefined && finalizers.includes(FOREGROUND) ? 'waiting' : 'solid';
  };

  const warnOfNamespace = (live: KubeObject, owner: OwnerReference): void => {
    const { apiVersion, kind, name, uid } = owner;
    const text = `${apiVersion}/${kind}, namespace: ${live.metadata.namespace ?? ''}, name: ${name}, uid: ${uid}`;
    const message = `ownerRef [${text}] does not exist in namespace "${live.metadata.namespace ?? ''}"`;
    recorder.event(live, 'Warning', 'OwnerRefInvalidNamespace', message);
  };

  const finishForeground = async (node: GraphNode, live: KubeObject): Promise<void> => {
    const dependents = graph.dependents(node.uid);
    for (const dependent of dependents) if (!dependent.deleting) loop.add(dependent.uid);
    const blocked = dependents.some((dependent) =>
      dependent.owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion),
    );
    if (!blocked) await dropFinalizer(node, live, FOREGROUND);
  };

  const orphanDependents = async (node: GraphNode, live: KubeObject): Promise<void> => {
    for (const dependent of graph.dependents(node.uid)) {
      const object = await orMissing(client.get<KubeObject>(dependent.kind, dependent.namespace, dependent.name));
      if (object === undefined || object.metadata.uid !== dependent.uid) continue;
      const ownerReferences = (object.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== node.uid);
      if (ownerReferences.length !== object.metadata.ownerReferences?.length) {
        await patch(dependent, object, { ownerReferences });
      }
    }
    await dropFinalizer(node, live, ORPHAN);
  };

  const dropFinalizer = (node: GraphNode, live: KubeObject, name: string): Promise<void> =>
    patch(node, live, { finalizers: (live.metadata.finalizers ?? []).filter((finalizer) => finalizer !== name) });

  /** Fails with a conflict when the object is no longer the one that was read. */
  const patch = async (node: GraphNode, live: KubeObject, metadata: object): Promise<void> => {
    const { uid, resourceVersion } = live.metadata;
    const body = { metadata: { ...metadata, uid, resourceVersion } };
    await orMissing(client.patch(node.kind, node.namespace, node.name, { type: 'merge', body }));
  };

  let served: Map<string, Kind> | undefined;
  const kindsByName = (): Map<string, Kind> => {
    if (served === undefined) {
      served = new Map();
      for (const kind of settings.catalogueKinds()) served.set(`${kind.group}/${kind.kind}`, kind);
    }
    return served;
  };
  const kindOf = (named: { apiVersion: string; kind: string }): Kind | undefined => {
    const slash = named.apiVersion.indexOf('/');
    const group = slash === -1 ? '' : named.apiVersion.slice(0, slash);
    const key = `${group}/${named.kind}`;
    const known = kindsByName().get(key);
    if (known !== undefined) return known;
    served = undefined;
    return kindsByName().get(key);
  };

  const take = (kind: Kind, now: KubeObject | undefined, before: KubeObject | undefined): void => {
    if (now === undefined) {
      if (before === undefined) return;
      const { uid } = before.metadata;
      const gone = graph.remove(uid);
      for (const dependent of graph.dependents(uid)) loop.add(dependent.uid);
      for (const owner of gone?.owners ?? []) {
        if (graph.get(owner.uid)?.deleting) loop.add(owner.uid);
      }
      return;
    }
    const change = graph.put(kind, now);
    if (change.now === undefined) return;
    const held = change.now.deleting && change.now.finalizers.some((name) => name === FOREGROUND || name === ORPHAN);
    const ownersChanged = change.before === undefined || !sameOwners(change.before.owners, change.now.owners);
    if (held || (ownersChanged && !change.now.deleting)) loop.add(change.now.uid);
    for (const owner of change.before?.owners ?? []) {
      // One that no longer blocks its owner may have been the last.
      if (ownersChanged && graph.get(owner.uid)?.deleting) loop.add(owner.uid);
    }
  };

  const loop = controllerLoop(context, 'garbage-collector', [], reconcile, 20);
  const stops: (() => void)[] = [];
  const { watchAll } = settings;
  if (watchAll !== undefined) {
    stops.push(
      watchAll((now, before) => {
        const object = now ?? before;
        if (object === undefined || object.kind === 'Event') return;
        const kind = kindOf(object);
        if (kind !== undefined) take(kind, now, before);
      }),
    );
  } else {
    const followed = new Set<string>();
    const followAll = (): void => {
      for (const kind of distinctKinds(settings.catalogueKinds())) {
        const key = `${kind.group}/${kind.resource}`;
        if (followed.has(key) || kind.resource === 'events') continue;
        followed.add(key);
        stops.push(informers.of<KubeObject>(kind).onChange((now, before) => take(kind, now, before)));
      }
    };
    followAll();
    stops.push(informers.of(kinds.customresourcedefinitions).onChange(followAll));
  }
  return {
    async stop() {
      for (const stop of stops) stop();
      await loop.stop();
    },
  };
}

function sameOwners(a: readonly OwnerReference[], b: readonly OwnerReference[]): boolean {
  return (
    a.length === b.length &&
    a.every((owner, index) => {
      const other = b[index];
      return owner.uid === other?.uid && owner.blockOwnerDeletion === other?.blockOwnerDeletion;
    })
  );
}
