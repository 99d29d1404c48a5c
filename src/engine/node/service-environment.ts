import type { Service } from '../kinds/index.ts';

/** Every pod sees this one, of whatever namespace, since it leads to the API. */
const MASTER = { namespace: 'default', name: 'kubernetes' };

/**
 * The variables that tell a pod of the services in its namespace (upstream's pkg/kubelet/envvars, with Docker's links).
 * Headless services have none. `links`: enableServiceLinks; without it only those of `kubernetes`.
 */
export function serviceEnvironment(
  services: readonly Service[],
  namespace: string,
  links: boolean,
): Map<string, string> {
  const chosen = new Map<string, Service>();
  for (const service of services) {
    const { name, namespace: home } = service.metadata;
    const address = service.spec?.clusterIP;
    if (!address || address === 'None') continue;
    if (home === MASTER.namespace && name === MASTER.name) {
      if (!chosen.has(name)) chosen.set(name, service);
    } else if (links && home === namespace) {
      chosen.set(name, service);
    }
  }
  const variables = new Map<string, string>();
  for (const service of [...chosen.values()].sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1))) {
    addVariables(variables, service);
  }
  return variables;
}

function addVariables(variables: Map<string, string>, service: Service): void {
  const prefix = variableName(service.metadata.name);
  const address = service.spec?.clusterIP ?? '';
  const ports = service.spec?.ports ?? [];
  const first = ports[0];
  if (!first) return;
  const bracketed = address.includes(':') ? `[${address}]` : address;
  variables.set(`${prefix}_SERVICE_HOST`, address);
  variables.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const port of ports) {
    if (port.name) variables.set(`${prefix}_SERVICE_PORT_${variableName(port.name)}`, String(port.port));
  }
  for (const [index, port] of ports.entries()) {
    const protocol = port.protocol ?? 'TCP';
    const url = `${protocol.toLowerCase()}://${bracketed}:${port.port}`;
    const link = `${prefix}_PORT_${port.port}_${protocol}`;
    if (index === 0) variables.set(`${prefix}_PORT`, url);
    variables.set(link, url);
    variables.set(`${link}_PROTO`, protocol.toLowerCase());
    variables.set(`${link}_PORT`, String(port.port));
    variables.set(`${link}_ADDR`, address);
  }
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
