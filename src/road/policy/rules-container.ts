import type { Container, Probe } from '../../engine/kinds/index.ts';
import type { Hit, PolicyRule, Subject } from './contract.ts';

/** Kinds that keep pods running, as against those that run them to an end. */
const KEPT_RUNNING = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController'];
const WITH_PODS = ['Pod', ...KEPT_RUNNING, 'Job', 'CronJob'];

/** Images, probes and resources: what each container must say. */
export const CONTAINER_RULES: readonly PolicyRule[] = [
  {
    id: 'image-not-pinned',
    factor: 'build-release-run',
    severity: 'warning',
    kinds: WITH_PODS,
    what: 'an image without tag, or with :latest',
    why: 'Nobody can say what runs, two pods may run different things, and there is nothing to go back to.',
    fix: 'Name a version (image: shop:1.4.2) or a digest (image: shop@sha256:…).',
    *find(subject) {
      for (const { container, path } of subject.pod?.containers ?? []) {
        const fault = container.image === undefined ? undefined : floating(container.image);
        if (fault)
          yield { path: [...path, 'image'], message: `container ${container.name}: image ${container.image} ${fault}` };
      }
    },
  },
  {
    id: 'readiness-probe-missing',
    factor: 'disposability',
    severity: 'warning',
    kinds: KEPT_RUNNING,
    what: 'a container behind a Service that nobody asks whether it is ready',
    why: 'Requests are sent to it while it still starts, and a roll takes the old pods away before the new ones can answer.',
    fix: 'Add readinessProbe: {httpGet: {path: /ready, port: http}}, or tcpSocket where there is no HTTP.',
    *find(subject, scope) {
      if (scope.servicesOf(subject).length === 0) return;
      const serving = (subject.pod?.containers ?? []).filter(({ initial }) => !initial);
      for (const { container, path } of serving) {
        // A helper beside the one that serves opens no port.
        if (container.readinessProbe || (serving.length > 1 && !container.ports?.length)) continue;
        yield { path, message: `container ${container.name} has no readiness probe` };
      }
    },
  },
  {
    id: 'liveness-probe-missing',
    factor: 'disposability',
    severity: 'note',
    kinds: KEPT_RUNNING,
    what: 'a container behind a Service that nobody asks whether it still works',
    why: 'A process that hangs without ending is never started again.',
    fix: 'Add livenessProbe on a route that does not ask the database, with a failureThreshold that forgives.',
    *find(subject, scope) {
      if (scope.servicesOf(subject).length === 0) return;
      for (const { container, path, initial } of subject.pod?.containers ?? [])
        if (!initial && container.ports?.length && !container.livenessProbe)
          yield { path, message: `container ${container.name} has no liveness probe` };
    },
  },
  {
    id: 'probe-port-missing',
    severity: 'error',
    kinds: WITH_PODS,
    what: 'a probe of a port by a name that the container does not have',
    why: 'The probe always fails: the pod never becomes ready, or is started again without end.',
    fix: "Name one of the container's ports, or give the number.",
    *find(subject) {
      for (const { container, path } of subject.pod?.containers ?? []) {
        for (const field of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
          const port = portOf(container[field]);
          if (typeof port !== 'string' || container.ports?.some(({ name }) => name === port)) continue;
          const kind = container[field]?.httpGet ? 'httpGet' : 'tcpSocket';
          yield {
            path: [...path, field, kind, 'port'],
            message: `container ${container.name}: ${field} asks port "${port}", which is none of its ports${named(container)}`,
          };
        }
      }
    },
  },
  {
    id: 'requests-missing',
    factor: 'concurrency',
    severity: 'warning',
    kinds: WITH_PODS,
    what: 'a container that does not say what it needs',
    why: 'Too many are put on one node, and it is the first to be ended when memory runs short.',
    fix: 'Add resources: {requests: {cpu: 50m, memory: 128Mi}}, measured under load.',
    *find(subject) {
      for (const { container, path } of subject.pod?.containers ?? []) {
        if (subject.pod?.spec.resources?.requests) continue;
        const given = { ...container.resources?.limits, ...container.resources?.requests };
        const lacking = ['cpu', 'memory'].filter((name) => given[name] === undefined);
        if (lacking.length > 0)
          yield {
            path: [...path, 'resources'],
            message: `container ${container.name} requests no ${lacking.join(' and no ')}`,
          };
      }
    },
  },
  {
    id: 'memory-limit-missing',
    factor: 'concurrency',
    severity: 'warning',
    kinds: WITH_PODS,
    what: 'a container that may take all memory of its node',
    why: 'A leak in one takes its neighbours down with it.',
    fix: 'Add resources: {limits: {memory: 512Mi}}.',
    *find(subject) {
      for (const { container, path } of subject.pod?.containers ?? [])
        if (container.resources?.limits?.memory === undefined && !subject.pod?.spec.resources?.limits?.memory)
          yield { path: [...path, 'resources'], message: `container ${container.name} has no memory limit` };
    },
  },
  {
    id: 'no-time-to-leave',
    factor: 'disposability',
    severity: 'note',
    kinds: ['Deployment'],
    what: 'a server that ends at the moment it is told',
    why: 'The network learns of its end a little later; requests sent meanwhile are lost in each roll.',
    fix: 'Add lifecycle: {preStop: {sleep: {seconds: 5}}} to the container.',
    *find(subject, scope) {
      if (scope.servicesOf(subject).length === 0) return;
      for (const { container, path, initial } of subject.pod?.containers ?? [])
        if (!initial && container.ports?.length && !container.lifecycle?.preStop)
          yield { path, message: `container ${container.name} has no preStop hook` };
    },
  },
  {
    id: 'jobs-overlap',
    factor: 'admin-processes',
    severity: 'note',
    kinds: ['CronJob'],
    what: 'a job that is started again while it still runs',
    why: 'A slow run is joined by the next, then by the one after.',
    fix: 'Set spec.concurrencyPolicy: Forbid (or say Allow, if that is wanted).',
    *find(subject): Iterable<Hit> {
      const { concurrencyPolicy } = specOf(subject);
      if (concurrencyPolicy === undefined) yield { path: ['spec'], message: 'its runs may overlap' };
    },
  },
];

function specOf(subject: Subject): Record<string, unknown> {
  return (subject.object.spec ?? {}) as Record<string, unknown>;
}

function floating(image: string): string | undefined {
  if (image.includes('@')) return undefined;
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  if (tag === undefined) return 'has no tag';
  return tag === 'latest' ? 'is whatever "latest" is at that moment' : undefined;
}

function portOf(probe: Probe | undefined): string | number | undefined {
  return probe?.httpGet?.port ?? probe?.tcpSocket?.port;
}

function named(container: Container): string {
  const names = (container.ports ?? []).flatMap(({ name }) => name ?? []);
  return names.length > 0 ? ` (${names.join(', ')})` : '';
}
