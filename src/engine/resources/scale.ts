import {
  badRequest,
  conform,
  copy,
  formatLabelSelector,
  formatLabels,
  invalid,
  type KubeObject,
  type LabelSelector,
  notFound,
  type ResourceInfo,
  schemaOf,
} from '../kinds/index.ts';
import { type Context, storedInfo } from './context.ts';
import type { PatchRequest, RequestOptions, Target } from './contract.ts';
import { readPath, writePath } from './custom-resources/paths.ts';
import { customVersionOf } from './custom-resources/versions.ts';
import { isPlain, type Mutable, mutable, type Plain, partOf } from './object.ts';
import { patchValue } from './patch.ts';
import { replace } from './write.ts';

/** autoscaling/v1 Scale of a workload, or of a custom resource with the scale subresource. */
export function readScale(info: ResourceInfo, object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const { replicas, current, selector } = scaleValues(info, object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace !== undefined && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { ...(replicas && { replicas }) },
    status: { replicas: current, ...(selector && { selector }) },
  } as KubeObject;
}

function scaleValues(info: ResourceInfo, object: KubeObject): { replicas: number; current: number; selector: string } {
  const paths = customVersionOf(info)?.scale;
  if (paths) {
    const selector = paths.labelSelectorPath ? readPath(object, paths.labelSelectorPath) : undefined;
    return {
      replicas: Number(readPath(object, paths.specReplicasPath) ?? 0),
      current: Number(readPath(object, paths.statusReplicasPath) ?? 0),
      selector: typeof selector === 'string' ? selector : '',
    };
  }
  const spec = partOf(object, 'spec');
  const status = partOf(object, 'status');
  const selector = spec.selector;
  const text = !isPlain(selector)
    ? ''
    : info.group === ''
      ? formatLabels(selector as Record<string, string>)
      : formatLabelSelector(selector as LabelSelector);
  return { replicas: Number(spec.replicas ?? 0), current: Number(status.replicas ?? 0), selector: text };
}

export async function updateScale(
  context: Context,
  target: Target,
  body: unknown,
  options: RequestOptions,
): Promise<KubeObject> {
  return scaleTo(context, target, options, () => checkedScale(body, target));
}

export async function patchScale(context: Context, target: Target, request: PatchRequest): Promise<KubeObject> {
  const schema = schemaOf('io.k8s.api.autoscaling.v1.Scale');
  if (!schema) throw badRequest('no type Scale');
  return scaleTo(context, target, request, async (current) =>
    checkedScale(await patchValue(current, { type: request.type, patch: request.patch }, schema), target),
  );
}

async function scaleTo(
  context: Context,
  target: Target,
  options: RequestOptions,
  wantedScale: (current: KubeObject) => Plain | Promise<Plain>,
): Promise<KubeObject> {
  const info = storedInfo(context, target.info);
  const written = await replace(context, target, options, {
    wanted: async (stored) => {
      const scale = await wantedScale(readScale(info, stored));
      const metadata = scale.metadata as Plain;
      const object = mutable(copy(stored));
      setReplicas(info, object, Number((scale.spec as Plain | undefined)?.replicas ?? 0));
      // The version and uid that the Scale carries are checked as the object's own.
      object.metadata.resourceVersion = typeof metadata.resourceVersion === 'string' ? metadata.resourceVersion : '';
      if (typeof metadata.uid === 'string' && metadata.uid) object.metadata.uid = metadata.uid;
      return object;
    },
  });
  if (!written) throw notFound(target.info, target.name ?? '');
  return readScale(info, written.object);
}

function setReplicas(info: ResourceInfo, object: Mutable, replicas: number): void {
  const paths = customVersionOf(info)?.scale;
  if (paths) writePath(object, paths.specReplicasPath, replicas);
  else object.spec = { ...(object.spec as Plain), replicas };
}

function checkedScale(body: unknown, target: Target): Plain {
  const schema = schemaOf('io.k8s.api.autoscaling.v1.Scale');
  if (!isPlain(body) || !schema) throw badRequest('the object provided is no Scale');
  const { object, typeFaults } = conform(body, schema, { keepZero: true });
  const fault = typeFaults[0];
  if (fault !== undefined) throw badRequest(`Scale in version "v1" cannot be handled as a Scale: ${fault}`);
  const scale = object as Plain;
  const metadata = isPlain(scale.metadata) ? scale.metadata : {};
  if (metadata.name !== undefined && metadata.name !== '' && metadata.name !== target.name) {
    throw badRequest(
      `the name of the object (${String(metadata.name)}) does not match the name on the URL (${target.name ?? ''})`,
    );
  }
  const replicas = Number((scale.spec as Plain | undefined)?.replicas ?? 0);
  if (replicas < 0) {
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, target.name ?? '', [
      { path: 'spec.replicas', type: 'Invalid', value: replicas, detail: 'must be greater than or equal to 0' },
    ]);
  }
  return { ...scale, metadata };
}
