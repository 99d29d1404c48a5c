import { UserError } from '../../base/index.ts';
import type { ServiceSpec } from '../../engine/kinds/index.ts';
import { TRACK_LABEL } from '../manifests/index.ts';
import type { PlanStep } from './contract.ts';
import { findObject, nextName } from './front.ts';
import { lastWords } from './last-words.ts';
import type { StepContext } from './run-context.ts';
import { type SmokeCheck, smoke, smokeService } from './smoke.ts';
import { podSelector } from './wait.ts';

const PATIENCE_MS = 10_000;

/** Asks the paths, at the door that users take or quietly at the new version. @throws UserError with a pod's last lines. */
export async function smokeThrough(step: Extract<PlanStep, { type: 'smoke' }>, context: StepContext): Promise<void> {
  const { client, clock, plan, signal, options } = context;
  const patienceMs = Math.min(PATIENCE_MS, options.timeoutMs ?? PATIENCE_MS);
  const settings = { clock, signal, patienceMs };
  let checks: readonly SmokeCheck[];
  try {
    if (step.through === 'front' && plan.url !== undefined) checks = await smoke(plan.url, step.paths, settings);
    else {
      const { request } = client;
      const place = servicePlace(step.through, context);
      // A client without a way through the API server has none to the Service either.
      if (!request || !place) return;
      checks = await smokeService({ request: request.bind(client) }, place, step.paths, settings);
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof UserError)) throw error;
    const front = findObject(context.objects, `deployment/${plan.front}`);
    const selector = front ? podSelector(front) : '';
    const track = step.through === 'next' ? selector.replace(`${TRACK_LABEL}=stable`, `${TRACK_LABEL}=next`) : selector;
    const wayOut = front ? await lastWords(client, plan.namespace, track) : undefined;
    throw new UserError(error.place, error.fault, wayOut, { cause: error });
  }
  context.progress(checks.map(({ path, status }) => `GET ${path} ${status}`).join(', '));
}

function servicePlace(through: 'next' | 'front', { objects, plan }: StepContext) {
  const service = findObject(objects, `service/${plan.front}`);
  const port = (service?.spec as ServiceSpec | undefined)?.ports?.[0];
  if (!port || plan.front === undefined) return undefined;
  const name = through === 'next' ? nextName(plan.front) : plan.front;
  return { namespace: plan.namespace, service: name, port: port.name ?? String(port.port) };
}
