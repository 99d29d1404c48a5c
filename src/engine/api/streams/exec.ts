import { badRequest, type Pod } from '../../kinds/index.ts';
import type { Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { ExecResult, ExecStreams } from '../contract.ts';
import type { Exchange } from '../exchange.ts';
import { isOn } from '../request-info.ts';
import { containerOf } from './logs.ts';
import { podOf } from './pod.ts';
import { exitStatus, failureStatus, type RemoteCommand, type RemoteStreams } from './remote-command.ts';
import { spdyStreams } from './remote-spdy.ts';
import { webSocketStreams } from './remote-websocket.ts';
import { isWebSocket } from './websocket.ts';

/** pods/exec: a program in a container, its streams over SPDY or WebSocket. */
export function execInPod(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const command = exchange.query.getAll('command');
  if (command.length === 0) throw badRequest('you must specify at least 1 command for the container');
  return serveCommand(context, exchange, target, command, 'executing command in', (pod, request, streams) =>
    context.nodeLink.exec(pod, { ...request, command }, streams),
  );
}

/** pods/attach: the streams of the container's own first process. */
export function attachToPod(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  return serveCommand(context, exchange, target, [], 'attaching to', (pod, request, streams) =>
    context.nodeLink.attach(pod, request, streams),
  );
}

async function serveCommand(
  context: ApiContext,
  exchange: Exchange,
  target: Target,
  command: readonly string[],
  action: string,
  run: (pod: Pod, request: { container: string; tty: boolean }, streams: ExecStreams) => Promise<ExecResult>,
): Promise<void> {
  const { query } = exchange;
  const pod = podOf(context, target);
  const container = containerOf(pod, query.get('container'));
  const tty = isOn(query.get('tty'));
  const wanted: RemoteCommand = {
    stdin: isOn(query.get('stdin')),
    stdout: isOn(query.get('stdout')),
    // A terminal has one output.
    stderr: isOn(query.get('stderr')) && !tty,
    tty,
  };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  }
  if (!exchange.upgrade) throw badRequest('Upgrade request required');
  const remote = isWebSocket(exchange)
    ? await webSocketStreams(context, exchange, wanted)
    : await spdyStreams(context, exchange, wanted);
  await finish(remote, command, action, run(pod, { container, tty }, remote));
}

async function finish(
  remote: RemoteStreams,
  command: readonly string[],
  action: string,
  running: Promise<ExecResult>,
): Promise<void> {
  try {
    await remote.finish(exitStatus(await running, command));
  } catch (error) {
    await remote.finish(failureStatus(error, action));
  }
}
