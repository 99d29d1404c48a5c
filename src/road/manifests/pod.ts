import type { Container, ContainerPort, EnvVar, Lifecycle, PodSpec, Probe } from '../../engine/kinds/index.ts';
import type { Part } from '../model/index.ts';
import { type Draft, imageOf } from './draft.ts';
import { merged } from './merged.ts';
import { mountsOf } from './mounts.ts';
import { servingSelectorOf } from './names.ts';
import { containerRights, podRights } from './rights.ts';
import { waitsOf } from './waits.ts';

/** Time for load balancers to learn that a pod is leaving, before it is told. */
const LEAVE_SECONDS = 5;
const GRACE_SECONDS = 30;

/** A part's pod. `waits`: the names of the Jobs that parts became, for pods that wait by themselves. */
export function podOf(draft: Draft, part: Part, jobName: (job: Part) => string): PodSpec {
  const isJob = part.kind === 'job' || part.kind === 'cronjob';
  const leaves = !isJob && part.ports.length > 0;
  const { volumes, volumeMounts } = mountsOf(draft, part);
  const waits = draft.options.ordering === 'objects' ? waitsOf(draft, part, jobName) : undefined;
  const replicated = part.kind === 'deployment' || part.kind === 'statefulset';
  const { containers: sidecars = [], ...pod } = part.pod ?? {};
  const container = containerOf(draft, part, leaves, volumeMounts);
  const allVolumes = [...volumes, ...(waits?.volumes ?? [])];
  const spec: PodSpec = {
    ...(isJob ? { restartPolicy: 'Never' } : {}),
    ...(waits?.serviceAccount ? { serviceAccountName: waits.serviceAccount } : {}),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(isJob ? {} : { terminationGracePeriodSeconds: graceOf(part, leaves) }),
    securityContext: podRights(part),
    ...(replicated && !part.single
      ? {
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: servingSelectorOf(draft.application, part) },
            },
          ],
        }
      : {}),
    ...(waits && waits.containers.length > 0 ? { initContainers: waits.containers } : {}),
    containers: [container],
    ...(allVolumes.length > 0 ? { volumes: allVolumes } : {}),
  };
  return merged(spec, { ...pod, ...(sidecars.length > 0 ? { containers: sidecars } : {}) });
}

/** `app` for what is built and kept running, else the part's own name without the application's. */
function containerName(draft: Draft, part: Part): string {
  const { name } = draft.application;
  if (part.name === draft.application.front) return 'app';
  return part.name.startsWith(`${name}-`) ? part.name.slice(name.length + 1) : part.name;
}

function containerOf(draft: Draft, part: Part, leaves: boolean, volumeMounts: Container['volumeMounts']): Container {
  const environment = draft.settings.environmentOf(part);
  const references = referencesOf(part);
  const probes = part.kind === 'job' || part.kind === 'cronjob' ? {} : probesOf(part);
  const lifecycle: Lifecycle = { preStop: { sleep: { seconds: LEAVE_SECONDS } } };
  const container: Container = {
    name: containerName(draft, part),
    image: imageOf(draft, part),
    ...(part.command ? { command: [...part.command] } : {}),
    ...(part.arguments ? { args: [...part.arguments] } : {}),
    ...(part.workingDirectory === undefined ? {} : { workingDir: part.workingDirectory }),
    ...(part.ports.length > 0 ? { ports: containerPorts(part) } : {}),
    ...(environment === undefined ? {} : { envFrom: [{ configMapRef: { name: environment } }] }),
    ...(references.length > 0 ? { env: references } : {}),
    ...(probes.startup ? { startupProbe: probes.startup } : {}),
    ...(probes.readiness ? { readinessProbe: probes.readiness } : {}),
    ...(probes.liveness ? { livenessProbe: probes.liveness } : {}),
    ...(leaves ? { lifecycle } : {}),
    // No processor limit: throttling an idle machine's only work helps nobody; memory has one, since it cannot be lent.
    resources: part.resources ?? { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '512Mi' } },
    securityContext: containerRights(part),
    ...(volumeMounts && volumeMounts.length > 0 ? { volumeMounts } : {}),
  };
  return merged(container, part.container);
}

/** Ports by where the process listens: two ports of a Service may lead to one. */
export function containerPorts(part: Part): ContainerPort[] {
  const ports = new Map<string, ContainerPort>();
  for (const { name, target, protocol } of part.ports) {
    const key = `${target}/${protocol}`;
    if (!ports.has(key)) {
      ports.set(key, { name, containerPort: target, ...(protocol === 'TCP' ? {} : { protocol }) });
    }
  }
  return [...ports.values()];
}

/** The plain values are in the ConfigMap; here stands what is read from elsewhere. */
function referencesOf(part: Part): EnvVar[] {
  return part.environment.flatMap(({ name, value }): EnvVar[] => {
    if (value.is === 'plain') return [];
    if (value.is === 'field') return [{ name, valueFrom: { fieldRef: { fieldPath: value.path } } }];
    const { set, key, optional } = value;
    return [{ name, valueFrom: { secretKeyRef: { name: set, key, ...(optional ? { optional } : {}) } } }];
  });
}

/** As the part says; of one that says nothing, the port is asked, so that no request goes to a pod that does not listen. */
function probesOf(part: Part): NonNullable<Part['probes']> {
  if (part.probes) return part.probes;
  const [port] = containerPorts(part).filter(({ protocol }) => protocol === undefined);
  if (!port?.name) return {};
  const tcpSocket: Probe = { tcpSocket: { port: port.name } };
  return {
    startup: { ...tcpSocket, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 120 },
    readiness: { ...tcpSocket, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 },
  };
}

function graceOf(part: Part, leaves: boolean): number {
  return (part.gracePeriodSeconds ?? GRACE_SECONDS) + (leaves ? LEAVE_SECONDS : 0);
}
