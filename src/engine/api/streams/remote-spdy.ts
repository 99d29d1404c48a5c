import { badRequest, type Status, StatusError } from '../../kinds/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { ended, type RemoteCommand, type RemoteStreams, Sizes } from './remote-command.ts';
import { SpdySession, type SpdyStream } from './spdy.ts';
import { acceptSpdy } from './spdy-upgrade.ts';

const PROTOCOLS = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];
/** How long the client may take to open the streams it asked for, milliseconds. */
const STREAMS_MS = 30_000;

/** The streams of an exec or attach as SPDY streams, told apart by their header `streamType`. */
export async function spdyStreams(
  context: ApiContext,
  exchange: Exchange,
  wanted: RemoteCommand,
): Promise<RemoteStreams> {
  const { socket, head, protocol } = acceptSpdy(exchange, PROTOCOLS);
  const structured = protocol.startsWith('v4');
  const resizable = wanted.tty && protocol !== 'v2.channel.k8s.io' && protocol !== 'channel.k8s.io';
  const expected = new Set<string>(['error']);
  for (const name of ['stdin', 'stdout', 'stderr'] as const) if (wanted[name]) expected.add(name);
  if (resizable) expected.add('resize');

  const streams = new Map<string, SpdyStream>();
  const gone = new AbortController();
  const stop = () => socket.destroy();
  context.closing.addEventListener('abort', stop);
  const session = await new Promise<SpdySession>((resolve, reject) => {
    const timer = context.clock.after(STREAMS_MS, () => {
      socket.destroy();
      reject(new StatusError({ ...badRequest('timed out waiting for client to create streams').status }));
    });
    const made: SpdySession = new SpdySession(
      socket,
      head,
      (stream) => {
        const type = stream.headers.get('streamtype') ?? '';
        if (!expected.has(type) || streams.has(type)) {
          stream.destroy();
          return;
        }
        streams.set(type, stream);
        if (streams.size < expected.size) return;
        timer.cancel();
        // The session is not assigned yet when the streams came with the head.
        queueMicrotask(() => resolve(made));
      },
      () => {
        timer.cancel();
        context.closing.removeEventListener('abort', stop);
        gone.abort();
        reject(badRequest('the client went away'));
      },
    );
  });
  const sizes = new Sizes();
  const resize = streams.get('resize');
  if (resize) readLines(resize, (line) => sizes.take(line));
  const error = streams.get('error');
  error?.resume();
  const [stdout, stderr] = [streams.get('stdout'), streams.get('stderr')];
  for (const output of [stdout, stderr]) output?.resume();
  return {
    stdin: streams.get('stdin'),
    stdout,
    stderr,
    signal: gone.signal,
    onResize: (listener) => sizes.listen(listener),
    async finish(status: Status) {
      await Promise.all([ended(stdout), ended(stderr)]);
      const text = structured ? JSON.stringify(status) : status.status === 'Success' ? '' : (status.message ?? '');
      if (error && text && !error.destroyed) error.write(text);
      await ended(error);
      session.close();
    },
  };
}

const LINE_BYTES_MAX = 4096;

/** JSON objects that follow one another, as Go's encoder writes them: one a line. */
function readLines(stream: SpdyStream, take: (line: string) => void): void {
  let held = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (held + chunk).split('\n');
    held = (lines.pop() ?? '').slice(0, LINE_BYTES_MAX);
    for (const line of lines) take(line);
  });
}
