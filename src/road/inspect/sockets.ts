import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { UserError } from '../../base/index.ts';
import type { ServiceKind } from '../project/index.ts';
import type { ConnectionFact, SocketFact } from './contract.ts';
import { allProcesses } from './process-list.ts';

const ESTABLISHED = '01';
const LISTEN = '0A';
const USUAL_PORTS: Readonly<Record<number, ServiceKind>> = {
  3306: 'mysql',
  5432: 'postgres',
  6379: 'redis',
  27017: 'mongodb',
  5672: 'rabbitmq',
  11211: 'memcached',
  9000: 's3',
};

interface Row {
  readonly local: { readonly address: string; readonly port: number };
  readonly remote: { readonly address: string; readonly port: number };
  readonly state: string;
  readonly inode: string;
  readonly source: string;
}

/** The sockets of processes that share a network namespace: what they listen on, and which servers they talk to. */
export function socketsOf(processes: readonly number[]): { listening: SocketFact[]; connections: ConnectionFact[] } {
  const inodes = new Set(processes.flatMap(socketsHeld));
  const rows = rowsOf(processes[0] ?? 0).filter(({ inode }) => inodes.has(inode));
  const listening = rows
    .filter(({ state }) => state === LISTEN)
    .map(({ local, source }) => ({ ...local, source }))
    .sort((a, b) => a.port - b.port);
  const own = new Set(listening.map(({ port }) => port));
  const connections = new Map<string, ConnectionFact>();
  for (const { local, remote, state, source } of rows) {
    // What came in at a port of its own is a client.
    if (state !== ESTABLISHED || own.has(local.port)) continue;
    const key = `${remote.address}:${remote.port}`;
    if (!connections.has(key)) connections.set(key, { ...remote, kind: USUAL_PORTS[remote.port], source });
  }
  return { listening, connections: [...connections.values()] };
}

/**
 * The process that listens on a port of this network namespace; of several that share the socket the one that started
 * the others.
 * @throws UserError when nobody does, or the owner cannot be seen.
 */
export function listenerOf(port: number): number {
  const inodes = new Set(
    rowsOf(process.pid)
      .filter(({ state, local }) => state === LISTEN && local.port === port)
      .map(({ inode }) => inode),
  );
  if (inodes.size === 0) throw new UserError(`:${port}`, 'nothing listens on this port', 'See what does: ss -tln');
  const processes = allProcesses();
  const owners = new Map(
    processes.filter(({ id }) => socketsHeld(id).some((inode) => inodes.has(inode))).map((one) => [one.id, one.parent]),
  );
  // With socket activation the first process of the machine holds the socket as well.
  if (owners.size > 1) owners.delete(1);
  const [first] = [...owners].filter(([, parent]) => !owners.has(parent)).map(([id]) => id);
  if (first === undefined)
    throw new UserError(
      `:${port}`,
      'the process behind it belongs to another user',
      `Ask as root: sudo wherry inspect :${port}`,
    );
  return first;
}

function socketsHeld(id: number): string[] {
  try {
    return readdirSync(`/proc/${id}/fd`).flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${id}/fd/${name}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

/** The tables of a process's network namespace (proc_net(5)). */
function rowsOf(id: number): Row[] {
  return ['tcp', 'tcp6'].flatMap((table) => {
    const path = `/proc/${id}/net/${table}`;
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      return [];
    }
    return text
      .split('\n')
      .slice(1)
      .flatMap((line, index) => {
        const [, local = '', remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
        return inode === ''
          ? []
          : [{ local: endOf(local), remote: endOf(remote), state, inode, source: `${path}:${index + 2}` }];
      });
  });
}

/** `0100007F:1F90`: the address in words of the machine's byte order, the port in network order. */
export function endOf(text: string): { address: string; port: number } {
  const [hex = '', port = '0'] = text.split(':');
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  return { address: bytes.length === 4 ? bytes.join('.') : sixth(bytes), port: Number.parseInt(port, 16) };
}

function sixth(bytes: readonly number[]): string {
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (mapped) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  // RFC 5952: the longest run of zeros is left out.
  const text = groups.join(':');
  const longest = (text.match(/(?:^|:)0(?::0)+(?=:|$)/g) ?? []).sort((a, b) => b.length - a.length)[0];
  return longest === undefined
    ? text
    : text
        .replace(longest, ':')
        .replace(/^:(?!:)/, '::')
        .replace(/(?<!:):$/, '::');
}
