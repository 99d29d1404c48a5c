import { Writable } from 'node:stream';
import type { Clock } from '../../base/index.ts';
import type { RoadClient } from './contract.ts';

/** Why nobody answers at the port that a probe asks. */
export interface Refusal {
  readonly text: string;
  readonly wayOut: string;
  /** Seen in the container: waiting longer will hardly help. */
  readonly certain: boolean;
}

export interface ListeningSocket {
  readonly port: number;
  /** Only programs of the same pod reach it. */
  readonly loopback: boolean;
}

const LISTEN = '0A';
const LOOK_MS = 5_000;
const TABLES_BYTES_MAX = 256 * 1024;
const PORTS_MAX = 5;
// 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104, each word in the byte order of little-endian machines (proc_net(5)).
const LOOPBACK = /^(?:.{6}7F|0{24}01000000|0{16}FFFF0000.{6}7F)$/i;

/** The port that a probe's failure names as refused; undefined when it failed for another reason. */
export function refusedPort(message: string): number | undefined {
  const port = /dial tcp \S*:(\d+): connect: connection refused/.exec(message)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** What is listened on, from the text of /proc/net/tcp and tcp6 (proc_net(5)), by port. */
export function listeningIn(tables: string): ListeningSocket[] {
  const found = new Map<number, ListeningSocket>();
  for (const line of tables.split('\n')) {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [, address, hex] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/i.exec(local) ?? [];
    if (state !== LISTEN || address === undefined || hex === undefined) continue;
    const port = Number.parseInt(hex, 16);
    const loopback = LOOPBACK.test(address) && found.get(port)?.loopback !== false;
    found.set(port, { port, loopback });
  }
  return [...found.values()].sort((a, b) => a.port - b.port);
}

/** `sockets`: what the pod listens on; undefined when it could not be looked into. */
export function refusalOf(port: number, sockets: readonly ListeningSocket[] | undefined): Refusal {
  const nobody = `connection refused: nothing listens on port ${port}, where the app is asked for`;
  const elsewhere = 'If the app listens on another port, say which in wherry.yaml (port: 3000), or let it read PORT.';
  if (sockets === undefined) return { text: nobody, wayOut: elsewhere, certain: false };
  const asked = sockets.find((socket) => socket.port === port);
  if (asked?.loopback) {
    return {
      text: `connection refused: the app listens on port ${port} of localhost only, which nobody outside its pod reaches`,
      wayOut: `Let the app listen on 0.0.0.0 (or ::) instead of localhost; wherry check shows the line.`,
      certain: true,
    };
  }
  // It listens by now; the probe's next try will tell.
  if (asked) return { text: `port ${port} has only just opened`, wayOut: elsewhere, certain: false };
  const open = sockets.filter(({ loopback }) => !loopback).map((socket) => socket.port);
  const [only] = open;
  if (only !== undefined) {
    const ports = open.length === 1 ? `port ${only}` : `ports ${open.slice(0, PORTS_MAX).join(', ')}`;
    return {
      text: `${nobody}; it listens on ${ports}`,
      wayOut: `Say it in wherry.yaml (port: ${only}), or let the app listen on the port that PORT names, here ${port}.`,
      certain: true,
    };
  }
  const inside = sockets.filter(({ loopback }) => loopback).map((socket) => socket.port);
  if (inside.length > 0) {
    return {
      text: `${nobody}; it listens on localhost only, on port ${inside.slice(0, PORTS_MAX).join(', ')}`,
      wayOut: `Let the app listen on 0.0.0.0 (or ::), on the port that PORT names, here ${port}.`,
      certain: false,
    };
  }
  return {
    text: `connection refused: the app runs, but listens on no port yet; it is asked for on port ${port}`,
    wayOut: 'Its log tells what it waits for.',
    certain: false,
  };
}

/** Looks into a container for what it listens on; undefined when that cannot be seen (no `cat` in it, no right to exec). */
export async function lookForSockets(
  client: RoadClient,
  clock: Clock,
  at: { readonly namespace: string; readonly pod: string; readonly container: string },
): Promise<ListeningSocket[] | undefined> {
  if (!client.exec) return undefined;
  let tables = '';
  const take = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (tables.length < TABLES_BYTES_MAX) tables += chunk.toString();
      done();
    },
  });
  const drop = new Writable({ write: (_chunk, _encoding, done) => done() });
  // Where IPv6 is off there is no second table, and cat ends with 1 after the first.
  const command = ['cat', '/proc/net/tcp', '/proc/net/tcp6'];
  const looked = client
    .exec({ ...at, command, tty: false, stdin: undefined, stdout: take, stderr: drop })
    .catch(() => undefined);
  const bound = new AbortController();
  await Promise.race([looked, clock.sleep(LOOK_MS, bound.signal).catch(() => undefined)]);
  bound.abort();
  // The tables begin with a line of headings; without it nothing was read.
  return tables.includes('local_address') ? listeningIn(tables) : undefined;
}
