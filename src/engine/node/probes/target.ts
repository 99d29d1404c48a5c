import type { IntOrString } from '../../kinds/index.ts';
import type { AnyContainer } from '../pod-spec.ts';

/** A port by number or by the name the container gives it. @throws for an unknown name */
export function portNumber(port: IntOrString, container: AnyContainer): number {
  const number =
    typeof port === 'number'
      ? port
      : /^\d+$/.test(port)
        ? Number(port)
        : container.ports?.find(({ name }) => name === port)?.containerPort;
  if (number === undefined)
    throw new Error(`couldn't find port: ${JSON.stringify(port)} in container ${container.name}`);
  if (number < 1 || number > 65_535) throw new Error(`invalid port number: ${number}`);
  return number;
}

/** An address and port as a URL has them. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The error of a connection in the words of Go's net package. */
export function dialFault(error: unknown, address: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
    ECONNRESET: 'connect: connection reset by peer',
    ETIMEDOUT: 'connect: connection timed out',
  };
  return `dial tcp ${address}: ${words[code] ?? (error instanceof Error ? error.message : String(error))}`;
}
