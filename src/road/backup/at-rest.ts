import { UserError } from '../../base/index.ts';
import { type Deployment, type Kind, kinds, type StatefulSet } from '../../engine/kinds/index.ts';
import type { BackupPlace } from './contract.ts';
import { pause } from './helper-pod.ts';

/** How many a workload is to be again; an interrupted run leaves it, and the next one goes by it. */
export const REPLICAS_ANNOTATION = 'wherry/backup-replicas';
const TIMEOUT_MS = 300_000;
const POLL_MS = 250;

type Workload = Deployment | StatefulSet;

/** Ends the pods that use these claims; the way back starts them again. @throws UserError when they do not end. */
export async function putToRest(place: BackupPlace, claims: readonly string[]): Promise<() => Promise<void>> {
  const { client, namespace } = place;
  const stopped: { kind: Kind<Workload>; name: string; replicas: number }[] = [];
  const resume = async (): Promise<void> => {
    for (const { kind, name, replicas } of stopped.splice(0)) {
      await scale(place, kind, name, replicas, null);
      place.onLine(`${kind.kind.toLowerCase()}/${name} runs again`);
    }
  };
  try {
    for (const kind of [kinds.deployments, kinds.statefulsets] as readonly Kind<Workload>[]) {
      for (const workload of (await client.list(kind, { namespace })).items) {
        const name = workload.metadata.name ?? '';
        const left = workload.metadata.annotations?.[REPLICAS_ANNOTATION];
        if (!claims.some((claim) => uses(workload, claim))) continue;
        const replicas = left === undefined ? (workload.spec.replicas ?? 1) : Number(left);
        if (replicas === 0) continue;
        stopped.push({ kind, name, replicas });
        await scale(place, kind, name, 0, String(replicas));
        place.onLine(`${kind.kind.toLowerCase()}/${name} rests while its volume is copied`);
      }
    }
    await unused(place, claims);
    return resume;
  } catch (error) {
    await resume();
    throw error;
  }
}

async function scale(
  { client, namespace }: BackupPlace,
  kind: Kind<Workload>,
  name: string,
  replicas: number,
  annotation: string | null,
): Promise<void> {
  const body = { metadata: { annotations: { [REPLICAS_ANNOTATION]: annotation } }, spec: { replicas } };
  await client.patch(kind, namespace, name, { type: 'merge', body });
}

function uses(workload: Workload, claim: string): boolean {
  const { spec, metadata } = workload;
  const named = spec.template.spec?.volumes?.some(
    ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim,
  );
  if (named) return true;
  const templates = 'volumeClaimTemplates' in spec ? (spec.volumeClaimTemplates ?? []) : [];
  return templates.some((template) => isOfTemplate(claim, template.metadata?.name, metadata.name));
}

/** `data-users-database-0` of template `data` and StatefulSet `users-database`. */
export function isOfTemplate(claim: string, template: string | undefined, set: string | undefined): boolean {
  const start = `${template ?? ''}-${set ?? ''}-`;
  return claim.startsWith(start) && /^\d+$/.test(claim.slice(start.length));
}

async function unused(place: BackupPlace, claims: readonly string[]): Promise<void> {
  const deadline = place.clock.monotonic() + TIMEOUT_MS;
  let using: readonly string[] = [];
  while (place.clock.monotonic() < deadline) {
    place.signal.throwIfAborted();
    const { items } = await place.client.list(kinds.pods, { namespace: place.namespace });
    using = items
      .filter(({ status }) => status.phase !== 'Succeeded' && status.phase !== 'Failed')
      .filter(({ spec }) =>
        spec.volumes?.some(({ persistentVolumeClaim: used }) => used && claims.includes(used.claimName)),
      )
      .map(({ metadata }) => metadata.name ?? '');
    if (using.length === 0) return;
    await pause(place, POLL_MS);
  }
  throw new UserError(
    `pod ${using.join(', ')}`,
    'still uses a volume that is to be copied at rest',
    'End it yourself, or copy while it runs: wherry backup --live',
  );
}
