import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { messageOf, silentLog, systemClock } from '../../base/index.ts';
import { type Client, createInformers, createRecorder, type LoopContext } from '../client/index.ts';
import { localClient } from '../cluster/local-client.ts';
import { type Image, type ImageStore, PullError } from '../images/index.ts';
import { type Container, createCatalogue, kinds, type Pod, type PodSpec } from '../kinds/index.ts';
import { createNetwork } from '../network/index.ts';
import { createResources, tombstone } from '../resources/index.ts';
import { openRuntime } from '../runtime/index.ts';
import { memoryStore } from '../store/index.ts';
import type { Node, NodeOptions } from './contract.ts';
import { startNode } from './node.ts';

// For tests of this room only: a node on real containers and a real network, in namespaces of its own.

const MARK = 'WHERRY_TEST_NODE_BUNDLE';
const LAYER = join(tmpdir(), 'wherry-test-busybox');

/** Runs `body`, which registers tests, inside a bundle; outside registers one test that fails when any of those does. */
export function insideBundle(file: string, body: () => void): void {
  if (process.env[MARK] === file) {
    body();
    return;
  }
  test(`inside namespaces of its own: ${file.split('/').pop()}`, {
    skip: process.getuid?.() !== 0 && 'needs root',
  }, () => {
    prepareLayer();
    const { NODE_TEST_CONTEXT: _context, ...outer } = process.env;
    // The network that plays the host comes first; the cluster's is made in it. The first process must reap.
    const script =
      'ip link set lo up; exec 9</proc/self/ns/net; umount /sys/fs/cgroup/unified 2>/dev/null; unshare --net "$@" & wait $!';
    const unshare = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const node = [process.execPath, '--enable-source-maps', '--test-force-exit', file];
    const result = spawnSync('unshare', [...unshare, 'sh', '-c', script, 'sh', ...node], {
      env: { ...outer, [MARK]: file },
      encoding: 'utf8',
      timeout: 120_000,
      killSignal: 'SIGKILL',
    });
    if (process.env.WHERRY_TEST_OUTPUT) process.stderr.write(result.stdout + result.stderr);
    if (result.status !== 0) throw new Error(`${result.stdout}${result.stderr}`);
  });
}

