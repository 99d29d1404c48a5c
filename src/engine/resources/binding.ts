import {
  badRequest,
  conflict,
  copy,
  faults,
  formatTime,
  invalid,
  type KubeObject,
  kinds,
  notFound,
  type Pod,
} from '../kinds/index.ts';
import type { Context } from './context.ts';
import type { RequestOptions, Target } from './contract.ts';
import { isPlain, mutable, type Plain } from './object.ts';
import { replace } from './write.ts';

/** pods/binding and bindings: gives a pod its node, once. Answers a Status. */
export async function createBinding(
  context: Context,
  target: Target,
  body: unknown,
  options: RequestOptions,
): Promise<KubeObject> {
  if (!isPlain(body)) throw badRequest('the object provided is no Binding');
  const metadata = (isPlain(body.metadata) ? body.metadata : {}) as Plain;
  const name = target.name ?? String(metadata.name ?? '');
  if (metadata.name && metadata.name !== name) throw badRequest('name in URL does not match name in Binding object');
  const node = (isPlain(body.target) ? body.target : {}) as Plain;
  const found = [];
  if (node.kind && node.kind !== 'Node') found.push(faults.notSupported('target.kind', node.kind, ['Node', '<empty>']));
  if (!node.name) found.push(faults.required('target.name'));
  if (found.length > 0) throw invalid({ group: '', kind: 'Binding' }, name, found);

  const pods = context.catalogue.find('', 'v1', 'pods');
  if (!pods) throw notFound(kinds.pods, name);
  const podTarget: Target = {
    info: pods,
    name,
    subresource: 'binding',
    ...(target.namespace !== undefined && { namespace: target.namespace }),
  };
  const written = await replace(context, podTarget, options, {
    // A binding is no one's field.
    tracked: true,
    uid: typeof metadata.uid === 'string' && metadata.uid ? metadata.uid : undefined,
    wanted: (stored) => {
      const pod = copy(stored) as unknown as Pod;
      const refuse = (why: string) => conflict({ group: '', resource: 'pods/binding' }, name, why);
      if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
      if (pod.spec.nodeName)
        throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
      if ((pod.spec.schedulingGates ?? []).length > 0) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
      pod.spec.nodeName = String(node.name);
      if (isPlain(metadata.annotations)) {
        pod.metadata.annotations = { ...pod.metadata.annotations, ...(metadata.annotations as Record<string, string>) };
      }
      if (isPlain(metadata.labels)) {
        pod.metadata.labels = { ...pod.metadata.labels, ...(metadata.labels as Record<string, string>) };
      }
      setScheduled(context, pod);
      return mutable(pod);
    },
  });
  if (!written) throw notFound(kinds.pods, name);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } as unknown as KubeObject;
}

function setScheduled(context: Context, pod: Pod): void {
  const conditions = (pod.status.conditions ?? []).filter((one) => one.type !== 'PodScheduled');
  const before = pod.status.conditions?.find((one) => one.type === 'PodScheduled');
  const changed = before?.status !== 'True';
  conditions.push({
    type: 'PodScheduled',
    status: 'True',
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    lastTransitionTime: changed ? formatTime(context.clock.now()) : (before?.lastTransitionTime ?? ''),
  });
  pod.status.conditions = conditions;
}
