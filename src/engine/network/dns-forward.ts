import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Clock } from '../../base/index.ts';

const UPSTREAM_TIMEOUT_MS = 2000;
const IN_FLIGHT_MAX = 1000;

/** Passes questions on to the resolvers outside, each tried in turn. */
export class DnsForwarder {
  readonly #upstreams: readonly string[];
  readonly #clock: Clock;
  #inFlight = 0;

  constructor(upstreams: readonly string[], clock: Clock) {
    this.#upstreams = upstreams;
    this.#clock = clock;
  }

  get isPossible(): boolean {
    return this.#upstreams.length > 0;
  }

  /**
   * The answer to one message as it came, over the transport it came by, so that a truncated answer is asked again over
   * TCP by the client itself. Rejects when no resolver answers in time, or too many questions are under way.
   */
  async ask(message: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer> {
    if (this.#inFlight >= IN_FLIGHT_MAX) throw new Error('forward question: too many under way');
    this.#inFlight++;
    try {
      let failure: unknown = new Error('forward question: no resolver outside');
      for (const upstream of this.#upstreams) {
        try {
          return await (transport === 'udp' ? askUdp(message, upstream, this.#clock) : askTcp(message, upstream));
        } catch (error) {
          failure = error;
        }
      }
      throw failure;
    } finally {
      this.#inFlight--;
    }
  }
}

function place(upstream: string): { host: string; port: number } {
  const [host = '', port] = upstream.split(':');
  return { host, port: port === undefined ? 53 : Number(port) };
}

/** A socket of its own for each question: its random port is part of what a forged answer would have to guess. */
function askUdp(message: Buffer, upstream: string, clock: Clock): Promise<Buffer> {
  const { host, port } = place(upstream);
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const end = (settle: () => void): void => {
      timer.cancel();
      socket.close();
      settle();
    };
    const timer = clock.after(UPSTREAM_TIMEOUT_MS, () => end(() => reject(new Error(`ask ${upstream}: no answer`))));
    socket.on('error', (error) => end(() => reject(error)));
    socket.on('message', (answer) => {
      if (answer.length >= 12 && answer.readUInt16BE(0) === message.readUInt16BE(0)) end(() => resolve(answer));
    });
    socket.connect(port, host, () => socket.send(message));
  });
}

function askTcp(message: Buffer, upstream: string): Promise<Buffer> {
  const { host, port } = place(upstream);
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    let received = Buffer.alloc(0);
    socket.setTimeout(UPSTREAM_TIMEOUT_MS, () => socket.destroy(new Error(`ask ${upstream}: no answer`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`ask ${upstream}: closed without an answer`)));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length >= 2 ? received.readUInt16BE(0) : Number.POSITIVE_INFINITY;
      if (received.length < length + 2) return;
      resolve(received.subarray(2, length + 2));
      socket.destroy();
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
  });
}
