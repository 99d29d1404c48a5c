import type { Command } from 'commander';
import { ageSince, type ContainerStatus, type KubeObject, kinds, type Pod } from '../engine/kinds/index.ts';
import { INSTANCE_LABEL } from '../road/manifests/index.ts';
import { colors as pc } from './colors.ts';
import { findPlace, type Place, type PlaceOptions, withPlace } from './place.ts';

interface Part {
  readonly kind: string;
  readonly name: string;
  readonly component: string;
  readonly ready: string;
  readonly ok: boolean;
  readonly image: string;
  readonly pods: readonly {
    readonly name: string;
    readonly state: string;
    readonly ok: boolean;
    readonly restarts: number;
    readonly age: string;
  }[];
}

interface App {
  readonly name: string;
  readonly parts: readonly Part[];
}

export function registerStatus(program: Command): void {
  withPlace(program.command('status'))
    .description('apps, their workloads and pods, and why a pod is not ready')
    .argument('[app]', 'only this app')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  wherry status\n  wherry status users --json')
    .action(async (app: string | undefined, options: PlaceOptions & { json?: boolean }) => {
      const place = await findPlace(options);
      const apps = await readApps(place, app);
      place.client.close();
      if (options.json)
        console.log(JSON.stringify({ context: place.context, namespace: place.namespace, apps }, null, 2));
      else print(place, apps, app);
      if (apps.some(({ parts }) => parts.some(({ ok }) => !ok))) process.exitCode = 1;
    });
}

async function readApps({ client, namespace }: Place, only: string | undefined): Promise<App[]> {
  const query = { namespace, labelSelector: only === undefined ? INSTANCE_LABEL : `${INSTANCE_LABEL}=${only}` };
  const [deployments, statefulSets, jobs, pods] = await Promise.all([
    client.list(kinds.deployments, query),
    client.list(kinds.statefulsets, query),
    client.list(kinds.jobs, query),
    client.list(kinds.pods, query),
  ]);
  const podsOf = (object: KubeObject) =>
    pods.items.filter(
      ({ metadata }) =>
        metadata.labels?.['app.kubernetes.io/component'] === object.metadata.labels?.['app.kubernetes.io/component'] &&
        metadata.labels?.[INSTANCE_LABEL] === object.metadata.labels?.[INSTANCE_LABEL],
    );
  const part = (
    kind: string,
    object: KubeObject,
    ready: string,
    ok: boolean,
    image: string,
  ): Part & { app: string } => ({
    app: object.metadata.labels?.[INSTANCE_LABEL] ?? '',
    kind,
    name: object.metadata.name,
    component: object.metadata.labels?.['app.kubernetes.io/component'] ?? '',
    ready,
    ok,
    image,
    pods: podsOf(object).map(podLine),
  });
  const parts = [
    ...deployments.items.map((one) =>
      part(
        'Deployment',
        one,
        `${one.status.readyReplicas ?? 0}/${one.spec.replicas ?? 1}`,
        (one.status.readyReplicas ?? 0) >= (one.spec.replicas ?? 1),
        one.spec.template.spec?.containers[0]?.image ?? '',
      ),
    ),
    ...statefulSets.items.map((one) =>
      part(
        'StatefulSet',
        one,
        `${one.status.readyReplicas ?? 0}/${one.spec.replicas ?? 1}`,
        (one.status.readyReplicas ?? 0) >= (one.spec.replicas ?? 1),
        one.spec.template.spec?.containers[0]?.image ?? '',
      ),
    ),
    ...jobs.items.map((one) =>
      part(
        'Job',
        one,
        one.status.succeeded ? 'done' : one.status.failed ? 'failed' : 'running',
        !one.status.failed || Boolean(one.status.succeeded),
        one.spec.template.spec?.containers[0]?.image ?? '',
      ),
    ),
  ];
  const names = [...new Set(parts.map(({ app }) => app))].sort();
  return names.map((name) => ({
    name,
    parts: parts.filter(({ app }) => app === name).map(({ app: _, ...rest }) => rest),
  }));
}

function podLine(pod: Pod): Part['pods'][number] {
  const statuses: ContainerStatus[] = [
    ...(pod.status.initContainerStatuses ?? []),
    ...(pod.status.containerStatuses ?? []),
  ];
  const waiting = statuses.find(
    ({ state }) =>
      state?.waiting && state.waiting.reason !== 'PodInitializing' && state.waiting.reason !== 'ContainerCreating',
  )?.state?.waiting;
  const ready = pod.status.conditions?.find(({ type }) => type === 'Ready');
  const unscheduled = pod.status.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  const ended = pod.status.phase === 'Succeeded';
  const state = pod.metadata.deletionTimestamp
    ? 'ending'
    : waiting
      ? `${waiting.reason}: ${waiting.message ?? ''}`.replace(/: $/, '')
      : unscheduled
        ? `not scheduled: ${unscheduled.message ?? ''}`
        : ended
          ? 'done'
          : ready?.status === 'True'
            ? 'ready'
            : (ready?.message ?? pod.status.phase ?? 'starting');
  return {
    name: pod.metadata.name,
    state,
    ok: ended || ready?.status === 'True',
    restarts: statuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
    age: ageSince(pod.metadata.creationTimestamp, Date.now()),
  };
}

function print(place: Place, apps: readonly App[], app: string | undefined): void {
  console.log(pc.dim(`context ${place.context}, namespace ${place.namespace}`));
  if (apps.length === 0)
    console.log(app === undefined ? 'no apps here; carry one: wherry up FOLDER' : `no app "${app}" here`);
  const sign = (ok: boolean) => (ok ? pc.green('●') : pc.red('●'));
  for (const { name, parts } of apps) {
    console.log(pc.bold(name));
    for (const part of parts) {
      console.log(`  ${sign(part.ok)} ${part.kind} ${part.name} ${part.ready} ${pc.dim(part.image)}`);
      for (const pod of part.pods)
        console.log(
          `      ${sign(pod.ok)} ${pod.name} ${pod.state}${pod.restarts > 0 ? `, ${pod.restarts} restarts` : ''} ${pc.dim(pod.age)}`,
        );
    }
  }
}
