import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { UserError } from '../../base/index.ts';
import type { EndpointSlice, Ingress, Service } from '../../engine/kinds/index.ts';
import type { Manifest } from './contract.ts';
import { manifest } from './names.ts';

/** The old system that an object leads to: set on all that offload writes. */
export const OFFLOAD_LABEL = 'wherry/offload';
const AT_ANNOTATION = 'wherry/legacy-at';
const CANARY = 'nginx.ingress.kubernetes.io/canary';
const CANARY_WEIGHT = 'nginx.ingress.kubernetes.io/canary-weight';
const OLD_PORT_NAME = 'http';

/** An old system behind the cluster's Ingress, and what of it new services have taken over. */
export interface OldSystem {
  /** Names its objects: `legacy`. */
  readonly name: string;
  readonly namespace: string;
  /** The host it answers to; undefined: every host that no other Ingress has. */
  readonly host: string | undefined;
  /** Where it is: a DNS name or an address. */
  readonly at: { readonly host: string; readonly port: number };
  /** By path. */
  readonly moved: readonly MovedPath[];
}

export interface MovedPath {
  /** With what is below it: `/api`. */
  readonly path: string;
  readonly service: string;
  readonly port: number;
  /** Of the requests, 1 to 100. */
  readonly sharePercent: number;
}

/**
 * The objects that lead requests to the old system and to what has taken over: a Service for the old one, one Ingress
 * with every path that is decided, and a second Ingress (a canary, as ingress-nginx has them) for each path that is shared.
 */
export function offloadObjects(system: OldSystem): Manifest[] {
  const metadata = { name: system.name, namespace: system.namespace, labels: labelsOf(system.name) };
  const whole = system.moved.filter(({ sharePercent }) => sharePercent >= 100);
  const shared = system.moved.filter(({ sharePercent }) => sharePercent < 100);
  const old = (path: string) => ({ path, pathType: 'Prefix', backend: backend(system.name, system.at.port) });
  const taken = ({ path, service, port }: MovedPath) => ({ path, pathType: 'Prefix', backend: backend(service, port) });
  const paths = [
    ...(system.moved.some(({ path }) => path === '/') ? [] : [old('/')]),
    ...whole.map(taken),
    // A share is taken from a rule for the same path.
    ...shared.map(({ path }) => old(path)),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  const ruleOf = (list: readonly object[]) => [
    { ...(system.host === undefined ? {} : { host: system.host }), http: { paths: list } },
  ];
  return [
    ...oldService(system, metadata),
    manifest('networking.k8s.io/v1', 'Ingress', metadata, { spec: { rules: ruleOf(paths) } }),
    ...shared.map((moved) =>
      manifest(
        'networking.k8s.io/v1',
        'Ingress',
        {
          ...metadata,
          name: shareName(system.name, moved.path),
          annotations: { [CANARY]: 'true', [CANARY_WEIGHT]: String(moved.sharePercent) },
        },
        { spec: { rules: ruleOf([taken(moved)]) } },
      ),
    ),
  ];
}

/** The old systems that the objects of a namespace tell of. */
export function oldSystemsIn(ingresses: readonly Ingress[], services: readonly Service[]): OldSystem[] {
  return services.flatMap((service): OldSystem[] => {
    const { name, namespace = 'default', labels, annotations } = service.metadata;
    const at = annotations?.[AT_ANNOTATION];
    if (labels?.[OFFLOAD_LABEL] !== name || at === undefined) return [];
    const own = ingresses.filter(({ metadata }) => metadata.labels?.[OFFLOAD_LABEL] === name);
    const front = own.find(({ metadata }) => metadata.name === name);
    const shared = own.filter(({ metadata }) => metadata.annotations?.[CANARY] === 'true');
    const moved = [
      ...pathsOf(front).filter((path) => path.service !== name),
      ...shared.flatMap((ingress) =>
        pathsOf(ingress).map((path) => ({
          ...path,
          sharePercent: Number(ingress.metadata.annotations?.[CANARY_WEIGHT] ?? 0),
        })),
      ),
    ];
    return [
      {
        name,
        namespace,
        host: front?.spec.rules?.[0]?.host,
        at: addressOf(at),
        moved: moved.sort((a, b) => (a.path < b.path ? -1 : 1)),
      },
    ];
  });
}

/**
 * `192.0.2.7:8080`, `old.example.com` (port 80), `[2001:db8::7]:80`.
 * @throws UserError for anything else, exit status 2
 */
export function addressOf(text: string): OldSystem['at'] {
  const match = /^(?:\[([^\]]+)\]|([^:[\]/\s]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? 80);
  const isName = host !== undefined && /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(host);
  if (host === undefined || !(isName || isIP(host)) || port < 1 || port > 65_535) {
    throw new UserError('--legacy', `"${text}" is no HOST:PORT`, 'Name the old system: --legacy old.example.com:8080', {
      exitStatus: 2,
    });
  }
  return { host: isIP(host) ? host : host.toLowerCase(), port };
}

export function addressText({ host, port }: OldSystem['at']): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The Ingress that takes a share of a path. */
export function shareName(system: string, path: string): string {
  const words = path
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 30);
  // Two paths may have the same words: `/a/b` and `/a-b`.
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 6);
  return [system, words, hash].filter((word) => word !== '').join('-');
}

function labelsOf(name: string): Record<string, string> {
  return { 'app.kubernetes.io/managed-by': 'wherry', [OFFLOAD_LABEL]: name };
}

function backend(name: string, number: number) {
  return { service: { name, port: { number } } };
}

function oldService({ at }: OldSystem, metadata: Manifest['metadata']): Manifest[] {
  const annotated = { ...metadata, annotations: { [AT_ANNOTATION]: addressText(at) } };
  const ports = [{ name: OLD_PORT_NAME, port: at.port, targetPort: at.port, protocol: 'TCP' }];
  const family = isIP(at.host);
  if (family === 0) {
    return [manifest('v1', 'Service', annotated, { spec: { type: 'ExternalName', externalName: at.host, ports } })];
  }
  const slice: Omit<EndpointSlice, 'apiVersion' | 'kind' | 'metadata'> = {
    addressType: family === 6 ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [at.host], conditions: { ready: true } }],
    ports: [{ name: OLD_PORT_NAME, port: at.port, protocol: 'TCP' }],
  };
  const labels = {
    ...metadata.labels,
    'kubernetes.io/service-name': metadata.name,
    'endpointslice.kubernetes.io/managed-by': 'wherry',
  };
  return [
    manifest('v1', 'Service', annotated, { spec: { ports } }),
    manifest('discovery.k8s.io/v1', 'EndpointSlice', { ...metadata, labels }, { ...slice }),
  ];
}

function pathsOf(ingress: Ingress | undefined): MovedPath[] {
  return (ingress?.spec.rules ?? []).flatMap(({ http }) =>
    (http?.paths ?? []).flatMap(({ path = '/', backend: { service } }) =>
      service ? [{ path, service: service.name, port: service.port?.number ?? 80, sharePercent: 100 }] : [],
    ),
  );
}
