import type { Duplex } from 'node:stream';
import { messageOf } from '../../../base/index.ts';
import { badRequest, type Pod } from '../../kinds/index.ts';
import type { Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { podOf } from './pod.ts';
import { SpdySession, type SpdyStream } from './spdy.ts';
import { acceptSpdy } from './spdy-upgrade.ts';
import { acceptWebSocket, Channels, isWebSocket, offeredProtocols } from './websocket.ts';

const PROTOCOL = 'portforward.k8s.io';
const TUNNEL = 'SPDY/3.1+portforward.k8s.io';
const CHANNELS = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];
const PORTS_MAX = 16;
/** How long one half of a pair may wait for the other, milliseconds. */
const PAIR_MS = 30_000;

/** pods/portforward: connections to the pod's ports, many over one SPDY connection, itself perhaps within a WebSocket. */
export async function forwardPorts(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const pod = podOf(context, target);
  if (pod.status?.phase !== 'Running') {
    throw badRequest(`unable to forward port because pod is not running. Current status=${pod.status?.phase ?? ''}`);
  }
  if (!exchange.upgrade) throw badRequest('Upgrade request required');
  if (!isWebSocket(exchange)) {
    const { socket, head } = acceptSpdy(exchange, [PROTOCOL]);
    await forwardSession(context, pod, socket, head);
    return;
  }
  if (offeredProtocols(exchange).includes(TUNNEL)) {
    const { socket } = await acceptWebSocket(exchange, [TUNNEL]);
    const { createWebSocketStream } = await import('ws');
    await forwardSession(context, pod, createWebSocketStream(socket), Buffer.alloc(0));
    return;
  }
  await forwardChannels(context, exchange, pod);
}

/** Each forwarded connection is a pair of streams with the same `requestID`: one for data, one for what goes wrong. */
function forwardSession(context: ApiContext, pod: Pod, connection: Duplex, head: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const waiting = new Map<string, { error?: SpdyStream; data?: SpdyStream }>();
    const stop = () => connection.destroy();
    context.closing.addEventListener('abort', stop);
    new SpdySession(
      connection,
      head,
      (stream) => {
        const type = stream.headers.get('streamtype');
        const port = Number(stream.headers.get('port'));
        if ((type !== 'error' && type !== 'data') || !isPort(port)) {
          stream.destroy();
          return;
        }
        // Old clients send no id: their data stream follows its error stream.
        const id = stream.headers.get('requestid') ?? String(type === 'error' ? stream.id : stream.id - 2);
        const pair = waiting.get(id) ?? {};
        pair[type] = stream;
        const { error, data } = pair;
        if (!error || !data) {
          waiting.set(id, pair);
          context.clock.after(PAIR_MS, () => {
            if (waiting.get(id) === pair && waiting.delete(id)) stream.destroy();
          });
          return;
        }
        waiting.delete(id);
        void forwardPair(context, pod, port, data, error);
      },
      () => {
        context.closing.removeEventListener('abort', stop);
        resolve();
      },
    );
  });
}

async function forwardPair(
  context: ApiContext,
  pod: Pod,
  port: number,
  data: SpdyStream,
  error: SpdyStream,
): Promise<void> {
  error.resume();
  try {
    const remote = await context.nodeLink.portForward(pod, port);
    await joined(data, remote);
    error.end();
  } catch (fault) {
    error.end(faultText(pod, port, fault));
    data.destroy();
  }
}

const faultText = (pod: Pod, port: number, fault: unknown) =>
  `error forwarding port ${port} to pod ${pod.metadata.name}, uid ${pod.metadata.uid}: ${messageOf(fault)}`;

/** Copies both ways until both ends have ended or one is gone. */
function joined(near: Duplex, far: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    let open = 2;
    const closed = () => {
      open--;
      if (open > 0) return;
      if (failure) reject(failure);
      else resolve();
    };
    far.on('error', (error) => {
      failure = error;
    });
    near.on('error', () => {});
    near.on('close', () => {
      if (!far.destroyed) far.destroy();
      closed();
    });
    far.on('close', () => {
      // What was read is still on its way to the client.
      if (near.writableEnded) {
        if (near.writableFinished) near.destroy();
        else near.once('finish', () => near.destroy());
      } else near.end(() => near.destroy());
      closed();
    });
    near.pipe(far);
    far.pipe(near);
  });
}

/** The old form for browsers: the ports stand in the query, two channels a port, each begun with the port's number. */
async function forwardChannels(context: ApiContext, exchange: Exchange, pod: Pod): Promise<void> {
  const ports = exchange.query
    .getAll('ports')
    .flatMap((word) => word.split(','))
    .map(Number);
  if (ports.length === 0) throw badRequest('query parameter "ports" is required');
  if (ports.length > PORTS_MAX || !ports.every(isPort))
    throw badRequest('query parameter "ports" holds no valid ports');
  const { socket, protocol } = await acceptWebSocket(exchange, [...CHANNELS, '']);
  const channels = new Channels(socket, protocol.includes('base64') ? 'base64.' : protocol);
  const stop = () => socket.terminate();
  context.closing.addEventListener('abort', stop);
  socket.on('close', () => context.closing.removeEventListener('abort', stop));
  await Promise.all(
    ports.map(async (port, at) => {
      const start = Buffer.alloc(2);
      start.writeUInt16LE(port);
      const [data, error] = [at * 2, at * 2 + 1];
      const input = channels.reader(data);
      channels.send(data, start);
      channels.send(error, start);
      try {
        const remote = await context.nodeLink.portForward(pod, port);
        const output = channels.writer(data);
        socket.on('close', () => remote.destroy());
        remote.pipe(output);
        input.pipe(remote);
        await new Promise<void>((resolve, reject) => {
          remote.on('error', reject);
          remote.on('close', resolve);
        });
      } catch (fault) {
        channels.send(error, Buffer.from(faultText(pod, port, fault)));
      }
    }),
  );
  socket.close(1000);
}

const isPort = (port: number) => Number.isInteger(port) && port > 0 && port < 65536;
