import { createSocket, type Socket as DatagramSocket, type RemoteInfo } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { type Clock, codeOf, type Timer } from '../../base/index.ts';

const CONNECT_TRIES_MAX = 5;
const UDP_CLIENTS_MAX = 1000;
const UDP_IDLE_MS = 60_000;

/**
 * Joins a connection from outside with one to `address:port` inside. A refused connection is tried again: the service's
 * rules then choose anew, so that a pod just going is not noticed outside. Half-closing passes through.
 */
export function joinTcp(outside: Socket, address: string, port: number, tried = 1): void {
  const inside = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
  const giveUp = (): void => {
    inside.destroy();
  };
  outside.once('close', giveUp);
  outside.setNoDelay(true);
  inside.once('error', (error) => {
    outside.off('close', giveUp);
    if (outside.destroyed) return;
    if (codeOf(error) === 'ECONNREFUSED' && tried < CONNECT_TRIES_MAX) joinTcp(outside, address, port, tried + 1);
    else outside.resetAndDestroy();
  });
  inside.once('connect', () => {
    inside.removeAllListeners('error');
    pipeline(outside, inside, outside, (error) => {
      if (!error) return;
      // A cut connection must look cut on the other side too.
      if (!outside.destroyed) outside.resetAndDestroy();
      if (!inside.destroyed) inside.resetAndDestroy();
    });
  });
}

interface UdpClient {
  readonly socket: DatagramSocket;
  readonly address: string;
  readonly port: number;
  lastSeen: number;
  timer: Timer;
}

/** Leads datagrams in, from a socket of its own for each client, so that answers find their way back. */
export class UdpPipe {
  readonly #outside: DatagramSocket;
  readonly #clock: Clock;
  readonly #clients = new Map<string, UdpClient>();

  /** `target` is asked for each new client. */
  constructor(outside: DatagramSocket, clock: Clock, target: () => { address: string; port: number } | undefined) {
    this.#outside = outside;
    this.#clock = clock;
    outside.on('message', (message, from) => {
      const client = this.#clients.get(`${from.address} ${from.port}`) ?? this.#open(from, target());
      if (!client) return;
      client.lastSeen = clock.monotonic();
      client.socket.send(message, client.port, client.address, () => {});
    });
  }

  close(): void {
    for (const key of this.#clients.keys()) this.#forget(key);
    this.#outside.close();
  }

  /** Later clients go elsewhere, and so do those already here. */
  redirect(): void {
    for (const key of this.#clients.keys()) this.#forget(key);
  }

  #open(from: RemoteInfo, target: { address: string; port: number } | undefined): UdpClient | undefined {
    if (!target || this.#clients.size >= UDP_CLIENTS_MAX) return undefined;
    const key = `${from.address} ${from.port}`;
    const socket = createSocket('udp4');
    socket.on('error', () => this.#forget(key));
    socket.on('message', (answer, sender) => {
      const client = this.#clients.get(key);
      if (client?.address !== sender.address || client.port !== sender.port) return;
      client.lastSeen = this.#clock.monotonic();
      this.#outside.send(answer, from.port, from.address, () => {});
    });
    const client: UdpClient = {
      socket,
      ...target,
      lastSeen: this.#clock.monotonic(),
      timer: this.#watch(key, UDP_IDLE_MS),
    };
    this.#clients.set(key, client);
    return client;
  }

  #watch(key: string, delayMs: number): Timer {
    return this.#clock.after(delayMs, () => {
      const client = this.#clients.get(key);
      if (!client) return;
      const left = client.lastSeen + UDP_IDLE_MS - this.#clock.monotonic();
      if (left <= 0) this.#forget(key);
      else client.timer = this.#watch(key, left);
    });
  }

  #forget(key: string): void {
    const client = this.#clients.get(key);
    if (!client) return;
    this.#clients.delete(key);
    client.timer.cancel();
    client.socket.close();
  }
}
