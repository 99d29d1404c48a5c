import { type Draft, type EndpointSlice, type KubeObject, kinds, StatusError } from '../../kinds/index.ts';
import type { ControllerContext } from '../contract.ts';
import type { Expectations } from '../expectations.ts';
import { controllerReference } from '../ownership.ts';
import { isNamespaceTerminating } from '../pod-control.ts';
import type { SliceContent, SlicePlan } from './slice-plan.ts';

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';
export const HEADLESS = 'service.kubernetes.io/headless';

interface SliceMeta {
  owner: KubeObject;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  triggeredAt: string;
}

/** Carries out a plan; creations are noted so that a view that is behind does not make them twice. */
export async function writeSlices(
  context: ControllerContext,
  plan: SlicePlan,
  meta: SliceMeta,
  expectations: Expectations<EndpointSlice>,
  key: string,
): Promise<void> {
  const { client } = context;
  const { namespace, name } = meta.owner.metadata;
  const annotations = { ...meta.annotations, [TRIGGER_TIME]: meta.triggeredAt };
  const create = async (content: SliceContent): Promise<void> => {
    const draft: Draft<EndpointSlice> = {
      metadata: {
        generateName: `${name}-`,
        ...(namespace === undefined ? {} : { namespace }),
        labels: meta.labels,
        annotations,
        ownerReferences: [controllerReference(meta.owner)],
      },
      ...content,
    };
    try {
      expectations.created(key, await client.create<EndpointSlice>(kinds.endpointslices, draft));
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
  };
  await Promise.all([
    ...plan.create.map(create),
    ...plan.update.map(({ slice, content }) =>
      client.update<EndpointSlice>(kinds.endpointslices, {
        ...slice,
        metadata: { ...slice.metadata, labels: meta.labels, annotations },
        ...content,
      }),
    ),
    ...plan.remove.map((slice) => removeSlice(context, slice)),
  ]);
}

async function removeSlice(context: ControllerContext, slice: EndpointSlice): Promise<void> {
  const { namespace, name, uid } = slice.metadata;
  await context.client.delete(kinds.endpointslices, namespace, name, { uid }).catch((error: unknown) => {
    if (!(error instanceof StatusError && (error.code === 404 || error.code === 409))) throw error;
  });
}
