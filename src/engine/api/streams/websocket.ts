import type { IncomingMessage } from 'node:http';
import { Readable, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import { badRequest } from '../../kinds/index.ts';
import type { Exchange } from '../exchange.ts';
import { headerOf } from '../http.ts';

const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;

/** The sub-protocols that the client offers, in its order. */
export function offeredProtocols({ request }: Exchange): string[] {
  return (headerOf(request.headers, 'sec-websocket-protocol') ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

export function isWebSocket({ request, upgrade }: Exchange): boolean {
  return upgrade !== undefined && headerOf(request.headers, 'upgrade')?.toLowerCase() === 'websocket';
}

/**
 * Makes the connection a WebSocket with the first of the client's sub-protocols that is one of `known` (the empty one:
 * none at all). @throws StatusError 400 when there is none
 */
export async function acceptWebSocket(
  exchange: Exchange,
  known: readonly string[],
): Promise<{ socket: WebSocket; protocol: string }> {
  const offered = offeredProtocols(exchange);
  const protocol =
    offered.find((word) => known.includes(word)) ?? (offered.length === 0 && known.includes('') ? '' : undefined);
  if (protocol === undefined || !exchange.upgrade) {
    throw badRequest(`unable to upgrade: unsupported sub-protocols [${offered.join(' ')}]`);
  }
  const { WebSocketServer } = await import('ws');
  const server = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_MAX, perMessageDeflate: false });
  // The library refuses names that are no RFC 6455 token, as SPDY/3.1+portforward.k8s.io is none: it is kept out of its sight.
  const request = exchange.request as unknown as IncomingMessage;
  delete request.headers['sec-websocket-protocol'];
  const audit = (exchange.response as { getHeader?: (name: string) => unknown }).getHeader?.('audit-id');
  server.on('headers', (lines) => {
    if (protocol) lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
    if (typeof audit === 'string') lines.push(`Audit-Id: ${audit}`);
  });
  const { socket, head } = exchange.upgrade;
  releaseResponse(exchange);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate());
      resolve({ socket: webSocket, protocol });
    });
  });
}

/** The response object is there to refuse with; from here on the connection speaks another protocol. */
export function releaseResponse({ response, upgrade }: Exchange): void {
  const owner = response as unknown as { detachSocket(socket: unknown): void; statusCode: number };
  owner.statusCode = 101;
  if (upgrade) owner.detachSocket(upgrade.socket);
}

/**
 * Numbered channels in one WebSocket (k8s.io/apimachinery httpstream/wsstream): a message's first byte is its channel,
 * or its first digit with base64 behind it where the sub-protocol begins with `base64.`.
 */
export class Channels {
  readonly #socket: WebSocket;
  readonly #base64: boolean;
  readonly #readers = new Map<number, Readable>();
  readonly #listeners = new Map<number, (data: Buffer) => void>();

  constructor(socket: WebSocket, protocol: string) {
    this.#socket = socket;
    this.#base64 = protocol.startsWith('base64.');
    const closes = protocol === 'v5.channel.k8s.io';
    socket.on('message', (message: Buffer | ArrayBuffer | Buffer[]) => {
      const bytes = Buffer.isBuffer(message)
        ? message
        : Buffer.concat([message].flat().map((one) => Buffer.from(one as Buffer)));
      if (bytes.length === 0) return;
      const channel = this.#base64 ? (bytes[0] ?? 0) - 48 : (bytes[0] ?? 0);
      const data = this.#base64 ? Buffer.from(bytes.toString('latin1', 1), 'base64') : bytes.subarray(1);
      if (closes && channel === 255) {
        this.#readers.get(data[0] ?? -1)?.push(null);
        this.#readers.delete(data[0] ?? -1);
        return;
      }
      this.#listeners.get(channel)?.(data);
      const reader = this.#readers.get(channel);
      if (reader && data.length > 0 && !reader.push(data)) socket.pause();
    });
    socket.on('close', () => {
      for (const reader of this.#readers.values()) reader.push(null);
      this.#readers.clear();
    });
  }

  /** What comes in on a channel; ends with the connection, or when the client closes the channel (v5). */
  reader(channel: number): Readable {
    const reader = new Readable({ read: () => this.#socket.resume() });
    reader.on('error', () => {});
    this.#readers.set(channel, reader);
    return reader;
  }

  listen(channel: number, listener: (data: Buffer) => void): void {
    this.#listeners.set(channel, listener);
  }

  writer(channel: number): Writable {
    const writer = new Writable({
      write: (chunk: Buffer, _encoding, done) => this.send(channel, chunk, done),
    });
    writer.on('error', () => {});
    return writer;
  }

  send(channel: number, data: Buffer, done: (error?: Error | null) => void = () => {}): void {
    if (this.#base64) {
      this.#socket.send(`${String.fromCharCode(48 + channel)}${data.toString('base64')}`, { binary: false }, done);
      return;
    }
    this.#socket.send(Buffer.concat([Buffer.from([channel]), data]), { binary: true }, done);
  }
}
