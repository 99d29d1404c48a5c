import type { Socket as DatagramSocket } from 'node:dgram';
import { Server, type Socket } from 'node:net';
import type { Clock, Log } from '../../base/index.ts';
import type { Door } from './contract.ts';
import { type DoorFault, openDoors } from './door-opener.ts';
import { joinTcp, UdpPipe } from './door-pipes.ts';

interface OpenDoor {
  door: Door | undefined;
  readonly server: Server | undefined;
  readonly accept: ((socket: Socket) => void) | undefined;
  readonly pipe: UdpPipe | undefined;
  /** Connections that came before anyone said where the door leads. */
  readonly early: Socket[];
}

const EARLY_CONNECTIONS_MAX = 256;
const CONNECTIONS_MAX = 10_000;

/**
 * Listening sockets on the host. Wishes come in groups (services, host ports of pods); each group is given as a whole and
 * the union is open. A door that stays is not touched when only its target changes: its connections go on.
 */
export class Doors {
  readonly #hostNetworkNamespace: string | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #toIngress: (socket: Socket, isTls: boolean) => void;
  readonly #groups = new Map<string, readonly Door[]>();
  readonly #open = new Map<string, OpenDoor>();
  readonly #connections = new Set<Socket>();
  #turn: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(options: {
    hostNetworkNamespace: string | undefined;
    handed: ReadonlyMap<string, Server>;
    clock: Clock;
    log: Log;
    toIngress: (socket: Socket, isTls: boolean) => void;
  }) {
    this.#hostNetworkNamespace = options.hostNetworkNamespace;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#toIngress = options.toIngress;
    for (const [key, server] of options.handed) this.#keepServer(key, undefined, server);
  }

  /** Opens and closes until the doors of all groups are open; answers the faults of this group's doors. */
  set(group: string, doors: readonly Door[]): Promise<readonly DoorFault[]> {
    this.#groups.set(group, doors);
    const turn = this.#turn.then(() => this.#settle());
    this.#turn = turn;
    return turn.then((faults) => faults.filter(({ door }) => doors.includes(door)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#turn;
    for (const socket of this.#connections) socket.destroy();
    for (const key of [...this.#open.keys()]) this.#close(key);
  }

  async #settle(): Promise<readonly DoorFault[]> {
    if (this.#stopped) return [];
    const wanted = new Map<string, Door>();
    const faults: DoorFault[] = [];
    for (const door of [...this.#groups.values()].flat()) {
      const other = wanted.get(doorKey(door));
      if (!other) wanted.set(doorKey(door), door);
      else if (!leadsAlike(other, door)) {
        faults.push({ door, fault: `port ${door.hostPort} already leads to ${other.address}:${other.port}` });
      }
    }
    for (const [key, open] of this.#open) {
      const door = wanted.get(key);
      if (door) this.#lead(key, open, door);
      // One handed in and not asked for yet waits for its turn; it cannot be opened again cheaply.
      else if (open.door) this.#close(key);
    }
    const missing = [...wanted.values()].filter((door) => !this.#open.has(doorKey(door)));
    const opened = (door: Door, socket: Server | DatagramSocket): void => {
      if (socket instanceof Server) this.#keepServer(doorKey(door), door, socket);
      else this.#keepSocket(doorKey(door), door, socket);
    };
    faults.push(...(await openDoors(missing, this.#hostNetworkNamespace, this.#clock, opened)));
    return faults;
  }

  #keepServer(key: string, door: Door | undefined, server: Server): void {
    const accept = (socket: Socket): void => this.#accept(key, open, socket);
    const open: OpenDoor = { door, server, accept, pipe: undefined, early: [] };
    server.on('connection', accept);
    this.#open.set(key, open);
    if (door) this.#claim(key, server);
  }

  /** Not before a door leads somewhere: a server handed in may turn out to be for someone else, like the API. */
  #claim(key: string, server: Server): void {
    server.maxConnections = CONNECTIONS_MAX;
    // A server made of a handle that was passed in takes no options; this is where it keeps this one.
    Object.assign(server, { allowHalfOpen: true });
    server.on('error', (error) => this.#log.warn('door failed', { door: key, why: error.message }));
  }

  #keepSocket(key: string, door: Door, socket: DatagramSocket): void {
    const pipe = new UdpPipe(socket, this.#clock, () => open.door);
    const open: OpenDoor = { door, server: undefined, accept: undefined, pipe, early: [] };
    socket.on('error', (error) => this.#log.warn('door failed', { door: key, why: error.message }));
    this.#open.set(key, open);
  }

  #lead(key: string, open: OpenDoor, door: Door): void {
    const before = open.door;
    open.door = door;
    if (before) {
      if (!leadsAlike(before, door)) open.pipe?.redirect();
      return;
    }
    if (open.server) this.#claim(key, open.server);
    for (const socket of open.early.splice(0)) {
      if (socket.destroyed) continue;
      socket.allowHalfOpen = true;
      this.#take(door, socket);
    }
  }

  #accept(key: string, open: OpenDoor, socket: Socket): void {
    if (open.door) this.#take(open.door, socket);
    else if (open.server && open.server.listenerCount('connection') > 1) this.#stepAside(key, open);
    else if (open.early.length < EARLY_CONNECTIONS_MAX) open.early.push(socket);
    else socket.destroy();
  }

  /** Somebody else serves this one; what came before they did is theirs too. */
  #stepAside(key: string, open: OpenDoor): void {
    this.#open.delete(key);
    if (open.accept) open.server?.off('connection', open.accept);
    for (const socket of open.early.splice(0)) if (!socket.destroyed) open.server?.emit('connection', socket);
  }

  #take(door: Door, socket: Socket): void {
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('error', () => socket.destroy());
    this.#pass(door, socket);
  }

  #pass(door: Door, socket: Socket): void {
    if (door.ingress) this.#toIngress(socket, door.ingress === 'https');
    else joinTcp(socket, door.address, door.port);
  }

  #close(key: string): void {
    const open = this.#open.get(key);
    this.#open.delete(key);
    for (const socket of open?.early ?? []) socket.destroy();
    open?.server?.close();
    open?.pipe?.close();
  }
}

/** `tcp/127.0.0.1:80`: the name of a listening socket, also of those handed in. */
export function doorKey(door: Door): string {
  return `${door.protocol}/${door.hostAddress}:${door.hostPort}`;
}

function leadsAlike(one: Door, other: Door): boolean {
  return one.address === other.address && one.port === other.port && one.ingress === other.ingress;
}
