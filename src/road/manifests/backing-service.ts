import type { EnvVar } from '../../engine/kinds/index.ts';
import type { BackingService } from '../project/index.ts';
import type { Manifest } from './contract.ts';
import { engineOf } from './engines.ts';
import { encoded, manifest, type Names } from './names.ts';

/** Secret, Service and StatefulSet of a backing service, its data on a volume of its own. */
export function backingService(
  service: BackingService,
  names: Names,
  secret: Readonly<Record<string, string>>,
): { secret: Manifest; objects: Manifest[] } {
  const engine = engineOf(service.kind);
  const name = names.service(service.kind);
  const component = componentOf(service);
  const ask = (command: string) => ({ exec: { command: ['sh', '-c', command] } });
  const statefulSet = manifest('apps/v1', 'StatefulSet', names, name, component, {
    spec: {
      serviceName: name,
      replicas: 1,
      selector: { matchLabels: names.selector(component) },
      template: {
        metadata: { labels: names.labels(component) },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 60,
          securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: service.kind,
              image: service.image.value,
              ...(engine.command ? { command: engine.command } : {}),
              ports: [{ name: service.kind, containerPort: engine.port }],
              env: [
                ...serviceEnvironment(service, names),
                ...Object.entries(engine.settings).map(([key, value]) => ({ name: key, value })),
              ],
              startupProbe: { ...ask(engine.ready), periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 180 },
              readinessProbe: { ...ask(engine.ready), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
              livenessProbe: { ...ask(engine.alive), periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 6 },
              resources: {
                requests: { cpu: '50m', memory: engine.memoryRequest },
                limits: { memory: engine.memoryLimit },
              },
              // The images start as root, own their data folder, then step down to a user of theirs.
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ['ALL'], add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'] },
              },
              volumeMounts: [{ name: 'data', mountPath: engine.dataPath }],
            },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: 'data', labels: names.selector(component) },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  });
  return {
    secret: manifest('v1', 'Secret', names, name, component, { type: 'Opaque', data: encoded(secret) }),
    objects: [
      manifest('v1', 'Service', names, name, component, {
        spec: {
          selector: names.selector(component),
          ports: [{ name: service.kind, port: engine.port, targetPort: service.kind, protocol: 'TCP' }],
        },
      }),
      statefulSet,
    ],
  };
}

export function componentOf(service: BackingService): string {
  return service.kind === 'redis' ? 'redis' : 'database';
}

/** What the service's image and its seed read, each from the Secret. */
export function serviceEnvironment(service: BackingService, names: Names): EnvVar[] {
  return Object.entries(engineOf(service.kind).environment).map(([name, key]) => ({
    name,
    valueFrom: { secretKeyRef: { name: names.service(service.kind), key } },
  }));
}
