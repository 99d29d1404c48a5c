import type { EndpointSlice, Ingress, IngressClass, Secret, Service } from '../kinds/index.ts';
import type { Canary, IngressRule, IngressState } from '../network/index.ts';
import { endpointsOf } from './service-endpoints.ts';

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

export interface IngressWorld {
  /** The class that this cluster's own ingress serves. */
  readonly className: string;
  classOf(name: string): IngressClass | undefined;
  service(namespace: string, name: string): Service | undefined;
  slices(namespace: string, service: string): readonly EndpointSlice[];
  secret(namespace: string, name: string): Secret | undefined;
}

/** `namespace/name` of what an ingress state was made of: a change of any of them asks for a new one. */
export interface IngressSources {
  readonly services: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
}

/**
 * Whether an ingress is ours to serve: its class is ours or has our class's controller; or it names none, which happens
 * only where no class was the default when it was made.
 */
export function isServed(ingress: Ingress, world: IngressWorld): boolean {
  const name = ingress.spec.ingressClassName ?? ingress.metadata.annotations?.[CLASS_ANNOTATION];
  if (name === undefined || name === world.className) return true;
  const controller = world.classOf(world.className)?.spec.controller;
  return controller !== undefined && world.classOf(name)?.spec.controller === controller;
}

/** Everything the ingress server needs of the ingresses given, which are all served; the oldest goes first. */
export function ingressState(
  ingresses: readonly Ingress[],
  world: IngressWorld,
): { state: IngressState; sources: IngressSources } {
  const rules: IngressRule[] = [];
  const certificates = new Map<string, { certificate: string; key: string }>();
  const services = new Set<string>();
  const secrets = new Set<string>();
  const fallbacks: IngressRule[] = [];
  for (const ingress of [...ingresses].sort(byAge)) {
    const namespace = ingress.metadata.namespace ?? '';
    const owner = `${namespace}/${ingress.metadata.name}`;
    const backendsOf = (backend: NonNullable<Ingress['spec']['defaultBackend']>): IngressRule['backends'] => {
      if (!backend.service) return [];
      services.add(`${namespace}/${backend.service.name}`);
      return serviceBackends(world, namespace, backend.service);
    };
    const canary = canaryOf(ingress);
    for (const { host = '', http } of ingress.spec.rules ?? []) {
      for (const { path, pathType, backend } of http?.paths ?? []) {
        const claim = { host, path: path || '/', pathType: pathTypeOf(pathType) };
        rules.push({ ...claim, backends: backendsOf(backend), owner, ...(canary ? { canary } : {}) });
      }
    }
    const { defaultBackend } = ingress.spec;
    if (defaultBackend && !canary) {
      fallbacks.push({ host: '', path: '/', pathType: 'Prefix', backends: backendsOf(defaultBackend), owner });
    }
    for (const { hosts, secretName } of ingress.spec.tls ?? []) {
      if (!secretName) continue;
      secrets.add(`${namespace}/${secretName}`);
      const pair = certificateOf(world.secret(namespace, secretName));
      if (!pair) continue;
      for (const host of hosts?.length ? hosts : ['']) {
        if (!certificates.has(host.toLowerCase())) certificates.set(host.toLowerCase(), pair);
      }
    }
  }
  return { state: { rules: [...rules, ...fallbacks], certificates }, sources: { services, secrets } };
}

/** The annotations of ingress-nginx, which other tools write too. */
function canaryOf({ metadata }: Ingress): Canary | undefined {
  const said = (key: string): string | undefined => metadata.annotations?.[`nginx.ingress.kubernetes.io/${key}`];
  if (said('canary') !== 'true') return undefined;
  const total = Number(said('canary-weight-total') ?? 100) || 100;
  const share = Number(said('canary-weight') ?? 0) || 0;
  const header = said('canary-by-header')?.toLowerCase();
  const headerValue = said('canary-by-header-value');
  const cookie = said('canary-by-cookie');
  return {
    weightPercent: Math.min(100, Math.max(0, (share * 100) / total)),
    ...(header === undefined ? {} : { header }),
    ...(headerValue === undefined ? {} : { headerValue }),
    ...(cookie === undefined ? {} : { cookie }),
  };
}

function serviceBackends(
  world: IngressWorld,
  namespace: string,
  wanted: { name: string; port?: { name?: string; number?: number } },
): IngressRule['backends'] {
  const service = world.service(namespace, wanted.name);
  const port = service?.spec.ports?.find(({ name, port: number }) =>
    wanted.port?.name ? name === wanted.port.name : number === wanted.port?.number,
  );
  if (!service || !port) return [];
  if (service.spec.type === 'ExternalName' && service.spec.externalName) {
    return [{ address: service.spec.externalName, port: port.port }];
  }
  return endpointsOf(port, world.slices(namespace, wanted.name)).map(({ address, port: target }) => ({
    address,
    port: target,
  }));
}

function pathTypeOf(pathType: string): IngressRule['pathType'] {
  return pathType === 'Exact' || pathType === 'Prefix' ? pathType : 'ImplementationSpecific';
}

function certificateOf(secret: Secret | undefined): { certificate: string; key: string } | undefined {
  const certificate = secret?.data?.['tls.crt'];
  const key = secret?.data?.['tls.key'];
  if (!certificate || !key) return undefined;
  return {
    certificate: Buffer.from(certificate, 'base64').toString('utf8'),
    key: Buffer.from(key, 'base64').toString('utf8'),
  };
}

/** Creation time, then name: as other ingress controllers settle two claims to one path. */
export function byAge(one: Ingress, other: Ingress): number {
  return ageKey(one) < ageKey(other) ? -1 : 1;
}

function ageKey({ metadata }: Ingress): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.namespace}/${metadata.name}`;
}
