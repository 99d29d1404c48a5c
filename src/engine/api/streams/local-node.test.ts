import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { ExecResult, ExecStreams, NodeLink } from '../contract.ts';

/** A node whose containers are plain processes of this machine and whose pods listen on its loopback. */
export function localNode(): NodeLink & { sizes: string[] } {
  const sizes: string[] = [];
  const dial = (host: string, port: number) =>
    new Promise<Socket>((resolve, reject) => {
      const socket = connect(port, host);
      socket.once('connect', () => resolve(socket));
      socket.once('error', reject);
    });
  const run = (command: readonly string[], streams: ExecStreams) =>
    new Promise<ExecResult>((resolve, reject) => {
      const [program = '', ...words] = command;
      const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
      streams.onResize(({ columns, rows }) => sizes.push(`${columns}x${rows}`));
      child.on('error', reject);
      child.stdin.on('error', () => {});
      if (streams.stdin) streams.stdin.pipe(child.stdin);
      else child.stdin.end();
      if (streams.stdout) child.stdout.pipe(streams.stdout, { end: false });
      if (streams.stderr) child.stderr.pipe(streams.stderr, { end: false });
      streams.signal.addEventListener('abort', () => child.kill('SIGKILL'));
      child.on('close', (code) => resolve({ exitCode: code ?? 137 }));
    });
  return {
    sizes,
    exec: (_pod, request, streams) => run(request.command, streams),
    attach: (_pod, _request, streams) => run(['cat'], streams),
    logs(pod, query, signal) {
      const stream = new PassThrough();
      stream.write(`first line of ${pod.metadata.name}\n`);
      if (query.follow) signal.addEventListener('abort', () => stream.end());
      else stream.end('last line\n');
      return Promise.resolve(stream);
    },
    portForward: (_pod, port) => dial('127.0.0.1', port),
    connect: dial,
    nodeEndpoint: (node, path) => Promise.resolve({ status: 200, contentType: 'text/plain', body: `${node}${path}` }),
  };
}
