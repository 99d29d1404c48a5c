import {
  badRequest,
  copy,
  forbidden,
  formatTime,
  type KubeObject,
  kinds,
  matchesSelector,
  notFound,
  type Pod,
  type PodDisruptionBudget,
  StatusError,
  tooManyRequests,
} from '../kinds/index.ts';
import { type Context, readObject, readObjects } from './context.ts';
import type { DeleteRequest, RequestOptions, Target } from './contract.ts';
import { deleteObject } from './delete.ts';
import { isPlain, mutable, type Plain } from './object.ts';
import { replace } from './write.ts';

const DISRUPTED_PODS_MAX = 2000;
const CAUSE = 'DisruptionBudget';

/** pods/eviction: a delete that the pod's disruption budget must allow. Answers a Status. */
export async function evict(
  context: Context,
  target: Target,
  body: unknown,
  options: RequestOptions,
): Promise<KubeObject> {
  const name = target.name ?? '';
  const metadata = isPlain(body) && isPlain(body.metadata) ? body.metadata : {};
  if (metadata.name !== undefined && metadata.name !== name) {
    throw badRequest('name in URL does not match name in Eviction object');
  }
  const pod = readObject(context, kinds.pods, target.namespace, name);
  if (!pod) throw notFound(kinds.pods, name);
  const request = deleteRequestOf(isPlain(body) ? body.deleteOptions : undefined, options);
  if (!needsNoBudget(pod)) await takeFromBudget(context, target, pod, { ...options, dryRun: request.dryRun ?? false });
  const { subresource: _, ...podTarget } = target;
  await deleteObject(context, podTarget, request);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } as unknown as KubeObject;
}

function deleteRequestOf(value: unknown, options: RequestOptions): DeleteRequest {
  const sent = isPlain(value) ? value : {};
  const preconditions = (isPlain(sent.preconditions) ? sent.preconditions : {}) as Plain;
  return {
    ...options,
    dryRun: options.dryRun || (Array.isArray(sent.dryRun) && sent.dryRun.includes('All')),
    ...(typeof sent.gracePeriodSeconds === 'number' && { gracePeriodSeconds: sent.gracePeriodSeconds }),
    ...(typeof sent.propagationPolicy === 'string' && {
      propagationPolicy: sent.propagationPolicy as NonNullable<DeleteRequest['propagationPolicy']>,
    }),
    ...(typeof preconditions.uid === 'string' && { uid: preconditions.uid }),
    ...(typeof preconditions.resourceVersion === 'string' && { resourceVersion: preconditions.resourceVersion }),
  };
}

/** Pods that do not serve count for no budget. */
function needsNoBudget(pod: Pod): boolean {
  const phase = pod.status.phase;
  return (
    phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined
  );
}

async function takeFromBudget(context: Context, target: Target, pod: Pod, options: RequestOptions): Promise<void> {
  const budgets = readObjects(context, kinds.poddisruptionbudgets, target.namespace).filter(
    (one) => one.spec.selector !== undefined && matchesSelector(one.spec.selector, pod.metadata.labels),
  );
  const budget = budgets[0];
  if (!budget) return;
  if (budgets.length > 1) {
    throw new StatusError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      reason: 'InternalError',
      code: 500,
    });
  }
  if (!isReady(pod)) {
    if (budget.spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return;
    const { currentHealthy = 0, desiredHealthy = 0 } = budget.status;
    if (currentHealthy >= desiredHealthy && desiredHealthy > 0) return;
  }
  const info = context.catalogue.find('policy', 'v1', 'poddisruptionbudgets');
  if (!info) return;
  await replace(
    context,
    {
      info,
      name: budget.metadata.name,
      subresource: 'status',
      ...(target.namespace !== undefined && { namespace: target.namespace }),
    },
    options,
    {
      tracked: true,
      wanted: (stored) =>
        mutable(disrupted(context, copy(stored) as unknown as PodDisruptionBudget, pod.metadata.name)),
    },
  );
}

function isReady(pod: Pod): boolean {
  return pod.status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
}

/** The budget with one disruption less. @throws StatusError 429 when there is none left */
function disrupted(context: Context, budget: PodDisruptionBudget, podName: string): PodDisruptionBudget {
  const { status, metadata } = budget;
  const about = { group: 'policy', resource: 'poddisruptionbudget' };
  const text = "Cannot evict pod as it would violate the pod's disruption budget.";
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    const message = `The disruption budget ${metadata.name} is still being processed by the server.`;
    throw tooManyRequests(text, 10, [{ reason: CAUSE, message }]);
  }
  const allowed = status.disruptionsAllowed ?? 0;
  if (allowed < 0) throw forbidden(about, metadata.name, 'pdb disruptions allowed is negative');
  if (Object.keys(status.disruptedPods ?? {}).length > DISRUPTED_PODS_MAX) {
    throw forbidden(
      about,
      metadata.name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    );
  }
  if (allowed === 0) {
    const condition = status.conditions?.find((one) => one.type === 'DisruptionAllowed');
    const message =
      condition?.status === 'False' && condition.reason === 'SyncFailed'
        ? `The disruption budget ${metadata.name} does not have all the data necessary to evict this pod: ${condition.message}`
        : `The disruption budget ${metadata.name} needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently`;
    throw tooManyRequests(text, 0, [{ reason: CAUSE, message }]);
  }
  const now = formatTime(context.clock.now());
  status.disruptionsAllowed = allowed - 1;
  status.disruptedPods = { ...status.disruptedPods, [podName]: now };
  if (status.disruptionsAllowed === 0) {
    const others = (status.conditions ?? []).filter((one) => one.type !== 'DisruptionAllowed');
    const observed = status.observedGeneration;
    status.conditions = [
      ...others,
      {
        type: 'DisruptionAllowed',
        status: 'False',
        reason: 'InsufficientPods',
        message: '',
        lastTransitionTime: now,
        ...(observed !== undefined && { observedGeneration: observed }),
      },
    ];
  }
  return budget;
}
