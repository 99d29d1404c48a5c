import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { codeOf, messageOf, UserError } from '../../base/index.ts';
import { apiDoor, type EngineMessage } from './launch-protocol.ts';
import { type ClusterSettings, DEFAULTS, pathsOf } from './settings.ts';
import { childOf, markOf, type ProcessMark } from './state.ts';

const LOOPBACK = '127.0.0.1';
/** How far a port that nobody asked for may move to find a free one. */
const PORTS_TRIED = 200;

export type DoorName = 'apiPort' | 'httpPort' | 'httpsPort';
export const DOORS: readonly DoorName[] = ['apiPort', 'httpPort', 'httpsPort'];

/**
 * Opens the cluster's host ports. A port that the user asked for, or that the cluster had before, is taken or refused; a
 * default one moves on to the next free one.
 * @throws UserError when a fixed port is in use.
 */
export async function openDoors(
  wanted: Pick<ClusterSettings, DoorName>,
  isFixed: (door: DoorName) => boolean,
): Promise<{ ports: Record<DoorName, number>; servers: Server[] }> {
  const servers: Server[] = [];
  const ports = { apiPort: 0, httpPort: 0, httpsPort: 0 };
  try {
    for (const door of DOORS) {
      const { server, port } = await openDoor(door, wanted[door], isFixed(door) ? 1 : PORTS_TRIED);
      servers.push(server);
      ports[door] = port;
    }
    return { ports, servers };
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
}

async function openDoor(door: DoorName, first: number, tries: number): Promise<{ server: Server; port: number }> {
  const flag = { apiPort: '--api-port', httpPort: '--http-port', httpsPort: '--https-port' }[door];
  for (let port = first; port < first + tries; port++) {
    const server = createServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, LOOPBACK, resolve);
      });
      return { server, port };
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EADDRINUSE') continue;
      const why = code === 'EACCES' ? 'may not be opened by this user' : String(error);
      throw new UserError(flag, `port ${port} ${why}`, `Choose another: ${flag} PORT`, { cause: error });
    }
  }
  throw new UserError(
    flag,
    `port ${first} is in use`,
    `Choose another: ${flag} PORT, or end what holds it (ss -ltnp 'sport = :${first}').`,
  );
}

/** Starts the engine inside the bundle and waits until its node is Ready. @throws UserError with the log's last lines. */
export async function launchEngine(
  name: string,
  bundle: ProcessMark | undefined,
  servers: readonly Server[],
  ports: Record<DoorName, number>,
  keys: Promise<unknown>,
): Promise<{ engine: ProcessMark; milliseconds: number }> {
  const paths = pathsOf(name);
  await mkdir(paths.directory, { recursive: true, mode: 0o711 });
  const logFile = openSync(paths.log, 'a', 0o600);
  // Node's own executable, or through nsenter when there are namespaces to join.
  const command = bundle ? ['nsenter', ...joinArguments(bundle), process.execPath] : [process.execPath];
  const [program = '', ...first] = command;
  const hostNetwork = bundle ? openSync('/proc/self/ns/net', 'r') : undefined;
  const child = spawn(program, [...first, ...NODE_FLAGS, process.argv[1] ?? '', 'engine', '--name', name], {
    // The last one is HOST_NETWORK_FD.
    stdio: ['ignore', logFile, logFile, 'ipc', hostNetwork ?? 'ignore'],
    detached: true,
    cwd: '/',
  });
  closeSync(logFile);
  if (hostNetwork !== undefined) closeSync(hostNetwork);
  const enginePid = () => (child.pid === undefined || !bundle ? child.pid : childOf(child.pid));
  try {
    const milliseconds = await new Promise<number>((resolve, reject) => {
      const fail = (why: string) =>
        reject(
          new UserError(`cluster ${name}`, `did not start: ${why}`, `Its log: ${paths.log}${lastLines(paths.log)}`),
        );
      const timer = setTimeout(
        () => fail(`not ready within ${DEFAULTS.startTimeoutMs / 1000} s`),
        DEFAULTS.startTimeoutMs,
      );
      child.on('error', (error) => fail(error.message));
      child.on('exit', (code, signal) => {
        clearTimeout(timer);
        fail(`the engine ended (${signal ?? `exit status ${code}`})`);
      });
      child.on('message', (message: EngineMessage) => {
        clearTimeout(timer);
        if (message.type === 'ready') resolve(message.milliseconds);
        else fail(message.message);
      });
      DOORS.forEach((door, index) => {
        child.send({ type: 'door', address: apiDoor(ports[door]) }, servers[index]);
      });
      keys.then(
        () => child.send({ type: 'go' }),
        (error) => fail(messageOf(error)),
      );
    });
    const pid = enginePid();
    const engine = pid === undefined ? undefined : markOf(pid);
    if (!engine)
      throw new UserError(`cluster ${name}`, 'its engine ended as soon as it was ready', `Its log: ${paths.log}`);
    return { engine, milliseconds };
  } catch (error) {
    const pid = enginePid();
    if (pid !== undefined && markOf(pid)) process.kill(pid, 'SIGKILL');
    throw error;
  } finally {
    for (const server of servers) server.close();
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** A small heap that is collected often keeps an idle engine small; the store's objects live as long as the cluster. */
const NODE_FLAGS = ['--max-semi-space-size=8'];

function joinArguments({ pid }: ProcessMark): string[] {
  return ['--target', String(pid), '--mount', '--net', '--pid', '--uts', '--ipc'];
}

function lastLines(path: string): string {
  try {
    const lines = readFileSync(path, 'utf8').trim().split('\n').slice(-5);
    return lines.length > 0 ? `\n${lines.map((line) => `  ${line.slice(0, 400)}`).join('\n')}` : '';
  } catch {
    return '';
  }
}
