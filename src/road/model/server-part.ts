import type { BackingService } from '../project/index.ts';
import type { EnvironmentVariable, Part, SecretSet } from './contract.ts';
import type { Server } from './server.ts';
import { serverOf } from './servers.ts';

/** A backing service as a part of its own, its data on a claim of its own, and the Secret it is reached with. */
export function serverPart(
  service: BackingService,
  host: string,
  wanted: { readonly name: string; readonly user: string },
): { part: Part; secrets: SecretSet | undefined } {
  const server = serverOf(service.kind);
  const values = server.values({ service, host, ...wanted });
  const common = {
    name: host,
    role: server.role,
    image: { reference: service.image.value },
    ...(server.command ? { command: server.command } : {}),
    environment: serverEnvironment(server, host, service.source),
    ports: [{ name: service.kind, target: server.port, port: server.port, protocol: 'TCP' as const }],
    probes: {
      startup: { ...server.ready, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 180 },
      readiness: { ...server.ready, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
      liveness: { ...server.alive, periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 6 },
    },
    needs: [],
    replicas: 1,
    resources: server.resources,
    source: service.source,
  };
  const part: Part = server.dataPath
    ? {
        ...common,
        kind: 'statefulset',
        mounts: [{ path: server.dataPath, from: { is: 'own', name: 'data', size: '1Gi' } }],
        gracePeriodSeconds: 60,
        // The images start as root, own their data folder, then step down to a user of theirs.
        container: {
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'], add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'] },
          },
        },
      }
    : { ...common, kind: 'deployment', mounts: [], ...(server.user ? { user: server.user } : {}) };
  const secrets = { name: host, role: server.role, values, source: service.source };
  return { part, secrets: Object.keys(values).length > 0 ? secrets : undefined };
}

/** What the service's image and its seed read. */
export function serverEnvironment(server: Server, host: string, source: string): EnvironmentVariable[] {
  return [
    ...Object.entries(server.hidden).map(([name, key]) => ({
      name,
      value: { is: 'secret' as const, set: host, key },
      source,
    })),
    ...Object.entries(server.plain).map(([name, text]) => ({ name, value: { is: 'plain' as const, text }, source })),
  ];
}