/** A layer with Debian's static busybox, kept between runs. */
function prepareLayer(): void {
  if (existsSync(LAYER)) return;
  const work = mkdtempSync(join(tmpdir(), 'wherry-test-layer-'));
  try {
    const fetched = spawnSync('apt-get', ['download', 'busybox-static'], { cwd: work, encoding: 'utf8' });
    const file = readdirSync(work).find((name) => name.endsWith('.deb'));
    if (!file) throw new Error(`busybox-static could not be had: ${fetched.stderr}`);
    spawnSync('dpkg-deb', ['-x', file, 'unpacked'], { cwd: work });
    const root = join(work, 'root');
    for (const name of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev', 'var', 'root', 'www'])
      mkdirSync(join(root, name), { recursive: true });
    const program =
      ['bin/busybox', 'usr/bin/busybox'].map((path) => join(work, 'unpacked', path)).find(existsSync) ?? '';
    cpSync(program, join(root, 'bin/busybox'));
    const applets = spawnSync(join(root, 'bin/busybox'), ['--list'], { encoding: 'utf8' }).stdout.trim().split('\n');
    for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nweb:x:1001:1002:web:/www:/bin/sh\n');
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\nwww:x:1002:\nextra:x:1003:web\n');
    renameSync(root, LAYER);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const IMAGE: Image = {
  id: 'sha256:1111111111111111111111111111111111111111111111111111111111111111',
  digest: 'sha256:2222222222222222222222222222222222222222222222222222222222222222',
  names: ['localhost/busybox:1.36'],
  config: {
    env: ['PATH=/bin', 'FROM_IMAGE=yes'],
    entrypoint: [],
    command: ['sh'],
    workingDirectory: '',
    user: '',
    exposedPorts: [],
    volumes: [],
    labels: {},
    stopSignal: undefined,
    healthcheck: undefined,
  },
  layerDirectories: [LAYER],
  sizeBytes: 2_000_000,
  createdAt: '2026-01-01T00:00:00Z',
  standIn: undefined,
};

/** Knows `busybox:1.36` (there), `busybox:pull` (to be pulled) and `busybox:web` (its user is `web`). */
export const testImages: ImageStore = {
  async ensure(reference) {
    if (reference.startsWith('busybox:')) return imageOf(reference);
    throw new PullError('ErrImagePull', `pull ${reference}: not found`);
  },
  get: async (reference) =>
    reference === 'busybox:1.36' || reference === 'busybox:web' ? imageOf(reference) : undefined,
  list: async () => [IMAGE],
  async tag() {},
  async remove() {},
  sizeBytes: async () => IMAGE.sizeBytes,
};

function imageOf(reference: string): Image {
  return reference === 'busybox:web' ? { ...IMAGE, config: { ...IMAGE.config, user: 'web' } } : IMAGE;
}

export interface TestBed {
  readonly client: Client;
  readonly context: LoopContext;
  readonly directory: string;
  node: Node;
  /** Ends the node and starts another on what it left; the sandboxes of `lost` are gone then, as after a reboot. */
  restart(lost?: readonly string[]): Promise<void>;
  /** Creates a pod in `default`, bound to the node. */
  run(name: string, spec: Partial<PodSpec>): Promise<Pod>;
  pod(name: string): Promise<Pod>;
  /** Waits until `holds` answers something of the pod. */
  until<T>(name: string, what: string, holds: (pod: Pod) => T | undefined | false): Promise<T>;
  gone(name: string): Promise<void>;
  /** Waits until the pod has this event (`reason: message`). */
  hasEvent(name: string, wanted: string | RegExp): Promise<void>;
  /** `reason: message` of a pod's events so far. */
  events(name: string): Promise<string[]>;
  logs(name: string, query?: Partial<Parameters<Node['logs']>[1]>): Promise<string>;
  close(): Promise<void>;
}

export async function testBed(): Promise<TestBed> {
  const directory = mkdtempSync(join(tmpdir(), 'wherry-node-'));
  const log = process.env.WHERRY_TEST_OUTPUT ? printingLog() : silentLog;
  const client = await testClient();
  const informers = createInformers(client, systemClock, log);
  const context: LoopContext = {
    client,
    informers,
    clock: systemClock,
    log,
    recorder: (component) => createRecorder(client, component, systemClock, log),
  };
  const settings = {
    podRange: '10.244.0.0/16',
    serviceRange: '10.96.0.0/16',
    clusterDomain: 'cluster.local',
    dnsAddress: '10.96.0.10',
    nodeAddress: '10.243.0.2',
    outbound: 'none' as const,
  };
  const network = createNetwork({
    settings,
    directory: join(directory, 'network'),
    clock: systemClock,
    log,
    hostNetworkNamespace: '/proc/self/fd/9',
    handedDoors: new Map(),
  });
  mkdirSync(join(directory, 'network'));
  await network.start();
  const clusterName = `node-${process.ppid}-${Date.now()}`;
  const openOurRuntime = () =>
    openRuntime({
      directory: join(directory, 'runtime'),
      clusterName,
      clock: systemClock,
      log,
    });
  let runtime = await openOurRuntime();
  const options = (): NodeOptions => ({
    name: 'node-a',
    directory,
    runtime,
    images: testImages,
    network,
    addresses: { internalIp: settings.nodeAddress, hostname: 'node-a' },
    capacity: { cpu: 2, memoryBytes: 4 * 2 ** 30, pods: 110, ephemeralStorageBytes: 10 * 2 ** 30 },
    kubernetesVersion: 'v1.36.2',
    clusterDns: settings.dnsAddress,
    clusterDomain: settings.clusterDomain,
    serviceEnvironment: true,
    apiAddress: '',
  });
  const bed: TestBed = {
    client,
    context,
    directory,
    node: await startNode(context, options()),
    async restart(lost = []) {
      await bed.node.stop();
      for (const uid of lost) await runtime.removeSandbox(uid);
      await runtime.close();
      runtime = await openOurRuntime();
      bed.node = await startNode(context, options());
    },
    run: (name, spec) =>
      client.create(kinds.pods, {
        metadata: { name, namespace: 'default', labels: { app: name } },
        spec: { containers: [], nodeName: 'node-a', ...spec },
      }),
    pod: (name) => client.get(kinds.pods, 'default', name),
    async until(name, what, holds) {
      const read = async () => holds(await client.get(kinds.pods, 'default', name));
      for (let tries = 0; tries < 3000; tries++) {
        const found = await read();
        if (found) return found;
        await systemClock.sleep(10);
      }
      const { status } = await client.get(kinds.pods, 'default', name);
      throw new Error(`never came: ${what}; ${JSON.stringify(status)}; ${(await bed.events(name)).join('; ')}`);
    },
    async gone(name) {
      for (let tries = 0; tries < 3000; tries++) {
        try {
          await client.get(kinds.pods, 'default', name);
        } catch {
          return;
        }
        await systemClock.sleep(10);
      }
      throw new Error(`never went: ${name}; ${JSON.stringify(await bed.pod(name))}`);
    },
    async hasEvent(name, wanted) {
      for (let tries = 0; tries < 3000; tries++) {
        const events = await bed.events(name);
        if (events.some((event) => (typeof wanted === 'string' ? event === wanted : wanted.test(event)))) return;
        await systemClock.sleep(10);
      }
      throw new Error(`never came: the event ${wanted}; ${(await bed.events(name)).join('; ')}`);
    },
    async events(name) {
      const { items } = await client.list(kinds.events, { namespace: 'default' });
      return items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ reason, message }) => `${reason}: ${message}`);
    },
    async logs(name, query = {}) {
      const stream = await bed.node.logs(
        await bed.pod(name),
        { follow: false, previous: false, timestamps: false, ...query },
        new AbortController().signal,
      );
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer));
      return Buffer.concat(chunks).toString('utf8');
    },
    async close() {
      const { items } = await client.list(kinds.pods);
      for (const { metadata } of items)
        await client
          .delete(kinds.pods, 'default', metadata.name, { gracePeriodSeconds: 0 })
          .catch((error: unknown) => messageOf(error));
      await bed.node.stop();
      // The node may be at the same removals.
      for (const { id } of await runtime.sandboxes())
        await runtime.removeSandbox(id).catch((error: unknown) => messageOf(error));
      await runtime.close();
      informers.stop();
      await network.stop();
      spawnSync('sh', ['-c', `grep ' ${directory}' /proc/self/mounts | cut -d' ' -f2 | sort -r | xargs -r umount -l`]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return bed;
}

/** A busybox container that runs a script. */
export function shell(name: string, script: string, more: Partial<Container> = {}): Container {
  return { name, image: 'busybox:1.36', command: ['sh', '-c', script], ...more };
}

export function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

function printingLog(): typeof silentLog {
  const print = (message: string, fields?: object) =>
    process.stderr.write(`${message} ${JSON.stringify(fields ?? {})}\n`);
  return {
    debug: print,
    info: print,
    warn: print,
    error: print,
    child: () => printingLog(),
  } as unknown as typeof silentLog;
}

/** The real verbs over a store in memory, without admission; tokens are not signed. */
export async function testClient(): Promise<Client> {
  let tokens = 0;
  const catalogue = createCatalogue({});
  const resources = createResources({
    store: memoryStore({ tombstone }),
    catalogue,
    clock: systemClock,
    log: silentLog,
    admissions: [],
    settings: { serviceRange: '10.96.0.0/16', nodePortRange: [30_000, 32_767] },
  });
  const client = localClient({
    resources,
    catalogue,
    user: { name: 'test', groups: ['system:masters'] },
    fieldManager: 'test',
    virtualCreate: (target) =>
      target.subresource === 'token'
        ? Promise.resolve({ status: { token: `token-${++tokens}`, expirationTimestamp: '2100-01-01T00:00:00Z' } })
        : undefined,
  });
  for (const name of ['default', 'kube-node-lease']) await client.create(kinds.namespaces, { metadata: { name } });
  return client;
}
