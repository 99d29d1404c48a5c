import { Bug } from '../../base/index.ts';
import type { CronJobSpec, JobSpec, PodSpec } from '../../engine/kinds/index.ts';
import type { Part } from '../model/index.ts';
import type { Manifest, PodCarrier } from './contract.ts';
import { type Draft, imageOf, setOf } from './draft.ts';
import { hashedName, labelsOf, manifest, shortHash } from './names.ts';
import { podOf } from './pod.ts';

/** Names of Jobs by part: the pod of one may name another that it waits for. */
export function jobNames(draft: Draft): (part: Part) => string {
  const names = new Map<string, string>();
  const open = new Set<string>();
  const nameOf = (part: Part): string => {
    const known = names.get(part.name);
    if (known !== undefined) return known;
    if (open.has(part.name)) throw new Bug(`the jobs ${[...open].join(', ')} wait for each other`);
    open.add(part.name);
    const name = hashedName(part.name, contentHash(draft, part, nameOf));
    open.delete(part.name);
    names.set(part.name, name);
    return name;
  };
  return nameOf;
}

/**
 * A changed job has another name, so it runs once more; an unchanged one is never run again. A job of the release is the
 * whole of its pod. A seed is what it says to the database alone: the same SQL never runs twice because a limit changed.
 */
function contentHash(draft: Draft, part: Part, jobName: (job: Part) => string): string {
  const files = part.mounts.flatMap(({ from }) => {
    if (from.is === 'secrets') return [draft.secrets.contentOf(from.set)];
    return from.is === 'settings' ? [JSON.stringify(setOf(draft, from.set)?.values ?? {})] : [];
  });
  if (part.stage === 'seed') {
    return shortHash(imageOf(draft, part), JSON.stringify([part.command, part.arguments]), ...files);
  }
  return shortHash(JSON.stringify(podOf(draft, part, jobName)), ...files);
}

export function jobOf(draft: Draft, part: Part, jobName: (job: Part) => string): Manifest {
  const { application, options } = draft;
  const labels = labelsOf(application, part.role, part);
  const metadata = { name: jobName(part), namespace: options.namespace, labels };
  const isSeed = part.stage === 'seed';
  return manifest('batch/v1', 'Job', metadata, {
    spec: {
      backoffLimit: isSeed ? 3 : 2,
      activeDeadlineSeconds: isSeed ? 900 : 1800,
      template: templateOf(draft, part, podOf(draft, part, jobName)),
    } satisfies PodCarrier<JobSpec>,
  });
}

export function cronJobOf(draft: Draft, part: Part, jobName: (job: Part) => string): Manifest {
  const { application, options } = draft;
  const labels = labelsOf(application, part.role, part);
  const jobSpec: PodCarrier<JobSpec> = {
    backoffLimit: 2,
    template: templateOf(draft, part, podOf(draft, part, jobName)),
  };
  return manifest(
    'batch/v1',
    'CronJob',
    { name: part.name, namespace: options.namespace, labels },
    {
      spec: {
        schedule: part.schedule ?? '@daily',
        // A run that outlasts its interval is not joined by a second one.
        concurrencyPolicy: 'Forbid',
        startingDeadlineSeconds: 300,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 3,
        jobTemplate: { metadata: { labels }, spec: jobSpec },
      } satisfies Omit<CronJobSpec, 'jobTemplate'> & { jobTemplate: unknown },
    },
  );
}

function templateOf({ application }: Draft, part: Part, spec: PodSpec) {
  return {
    metadata: {
      labels: { ...part.labels, ...labelsOf(application, part.role, part) },
      ...(part.annotations ? { annotations: { ...part.annotations } } : {}),
    },
    spec,
  };
}
