import type {
  DeploymentSpec,
  IngressSpec,
  PodDisruptionBudgetSpec,
  PodSecurityContext,
  SecurityContext,
  ServiceSpec,
} from '../../engine/kinds/index.ts';
import type { Facts } from '../project/index.ts';
import type { Manifest, ManifestOptions, PodCarrier } from './contract.ts';
import type { Environment } from './environment.ts';
import { CONFIGURATION_ANNOTATION, manifest, type Names, SOURCE_ANNOTATION } from './names.ts';
import { probesOf } from './probes.ts';

/** As the generated Dockerfiles say. */
const USER_ID = 10_001;
/** Time for load balancers to learn that a pod is leaving, before it is told. */
const LEAVE_SECONDS = 5;

/** The Deployment: rolls without a gap, runs without rights, restarts when its configuration changes. */
export function deployment(
  facts: Facts,
  options: ManifestOptions,
  names: Names,
  environment: Environment,
  configurationHash: string,
): Manifest {
  const replicas = options.replicas ?? 2;
  const metrics = facts.routes.find(({ role }) => role === 'metrics');
  const spec: PodCarrier<DeploymentSpec> = {
    replicas,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 300,
    selector: { matchLabels: names.selector('web') },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template: {
      metadata: {
        labels: names.labels('web'),
        annotations: {
          [CONFIGURATION_ANNOTATION]: configurationHash,
          ...(metrics
            ? {
                'prometheus.io/scrape': 'true',
                'prometheus.io/path': metrics.path,
                'prometheus.io/port': String(facts.port.value),
              }
            : {}),
        },
      },
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 30 + LEAVE_SECONDS,
        securityContext: { ...podUser(facts), seccompProfile: { type: 'RuntimeDefault' } },
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: names.selector('web') },
          },
        ],
        containers: [
          {
            name: 'app',
            image: options.image,
            ports: [{ name: 'http', containerPort: facts.port.value }],
            envFrom: [{ configMapRef: { name: names.app } }],
            ...(environment.references.length > 0 ? { env: environment.references } : {}),
            ...probesOf(facts),
            lifecycle: { preStop: { sleep: { seconds: LEAVE_SECONDS } } },
            // No processor limit: throttling an idle machine's only work helps nobody; memory has one, since it cannot be lent.
            resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '512Mi' } },
            securityContext: containerRights(facts),
          },
        ],
      },
    },
  };
  const object = manifest('apps/v1', 'Deployment', names, names.app, 'web', { spec });
  if (!options.sourceHash) return object;
  return { ...object, metadata: { ...object.metadata, annotations: { [SOURCE_ANNOTATION]: options.sourceHash } } };
}

/** A foreign Dockerfile keeps its own user; runAsNonRoot is asked only where a number proves it. */
export function podUser(facts: Facts): PodSecurityContext {
  if (!facts.dockerfile) return { runAsNonRoot: true, runAsUser: USER_ID, runAsGroup: USER_ID };
  const user = facts.dockerfile.user?.value ?? '';
  return /^[1-9]\d*(?::|$)/.test(user) ? { runAsNonRoot: true } : {};
}

export function containerRights(facts: Facts): SecurityContext {
  const foreignRoot = facts.dockerfile && !('runAsNonRoot' in podUser(facts));
  // An image that starts as root may need root's usual means to step down (nginx, entrypoints with gosu).
  return foreignRoot
    ? { allowPrivilegeEscalation: false }
    : { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
}

/** Service, disruption budget and, with a host, Ingress (the cluster's default class). */
export function frontDoor(options: ManifestOptions, names: Names): Manifest[] {
  const path = {
    path: '/',
    pathType: 'Prefix',
    backend: { service: { name: names.app, port: { name: 'http' } } },
  };
  const rules = [
    ...(options.host ? [{ host: options.host, http: { paths: [path] } }] : []),
    ...(options.defaultRoute ? [{ http: { paths: [path] } }] : []),
  ];
  const objects = [
    manifest('v1', 'Service', names, names.app, 'web', {
      spec: {
        selector: names.selector('web'),
        ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
      } satisfies ServiceSpec,
    }),
  ];
  if ((options.replicas ?? 2) > 1) {
    objects.push(
      manifest('policy/v1', 'PodDisruptionBudget', names, names.app, 'web', {
        spec: { maxUnavailable: 1, selector: { matchLabels: names.selector('web') } } satisfies PodDisruptionBudgetSpec,
      }),
    );
  }
  if (rules.length > 0)
    objects.push(
      manifest('networking.k8s.io/v1', 'Ingress', names, names.app, 'web', { spec: { rules } satisfies IngressSpec }),
    );
  return objects;
}
