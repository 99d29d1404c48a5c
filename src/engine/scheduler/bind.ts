import type { Client, Informer, LoopContext } from '../client/index.ts';
import { kinds, type PersistentVolumeClaim, type Pod } from '../kinds/index.ts';
import type { NodeState } from './cluster-state.ts';
import type { Views } from './filter.ts';
import { claimNames, findVolume, isBound, SELECTED_NODE } from './filters/volumes.ts';

const BIND_TIMEOUT_MS = 600_000;

/** Gives the pod its node: first its volumes, where they waited for it, then the binding itself. */
export async function bind(
  context: LoopContext,
  pod: Pod,
  node: NodeState,
  views: Views,
  signal: AbortSignal,
): Promise<void> {
  await bindVolumes(context, pod, node, views, signal);
  const { namespace, name, uid } = pod.metadata;
  await context.client.createSubresource(kinds.pods, namespace, name, 'binding', {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, uid },
    target: { apiVersion: 'v1', kind: 'Node', name: node.name },
  });
}

async function bindVolumes(
  context: LoopContext,
  pod: Pod,
  node: NodeState,
  views: Views,
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = pod.metadata;
  const waiting = claimNames(pod)
    .map(({ name }) => views.claims.get(namespace, name))
    .filter((claim) => claim !== undefined && !isBound(claim));
  const taken = new Set<string>();
  for (const claim of waiting) {
    if (claim === undefined) continue;
    const volume = findVolume(claim, node, views, taken);
    if (volume === undefined) await selectNode(context.client, claim, node);
    else {
      taken.add(volume.metadata.name);
      const { name, uid } = claim.metadata;
      const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid };
      const annotations = { 'pv.kubernetes.io/bound-by-controller': 'yes' };
      const body = {
        metadata: { annotations, resourceVersion: volume.metadata.resourceVersion },
        spec: { claimRef: { ...claimRef, resourceVersion: claim.metadata.resourceVersion } },
      };
      await context.client.patch(kinds.persistentvolumes, undefined, volume.metadata.name, { type: 'merge', body });
    }
  }
  await Promise.all(
    waiting.map((claim) => (claim === undefined ? undefined : untilBound(context, views.claims, claim, node, signal))),
  );
}

async function selectNode(client: Client, claim: PersistentVolumeClaim, node: NodeState): Promise<void> {
  if (claim.metadata.annotations?.[SELECTED_NODE] === node.name) return;
  const { namespace, name, resourceVersion } = claim.metadata;
  const body = { metadata: { annotations: { [SELECTED_NODE]: node.name }, resourceVersion } };
  await client.patch(kinds.persistentvolumeclaims, namespace, name, { type: 'merge', body });
}

/** Resolves when the claim is bound; rejects when it goes, is given back (selected-node taken away) or takes too long. */
function untilBound(
  context: LoopContext,
  claims: Informer<PersistentVolumeClaim>,
  claim: PersistentVolumeClaim,
  node: NodeState,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid } = claim.metadata;
  return new Promise((resolve, reject) => {
    let selected = false;
    const finish = (error?: Error): void => {
      timer.cancel();
      signal.removeEventListener('abort', abort);
      queueMicrotask(() => unsubscribe());
      if (error === undefined) resolve();
      else reject(error);
    };
    const abort = () => finish(new Error('scheduler stops'));
    const timer = context.clock.after(BIND_TIMEOUT_MS, () =>
      finish(new Error('binding volumes: context deadline exceeded')),
    );
    signal.addEventListener('abort', abort, { once: true });
    const unsubscribe = claims.onChange((now, before) => {
      const changed = now ?? before;
      if (changed?.metadata.namespace !== namespace || changed?.metadata.name !== name) return;
      if (now === undefined || now.metadata.uid !== uid) finish(new Error(`claim "${name}" is gone`));
      else if (isBound(now)) finish();
      else if (now.metadata.annotations?.[SELECTED_NODE] === node.name) selected = true;
      else if (selected) finish(new Error(`provisioning failed for PVC "${name}"`));
    });
  });
}
