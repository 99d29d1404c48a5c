import type { Port } from '../model/index.ts';
import type { ComposeValue } from './contract.ts';
import type { Draft, Handler } from './draft.ts';
import type { Path } from './path.ts';
import { type ShortPort, splitPort } from './port-syntax.ts';
import { childOf, faultAt, itemsOf, numberOf, textOf } from './value.ts';

const NAMES: Readonly<Record<number, string>> = {
  443: 'https',
  1433: 'mssql',
  1883: 'mqtt',
  3306: 'mysql',
  4222: 'nats',
  5432: 'postgres',
  5672: 'amqp',
  6379: 'redis',
  8443: 'https',
  9092: 'kafka',
  11211: 'memcached',
  27017: 'mongodb',
};
/** Ports that web servers and frameworks listen on. */
const WEB = new Set([80, 3000, 3001, 4000, 4200, 5000, 5173, 8000, 8008, 8080, 8081, 8088, 8888, 9000, 9090]);

export const ports: Handler = (value, path, draft) => {
  for (const [index, item] of itemsOf(value).entries()) {
    const place: Path = [...path, index];
    if (item.is === 'map') longPort(item, place, draft);
    else {
      const specs = splitPort(textOf(item) ?? '');
      if (typeof specs === 'string') throw badPort(item, specs);
      for (const spec of specs) publish(spec, item, place, draft, undefined, undefined);
    }
  }
};

function longPort(item: ComposeValue, place: Path, draft: Draft): void {
  const target = numberOf(childOf(item, 'target'));
  const published = textOf(childOf(item, 'published'));
  const protocol = textOf(childOf(item, 'protocol')) ?? 'tcp';
  const specs = splitPort(`${published === undefined || published === '' ? '' : `${published}:`}${target}/${protocol}`);
  if (typeof specs === 'string') throw badPort(item, specs);
  const hostAddress = textOf(childOf(item, 'host_ip'));
  const name = textOf(childOf(item, 'name'));
  const protocolName = textOf(childOf(item, 'app_protocol'));
  for (const spec of specs) publish({ ...spec, hostAddress }, item, place, draft, name, protocolName);
  if (textOf(childOf(item, 'mode')) === 'host') {
    draft.report.changed(
      [...place, 'mode'],
      item.at,
      'reached through its Service, not on the node itself',
      'For a port of every node make it a DaemonSet with hostPort.',
    );
  }
}

function publish(
  spec: ShortPort,
  item: ComposeValue,
  place: Path,
  draft: Draft,
  name: string | undefined,
  protocolName: string | undefined,
): void {
  const port = addPort(draft, spec.target, spec.protocol, name ?? nameByProtocol(protocolName), spec.published);
  draft.published.push({ port, path: place, at: item.at, protocolName });
  if (spec.anyOf !== undefined) {
    draft.report.changed(
      place,
      item.at,
      `of the ports ${spec.anyOf} compose takes one that is free; the Service has ${port.port}`,
    );
  }
  if (
    spec.hostAddress !== undefined &&
    spec.hostAddress !== '' &&
    spec.hostAddress !== '0.0.0.0' &&
    spec.hostAddress !== '::'
  ) {
    draft.report.changed(
      place,
      item.at,
      `not bound to ${spec.hostAddress}: a Service is reached inside the cluster, and outside only by the Ingress`,
    );
  }
}

export const expose: Handler = (value, path, draft) => {
  for (const [index, item] of itemsOf(value).entries()) {
    const specs = splitPort(textOf(item) ?? '');
    if (typeof specs === 'string') throw badPort(item, specs);
    for (const { target, protocol } of specs) addPort(draft, target, protocol, undefined, undefined);
    draft.report.mapped([...path, index], item.at, `port of the Service ${draft.name}`);
  }
};

/** Adds a port of the container and of its Service, unless it is there. */
export function addPort(
  draft: Draft,
  target: number,
  protocol: string,
  name: string | undefined,
  published: number | undefined,
): Port {
  const upper = protocol.toUpperCase() as Port['protocol'];
  const present = draft.ports.find((port) => port.target === target && port.protocol === upper);
  if (present) return present;
  const port: Port = {
    name: portName(draft, target, upper, name),
    target,
    // Others reach the container at the port that it listens on, so that is what the Service has too.
    port: target,
    protocol: upper,
    ...(published === undefined ? {} : { published }),
  };
  draft.ports.push(port);
  return port;
}

function portName(draft: Draft, target: number, protocol: Port['protocol'], wanted: string | undefined): string {
  const taken = new Set(draft.ports.map(({ name }) => name));
  const suffix = protocol === 'TCP' ? '' : `-${protocol.toLowerCase()}`;
  const isWeb = draft.known?.web === true || (draft.known === undefined && WEB.has(target));
  const own = wanted === undefined ? undefined : fitting(wanted);
  const usual = NAMES[target] ?? (isWeb && protocol === 'TCP' && !taken.has('http') ? 'http' : undefined);
  for (const name of [own, usual && `${usual}${suffix}`, `port-${target}${suffix}`]) {
    if (name !== undefined && !taken.has(name)) return name;
  }
  return `p-${target}-${taken.size}`;
}

/** A port's name: at most 15 of a-z, 0-9 and `-`, with a letter. */
function fitting(name: string): string | undefined {
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 15)
    .replace(/^-+|-+$/g, '');
  return /[a-z]/.test(label) ? label : undefined;
}

function nameByProtocol(protocolName: string | undefined): string | undefined {
  return protocolName === undefined ? undefined : fitting(protocolName.split('/').at(-1) ?? '');
}

function badPort(item: ComposeValue, fault: string): Error {
  const shown = item.is === 'scalar' ? JSON.stringify(item.text) : 'this';
  return faultAt(item.at, `${shown} is no port: ${fault}`, 'Write it as "8080:80", and always in quotes.');
}

/** Whether a published port speaks HTTP, as far as can be told. */
export function looksLikeWeb(draft: Draft, port: Port, protocolName: string | undefined): boolean {
  if (port.protocol !== 'TCP') return false;
  if (protocolName !== undefined)
    return /^(?:http|https|http2|h2c|grpc-web|kubernetes\.io\/(?:h2c|ws|wss))$/i.test(protocolName);
  if (port.name.startsWith('http') && port.name !== 'https') return true;
  if (draft.known) return draft.known.web === true && (port.target === draft.known.port || WEB.has(port.target));
  if (NAMES[port.target] !== undefined) return false;
  return WEB.has(port.target) || WEB.has(port.published ?? 0) || port.published === 443;
}
