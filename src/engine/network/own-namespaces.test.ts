import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Clock, silentLog, systemClock } from '../../base/index.ts';
import type { Network, NetworkSettings } from './contract.ts';
import { createNetwork } from './network.ts';

// For tests only. The body of a test file runs in a child with namespaces of its own: one network that plays the host,
// and in it one for the cluster, so that nothing of the machine's own network is read or changed.

const MARK = 'WHERRY_TEST_BUNDLE';
/** The network that plays the host, as the launcher would hand it over. */
export const HOST = '/proc/self/fd/9';

export const SETTINGS: NetworkSettings = {
  podRange: '10.244.0.0/16',
  serviceRange: '10.96.0.0/16',
  clusterDomain: 'cluster.local',
  dnsAddress: '10.96.0.10',
  nodeAddress: '10.243.0.2',
  outbound: 'none',
};

/** Runs `body`, which registers tests, inside; outside registers one test that fails when any of those does. */
export function inOwnNamespaces(file: string, body: () => void): void {
  if (process.env[MARK] === file) {
    body();
    return;
  }
  test(`inside namespaces of its own: ${file.split('/').pop()}`, () => {
    // The test runner marks its children; this child reports by its exit code instead.
    const { NODE_TEST_CONTEXT: _context, ...outer } = process.env;
    const env = { ...outer, [MARK]: file };
    const script = `ip link set lo up && exec 9</proc/self/ns/net && exec unshare --net "$@"`;
    const unshare = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const node = [process.execPath, '--enable-source-maps', '--test-force-exit', file];
    const result = spawnSync('unshare', [...unshare, 'sh', '-c', script, 'sh', ...node], {
      env,
      encoding: 'utf8',
      timeout: 90_000,
      killSignal: 'SIGKILL',
    });
    if (result.status !== 0) throw new Error(`${result.stdout}${result.stderr}`);
  });
}

export interface TestPod {
  readonly namespace: string;
  /** Runs a script of node's in the pod, arguments as process.argv[1...]; answers what it printed. */
  run(script: string, ...args: string[]): Promise<string>;
  /** The same for one that serves: resolves when it first prints. */
  serve(script: string, ...args: string[]): Promise<{ stop(signal?: NodeJS.Signals): Promise<void> }>;
  end(): void;
}

/** A network namespace kept by a sleeping process; undefined path: the network that plays the host. */
export async function makePod(): Promise<TestPod> {
  const keeper = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => keeper.stdout.once('data', resolve));
  release(keeper);
  return { ...inNamespace(`/proc/${keeper.pid}/ns/net`), end: () => keeper.kill('SIGKILL') };
}

export function host(): TestPod {
  return { ...inNamespace(HOST.replace('self', String(process.pid))), end: () => {} };
}

/** The cluster's own network, as a pod with hostNetwork has it. */
export function node(): TestPod {
  return { ...inNamespace(`/proc/${process.pid}/ns/net`), end: () => {} };
}

function inNamespace(namespace: string): Omit<TestPod, 'end'> {
  const start = (script: string, args: string[]) =>
    spawn('nsenter', [`--net=${namespace}`, process.execPath, '-e', script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  return {
    namespace,
    run: (script, ...args) =>
      new Promise((resolve) => {
        let text = '';
        const child = start(script, args);
        child.stdout.on('data', (chunk) => {
          text += chunk;
        });
        child.on('close', () => resolve(text.trim()));
      }),
    async serve(script, ...args) {
      const child = start(script, args);
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
      await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), ended]);
      release(child);
      return {
        stop: (signal = 'SIGKILL') => {
          child.kill(signal);
          return ended;
        },
      };
    },
  };
}

/** Lets the tests end while the child runs; it ends with them, as the first process of their bundle does. */
function release(child: ChildProcess): void {
  child.unref();
  child.stdout?.destroy();
}

/** A network that has started, with a directory of its own. */
export async function startNetwork(
  options: { clock?: Clock; directory?: string; dnsUpstream?: string[]; settings?: Partial<NetworkSettings> } = {},
): Promise<{ network: Network; directory: string; clean(): Promise<void> }> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'wherry-network-'));
  const network = createNetwork({
    settings: { ...SETTINGS, ...options.settings },
    directory,
    clock: options.clock ?? systemClock,
    log: silentLog,
    hostNetworkNamespace: HOST,
    handedDoors: new Map(),
    ...(options.dnsUpstream ? { dnsUpstream: options.dnsUpstream } : {}),
  });
  await network.start();
  return {
    network,
    directory,
    async clean() {
      await network.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Serves `ARG1` over HTTP on port `ARG2`, and echoes datagrams on the same port with `ARG1` before them; a SIGTERM drains it. */
export const ECHO_SERVER = `
const [name, port] = process.argv.slice(1);
process.on('SIGTERM', () => { server.close(); udp.close(); });
const server = require('http').createServer((request, response) => {
  response.setHeader('client', request.socket.remoteAddress);
  response.end(name);
});
const udp = require('dgram').createSocket('udp4');
udp.on('message', (m, from) => udp.send(name + ' ' + m, from.port, from.address));
udp.bind(Number(port), '0.0.0.0', () => server.listen(Number(port), '0.0.0.0', () => console.log('ready')));
`;

/** Asks `ARG1` over HTTP `ARG2` times (once); prints each body, or the code of the fault, on a line. */
export const ASK = `
const [url, times = '1', local] = process.argv.slice(1);
const ask = () => new Promise((resolve) => {
  const request = require('http').get(url, { agent: false, timeout: 3000, localAddress: local }, (answer) => {
    let body = '';
    answer.on('data', (chunk) => body += chunk).on('end', () => resolve(body + ' from ' + answer.headers.client));
  });
  request.on('timeout', () => request.destroy(new Error('timeout')));
  request.on('error', (error) => resolve(error.code || error.message));
});
(async () => { for (let i = 0; i < Number(times); i++) console.log(await ask()); })();
`;

/** Sends a datagram to `ARG1` port `ARG2`; prints the answer, or the code of the fault. */
export const ASK_UDP = `
const [address, port] = process.argv.slice(1);
const socket = require('dgram').createSocket('udp4');
const end = (text) => { console.log(text); process.exit(); };
socket.on('error', (error) => end(error.code));
socket.on('message', (m) => end(String(m)));
setTimeout(() => end('timeout'), 3000);
socket.connect(Number(port), address, () => socket.send('hello'));
`;
