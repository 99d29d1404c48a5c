import { UserError } from '../../base/index.ts';
import {
  type Kind,
  type KubeObject,
  kinds,
  type SelfSubjectAccessReview,
  StatusError,
} from '../../engine/kinds/index.ts';
import type { Manifest } from '../manifests/index.ts';
import type { Plan, RoadClient } from './contract.ts';
import { findObject, withTrack } from './front.ts';
import { kindOf } from './kinds-of.ts';

interface Right {
  readonly verb: 'patch' | 'create' | 'delete';
  readonly kind: Kind<KubeObject>;
}

/**
 * Asks, before anything is written, whether the user may do what a plan will, so that a right that is missing is not found
 * after the migration. A cluster that does not answer such questions is believed to allow it.
 * @throws UserError naming every verb and resource that is missing.
 */
export async function checkRights(client: RoadClient, plan: Plan, objects: readonly Manifest[]): Promise<void> {
  const asked = await Promise.all(
    rightsOf(plan, withTrack(objects, plan.front)).map(async (right) => ({
      right,
      isAllowed: await isAllowed(client, plan.namespace, right),
    })),
  );
  const missing = asked.filter((each) => !each.isAllowed).map(({ right: { verb, kind } }) => `${verb} ${wordOf(kind)}`);
  const [first] = missing;
  if (first === undefined) return;
  throw new UserError(
    `namespace ${plan.namespace}`,
    `you may not ${missing.join(', ')}; nothing was changed`,
    `Ask whoever runs the cluster for it. To see it: kubectl auth can-i ${first} -n ${plan.namespace}`,
  );
}

function rightsOf({ steps }: Plan, objects: readonly Manifest[]): Right[] {
  const rights = new Map<string, Right>();
  const add = (verb: Right['verb'], kind: Kind<KubeObject>): void => {
    rights.set(`${verb} ${wordOf(kind)}`, { verb, kind });
  };
  // An object that is not there is created by the same patch, which then needs both rights.
  const write = (kind: Kind<KubeObject>): void => {
    add('create', kind);
    add('patch', kind);
  };
  for (const step of steps) {
    const names = 'objects' in step ? step.objects : step.type === 'job' ? [step.object] : [];
    for (const object of names.flatMap((name) => findObject(objects, name) ?? [])) {
      if (step.type !== 'remove') write(kindOf(object));
    }
    if (step.type === 'away') add('patch', kinds.deployments as Kind<KubeObject>);
    if (step.type !== 'next') continue;
    for (const kind of [kinds.deployments, kinds.services] as Kind<KubeObject>[]) {
      write(kind);
      add('delete', kind);
    }
  }
  if (steps.some((step) => step.type === 'traffic' && step.by === 'ingress')) {
    write(kinds.ingresses as Kind<KubeObject>);
    add('delete', kinds.ingresses as Kind<KubeObject>);
  }
  return [...rights.values()];
}

async function isAllowed(client: RoadClient, namespace: string, { verb, kind }: Right): Promise<boolean> {
  const { group, resource } = kind;
  const where = kind.namespaced ? { namespace } : {};
  try {
    const review = await client.create<SelfSubjectAccessReview>(kinds.selfsubjectaccessreviews, {
      metadata: {},
      spec: { resourceAttributes: { ...where, verb, group, resource } },
    } as SelfSubjectAccessReview);
    return review.status?.allowed !== false;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return true;
  }
}

/** As kubectl takes it: `deployments.apps`. */
function wordOf({ group, resource }: Kind<KubeObject>): string {
  return group ? `${resource}.${group}` : resource;
}
