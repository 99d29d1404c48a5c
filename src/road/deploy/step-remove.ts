import { Bug } from '../../base/index.ts';
import { type Kind, type KubeObject, kinds, StatusError } from '../../engine/kinds/index.ts';
import { findObject, nextName } from './front.ts';
import { kindOf } from './kinds-of.ts';
import type { StepContext } from './run-context.ts';

/** Kinds that are taken away though no object of the release says which they are. */
const KNOWN: Readonly<Record<string, Kind<KubeObject>>> = {
  ingress: kinds.ingresses as Kind<KubeObject>,
  deployment: kinds.deployments as Kind<KubeObject>,
  service: kinds.services as Kind<KubeObject>,
  configmap: kinds.configmaps as Kind<KubeObject>,
  job: kinds.jobs as Kind<KubeObject>,
};

/** Whether a second Ingress may stand beside the first: there is, or was, a first. */
export function mayHaveCanary({ objects, plan }: StepContext): boolean {
  const name = `ingress/${plan.front}`;
  return findObject(objects, name) !== undefined || findObject(plan.before.objects, name) !== undefined;
}

/** Deletes objects by `kind/name`; what is not there is as wanted. */
export async function removeObjects(names: readonly string[], context: StepContext): Promise<void> {
  const { client, plan, objects } = context;
  for (const full of names) {
    context.signal.throwIfAborted();
    // Without an Ingress none ever stood beside it, and nobody need have the right to take it away.
    if (full === `ingress/${nextName(plan.front ?? '')}` && !mayHaveCanary(context)) continue;
    const [word = '', name = ''] = full.split('/');
    const object = findObject(objects, full) ?? findObject(plan.before.objects, full);
    const kind = object ? kindOf(object) : KNOWN[word];
    if (!kind) throw new Bug(`nothing says what ${full} is`);
    const namespace = object ? object.metadata.namespace : plan.namespace;
    try {
      await client.delete(kind, namespace, name, { propagationPolicy: 'Background' });
      context.progress(`${full} taken away`);
    } catch (error) {
      if (!(error instanceof StatusError) || error.code !== 404) throw error;
    }
  }
}
