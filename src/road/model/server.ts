import type { Probe, ResourceRequirements } from '../../engine/kinds/index.ts';
import type { AddressPart, BackingService, ServiceKind } from '../project/index.ts';
import type { PartRole, SecretValue } from './contract.ts';

/** How one kind of backing service is run, asked and reached; its shell lines run in its own image. */
export interface Server {
  readonly kind: ServiceKind;
  readonly role: PartRole;
  /** Ends the name of its part: `users-redis`. */
  readonly ending: string;
  readonly port: number;
  /** Where its data lies; undefined: it keeps none. */
  readonly dataPath?: string;
  /** Environment variable to key of its Secret. */
  readonly hidden: Readonly<Record<string, string>>;
  readonly plain: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  /** Good when it answers a question with the app's own credentials. */
  readonly ready: Probe;
  /** Good while the process works, whatever it thinks of credentials. */
  readonly alive: Probe;
  /** Keys of its Secret. */
  readonly values: (asked: Asked) => Readonly<Record<string, SecretValue>>;
  /** What a variable that carries a part of its address is given; host and port are the same for all. */
  readonly address: Readonly<Record<Exclude<AddressPart, 'host' | 'port'>, Given>>;
  /** Waits for the server, then runs an SQL file; undefined for servers without SQL. */
  readonly seed?: (host: string, sql: string, asAdministrator: boolean) => string;
  readonly resources: ResourceRequirements;
  /** The user of its image, where that is not root. */
  readonly user?: { readonly userId: number; readonly groupId?: number };
}

/** What the app wants of a server. */
export interface Asked {
  readonly service: BackingService;
  /** The name it is reached by. */
  readonly host: string;
  /** Name of the database, bucket or virtual host. */
  readonly name: string;
  /** Of the app in it. */
  readonly user: string;
}

export type Given =
  /** A key of the server's Secret. */
  { readonly key: string } | { readonly text: (host: string, port: number) => string };

export const random: SecretValue = { is: 'random' };
export const text = (value: string): SecretValue => ({ is: 'text', text: value });
export const joined = (template: string): SecretValue => ({ is: 'joined', template });

/**
 * The address with credentials: in the form the driver reads, else in the server's usual one. Host and port are put in;
 * the keys of its Secret are left to be.
 */
export function address({ service, host }: Asked, port: number, usual: string): SecretValue {
  const template = service.addressTemplate ?? `${service.scheme}://${usual}`;
  return joined(template.replaceAll(`\${host}`, host).replaceAll(`\${port}`, String(port)));
}

/** A probe by a shell line. */
export function shell(line: string): Probe {
  return { exec: { command: ['sh', '-c', line] } };
}

/** Requests and a limit of memory. */
export function memory(request: string, limit: string): ResourceRequirements {
  return { requests: { cpu: '50m', memory: request }, limits: { memory: limit } };
}

/** Bounded: after 120 s the Job fails and says so, and is tried again by its back-off. */
export function waitFor(question: string, host: string): string {
  return [
    'tries=0',
    `until ${question} >/dev/null 2>&1; do`,
    '  tries=$((tries+1))',
    `  if [ "$tries" -ge 240 ]; then echo "${host} does not answer"; exit 1; fi`,
    '  sleep 0.5',
    'done',
  ].join('\n');
}
