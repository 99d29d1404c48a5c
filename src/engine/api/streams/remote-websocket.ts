import type { Status } from '../../kinds/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { ended, type RemoteCommand, type RemoteStreams, Sizes } from './remote-command.ts';
import { acceptWebSocket, Channels } from './websocket.ts';

const PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'base64.v4.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
  '',
];
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const NORMAL_CLOSURE = 1000;

/** The streams of an exec or attach as numbered channels of a WebSocket. */
export async function webSocketStreams(
  context: ApiContext,
  exchange: Exchange,
  wanted: RemoteCommand,
): Promise<RemoteStreams> {
  const { socket, protocol } = await acceptWebSocket(exchange, PROTOCOLS);
  const channels = new Channels(socket, protocol);
  const gone = new AbortController();
  const leave = () => gone.abort();
  const stop = () => socket.terminate();
  socket.on('close', () => {
    context.closing.removeEventListener('abort', stop);
    leave();
  });
  context.closing.addEventListener('abort', stop);
  const sizes = new Sizes();
  channels.listen(RESIZE, (data) => sizes.take(data.toString()));
  const stdin = wanted.stdin ? channels.reader(STDIN) : undefined;
  const stdout = wanted.stdout ? channels.writer(STDOUT) : undefined;
  const stderr = wanted.stderr ? channels.writer(STDERR) : undefined;
  // An empty message tells the client that the connection stands, as upstream does.
  channels.send(stdout ? STDOUT : stderr ? STDERR : ERROR, Buffer.alloc(0));
  return {
    stdin,
    stdout,
    stderr,
    signal: gone.signal,
    onResize: (listener) => sizes.listen(listener),
    async finish(status: Status) {
      await Promise.all([ended(stdout), ended(stderr)]);
      // Before v4 the error channel holds plain text, and nothing when all went well.
      const structured = protocol.includes('v4') || protocol.includes('v5');
      const text = structured ? JSON.stringify(status) : status.status === 'Success' ? '' : (status.message ?? '');
      if (text && socket.readyState === socket.OPEN) {
        await new Promise<void>((resolve) => channels.send(ERROR, Buffer.from(text), () => resolve()));
      }
      socket.close(NORMAL_CLOSURE);
    },
  };
}
