import type { Readable, Writable } from 'node:stream';
import { type Status, StatusError } from '../kinds/index.ts';
import type { HttpClientOptions } from './http-transport.ts';

export interface RemoteExec {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: Readable | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Called with a listener that is told the terminal's size now and whenever it changes. */
  onResize?(listener: (size: { columns: number; rows: number }) => void): void;
}

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const CLOSE = 255;
/** Past this, what is read from standard input waits for the network. */
const UNSENT_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Runs a program in a container over WebSocket (v5.channel.k8s.io). Resolves with its exit code.
 * @throws StatusError when the API or the container refuses.
 */
export async function execInPod(server: HttpClientOptions, exec: RemoteExec): Promise<number> {
  const { WebSocket } = await import('ws');
  const query = new URLSearchParams({
    stdin: String(exec.stdin !== undefined),
    stdout: 'true',
    stderr: String(!exec.tty),
    tty: String(exec.tty),
  });
  if (exec.container !== undefined) query.set('container', exec.container);
  for (const word of exec.command) query.append('command', word);
  const url = `${server.server.replace(/^http/, 'ws').replace(/\/$/, '')}/api/v1/namespaces/${exec.namespace}/pods/${exec.pod}/exec?${query}`;
  const token = typeof server.token === 'function' ? await server.token() : server.token;
  const socket = new WebSocket(url, ['v5.channel.k8s.io'], {
    ...(server.ca === undefined ? {} : { ca: server.ca }),
    ...(server.certificate === undefined ? {} : { cert: server.certificate }),
    ...(server.key === undefined ? {} : { key: server.key }),
    ...(server.serverName === undefined ? {} : { servername: server.serverName }),
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    rejectUnauthorized: !server.insecure,
  });
  const send = (channel: number, data: Uint8Array) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(Buffer.concat([Buffer.from([channel]), data]));
  };
  return new Promise((resolve, reject) => {
    let verdict: Status | undefined;
    const feed = (chunk: Buffer) => {
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.send(Buffer.concat([Buffer.from([STDIN]), chunk]), () => {
        if (exec.stdin?.isPaused() && socket.bufferedAmount < UNSENT_BYTES_MAX) exec.stdin.resume();
      });
      if (socket.bufferedAmount >= UNSENT_BYTES_MAX) exec.stdin?.pause();
    };
    const write = (stream: Writable, body: Buffer) => {
      if (stream.write(body)) return;
      socket.pause();
      stream.once('drain', () => socket.resume());
    };
    const end = () => send(CLOSE, Buffer.from([STDIN]));
    socket.on('open', () => {
      exec.stdin?.on('data', feed);
      exec.stdin?.on('end', end);
      exec.onResize?.(({ columns, rows }) =>
        send(RESIZE, Buffer.from(JSON.stringify({ Width: columns, Height: rows }))),
      );
    });
    socket.on('message', (data: Buffer) => {
      const [channel, body] = [data[0], data.subarray(1)];
      if (channel === STDOUT) write(exec.stdout, body);
      else if (channel === STDERR) write(exec.stderr, body);
      else if (channel === ERROR) verdict = JSON.parse(body.toString()) as Status;
    });
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => {
        try {
          reject(new StatusError(JSON.parse(text) as Status));
        } catch {
          reject(new Error(`exec: the server answered ${response.statusCode ?? 0}: ${text.slice(0, 200)}`));
        }
      });
    });
    socket.on('error', reject);
    socket.on('close', () => {
      exec.stdin?.off('data', feed).off('end', end).pause();
      if (!verdict) reject(new Error('exec: the connection was lost before the program ended'));
      else if (verdict.status === 'Success') resolve(0);
      else {
        const code = verdict.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
        if (verdict.reason === 'NonZeroExitCode' && code !== undefined) resolve(Number(code));
        else reject(new StatusError(verdict));
      }
    });
  });
}
