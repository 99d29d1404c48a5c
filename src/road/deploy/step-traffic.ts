import { UserError } from '../../base/index.ts';
import { type EndpointSlice, kinds, type Pod } from '../../engine/kinds/index.ts';
import type { Manifest } from '../manifests/index.ts';
import { liveObject } from './apply.ts';
import type { PlanStep } from './contract.ts';
import { follow } from './follow.ts';
import { canaryIngress, findObject, nextName, serviceTo } from './front.ts';
import type { StepContext } from './run-context.ts';
import { applyAndTell } from './run-step.ts';
import { mayHaveCanary, removeObjects } from './step-remove.ts';

const SWITCH_MS = 60_000;
/** Proxies of every node learn of new endpoints a moment after the API tells them. */
const SETTLE_MS = 1_000;

/**
 * Leads requests to one track or both. One write decides; nothing that serves is taken away until the endpoints have
 * followed, so no request is lost on the way.
 */
export async function leadTraffic(step: Extract<PlanStep, { type: 'traffic' }>, context: StepContext): Promise<void> {
  const { plan, objects } = context;
  const front = plan.front ?? '';
  const service = findObject(objects, `service/${front}`);
  const ingress = findObject(objects, `ingress/${front}`);
  if (step.to === 'both' && step.by === 'ingress' && ingress) {
    await applyAndTell(canaryIngress(ingress, front, step.weightPercent), context);
    await context.clock.sleep(SETTLE_MS, context.signal);
    return;
  }
  if (!service) return;
  // On the way back the Service is written as it was, whatever it led to.
  const was = context.undo ? findObject(plan.before.objects, `service/${front}`) : undefined;
  if (context.undo && !was) return;
  await applyAndTell(was ?? serviceTo(service, step.to), context);
  const isShared = await hasCanary(context, front);
  if (step.to !== 'both' && isShared) await removeObjects([`ingress/${nextName(front)}`], context);
  await endpointsFollow(was ?? serviceTo(service, step.to), context);
  await context.clock.sleep(SETTLE_MS, context.signal);
}

async function hasCanary(context: StepContext, front: string): Promise<boolean> {
  if (!mayHaveCanary(context)) return false;
  const metadata = { name: nextName(front), namespace: context.plan.namespace };
  const ingress: Manifest = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata };
  return (await liveObject(context.client, ingress)) !== undefined;
}

/** Waits until a Service's endpoints are pods that its selector names, and at least one of them is ready. */
async function endpointsFollow(service: Manifest, context: StepContext): Promise<void> {
  const { client, clock, plan, options, undo } = context;
  const { name } = service.metadata;
  const selector = Object.entries((service.spec as { selector?: Record<string, string> }).selector ?? {});
  const labelSelector = selector.map(([key, value]) => `${key}=${value}`).join(',');
  const timeoutMs = Math.min(options.timeoutMs ?? SWITCH_MS, SWITCH_MS);
  const ending = new AbortController();
  const limit = clock.after(timeoutMs, () => ending.abort());
  let wanted = new Set<string>();
  let served = new Set<string>();
  let isReady = false;
  let settled = false;
  const judge = (): void => {
    settled = isReady && [...served].every((pod) => wanted.has(pod));
    if (settled) ending.abort();
  };
  const common = { signal: AbortSignal.any([ending.signal, context.signal]), clock };
  try {
    await Promise.all([
      follow<Pod>(
        client,
        kinds.pods,
        { namespace: plan.namespace, labelSelector },
        {
          ...common,
          onChange(pods) {
            wanted = new Set(pods.map(({ metadata }) => metadata.name ?? ''));
            judge();
          },
        },
      ),
      follow<EndpointSlice>(
        client,
        kinds.endpointslices,
        { namespace: plan.namespace, labelSelector: `kubernetes.io/service-name=${name}` },
        {
          ...common,
          onChange(slices) {
            const endpoints = slices.flatMap(({ endpoints: each }) => each ?? []);
            served = new Set(endpoints.map(({ targetRef }) => targetRef?.name ?? ''));
            isReady = endpoints.some(({ conditions }) => conditions?.ready !== false);
            judge();
          },
        },
      ),
    ]);
  } finally {
    limit.cancel();
    ending.abort();
  }
  context.signal.throwIfAborted();
  if (settled || (undo && !plan.before.served)) return;
  const why = isReady ? 'still leads to pods of the other version' : 'has no pod that is ready';
  throw new UserError(`service/${name}`, `${why} ${Math.round(timeoutMs / 1000)} s after it was switched`);
}
