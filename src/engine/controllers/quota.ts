import type { Informer, Running } from '../client/index.ts';
import {
  addQuantity,
  type Kind,
  type KubeObject,
  kinds,
  type PersistentVolumeClaim,
  type Quantity,
  type ResourceQuota,
  type Service,
} from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';
import { controllerLoop, follow, keyOf, splitKey } from './controller.ts';
import { semanticEqual } from './equality.ts';
import { isPodTerminal } from './pod-state.ts';
import { matchesScopes, podUsage } from './quota-pods.ts';

/** Names that count objects of a kind without the `count/` prefix. */
const COUNTED: Readonly<Record<string, Kind<unknown>>> = {
  services: kinds.services,
  secrets: kinds.secrets,
  configmaps: kinds.configmaps,
  persistentvolumeclaims: kinds.persistentvolumeclaims,
  replicationcontrollers: kinds.replicationcontrollers,
  resourcequotas: kinds.resourcequotas,
};

/** Keeps status.used of ResourceQuotas true to what there is; admission only ever counts up. */
export function startResourceQuotas(context: ControllerContext): Running {
  const { client, informers, settings } = context;
  const quotas = informers.of(kinds.resourcequotas);
  const pods = informers.of(kinds.pods);
  const services = informers.of(kinds.services);
  const claims = informers.of(kinds.persistentvolumeclaims);
  const followed = new Map<string, Informer<KubeObject>>();

  const reconcile = async (key: string): Promise<undefined> => {
    const { namespace, name } = splitKey(key);
    const quota = quotas.get(namespace, name);
    if (quota === undefined) return;
    const hard = quota.spec.hard ?? {};
    const used: Record<string, Quantity> = {};
    for (const resource of Object.keys(hard)) used[resource] = await usage(quota, namespace, resource);
    const status = { hard, used };
    if (semanticEqual(status, quota.status)) return;
    await client.updateStatus<ResourceQuota>(kinds.resourcequotas, { ...quota, status });
  };

  const usage = async (quota: ResourceQuota, namespace: string, resource: string): Promise<Quantity> => {
    const scoped = (quota.spec.scopes?.length ?? 0) > 0 || quota.spec.scopeSelector !== undefined;
    const living = pods.list(namespace).filter((pod) => !isPodTerminal(pod) && matchesScopes(quota, pod));
    const ofPods = podUsage(living, resource);
    if (ofPods !== undefined) return ofPods;
    if (scoped) return '0';
    if (resource === 'services.nodeports') return String(countNodePorts(services.list(namespace)));
    if (resource === 'services.loadbalancers') {
      return String(services.list(namespace).filter((service) => service.spec.type === 'LoadBalancer').length);
    }
    const ofClaims = claimUsage(claims.list(namespace), resource);
    if (ofClaims !== undefined) return ofClaims;
    const view = await viewOf(resource);
    return String(view?.list(namespace).length ?? 0);
  };

  /** The objects that `count/deployments.apps` or `secrets` counts; followed from the first quota that names them. */
  const viewOf = async (resource: string): Promise<Informer<KubeObject> | undefined> => {
    const known = followed.get(resource);
    if (known !== undefined) return known;
    const [plural = '', ...group] = resource.replace(/^count\//, '').split('.');
    const kind = (
      resource.startsWith('count/')
        ? settings.catalogueKinds().find((each) => each.resource === plural && each.group === group.join('.'))
        : COUNTED[resource]
    ) as Kind<KubeObject> | undefined;
    if (kind === undefined) return undefined;
    const view = informers.of<KubeObject>(kind);
    followed.set(resource, view);
    await view.synced();
    view.onChange((now, before) => {
      if (now === undefined || before === undefined) addAll((now ?? before)?.metadata.namespace ?? '');
    });
    return view;
  };

  const addAll = (namespace: string): void => {
    for (const quota of quotas.list(namespace)) loop.add(keyOf(quota));
  };
  const loop = controllerLoop(context, 'resourcequota', [quotas, pods, services, claims], reconcile);
  follow(quotas, loop);
  pods.onChange((now, before) => {
    if (now !== undefined && before !== undefined && isPodTerminal(now) === isPodTerminal(before)) return;
    addAll((now ?? before)?.metadata.namespace ?? '');
  });
  services.onChange((now, before) => addAll((now ?? before)?.metadata.namespace ?? ''));
  claims.onChange((now, before) => {
    const asked = (claim: PersistentVolumeClaim | undefined) => JSON.stringify(claim?.spec.resources);
    if (asked(now) !== asked(before)) addAll((now ?? before)?.metadata.namespace ?? '');
  });
  return loop;
}

function countNodePorts(services: readonly Service[]): number {
  return services
    .filter(({ spec }) => spec.type === 'NodePort' || spec.type === 'LoadBalancer')
    .reduce((sum, { spec }) => sum + (spec.ports ?? []).filter((port) => (port.nodePort ?? 0) > 0).length, 0);
}

/** Storage asked for, of all classes or of one (`gold.storageclass.storage.k8s.io/requests.storage`). */
function claimUsage(claims: readonly PersistentVolumeClaim[], resource: string): Quantity | undefined {
  const match = /^(.+)\.storageclass\.storage\.k8s\.io\/(requests\.storage|persistentvolumeclaims)$/.exec(resource);
  if (match === null && resource !== 'requests.storage') return undefined;
  const counted = match === null ? claims : claims.filter((claim) => claim.spec.storageClassName === match[1]);
  if (match?.[2] === 'persistentvolumeclaims') return String(counted.length);
  return counted.reduce<Quantity>(
    (sum, claim) => addQuantity(sum, claim.spec.resources?.requests?.storage ?? '0'),
    '0',
  );
}
