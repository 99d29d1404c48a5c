import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, type Log, messageOf, run } from '../../base/index.ts';
import { attachToContainer } from './attach.ts';
import { bundleConfig } from './bundle-config.ts';
import { boundingCapabilities } from './capabilities.ts';
import {
  type CgroupLayout,
  cgroupLayout,
  cgroupStats,
  limitCgroup,
  removeCgroup,
  removeEmptyCgroup,
} from './cgroups.ts';
import type {
  ContainerSpec,
  ContainerState,
  ContainerStats,
  ExecSpec,
  Runtime,
  Sandbox,
  SandboxSpec,
} from './contract.ts';
import { execInContainer } from './exec.ts';
import { type ContainerRecord, currentBundleId, isAlive, readRecords, shortName, writeRecord } from './files.ts';
import { startMonitor } from './monitor.ts';
import { Sandboxes } from './sandboxes.ts';
import { Slots } from './slots.ts';

const RECORD = 'container.json';
/** Containers made or started at the same time; more only makes each slower. */
const CREATES_AT_ONCE = 6;

export interface RuntimeOptions {
  /** Of the cluster: bundles, mounts and namespaces lie below it. */
  directory: string;
  /** The cluster's name: its cgroups are `/wherry/NAME`. */
  clusterName: string;
  clock: Clock;
  log: Log;
}

/**
 * Containers by crun, each under a conmon of its own that keeps its log and its exit status, so that an engine may end
 * and the next one finds them. Must run inside the cluster's bundle of namespaces, where mounts are private.
 *
 * Invariants: a container's directory holds its record before it is made and until it is removed; a container of another
 * bundle than ours is never alive.
 */
export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  const runtime = new CrunRuntime(options);
  await runtime.open();
  return runtime;
}

interface Known {
  readonly record: ContainerRecord;
  state: ContainerState;
  told: boolean;
}

class CrunRuntime implements Runtime {
  readonly name = 'crun';
  readonly #containers: string;
  readonly #exits: string;
  readonly #crun: readonly string[];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #bundleId = currentBundleId();
  readonly #sandboxes: Sandboxes;
  readonly #layout: CgroupLayout;
  readonly #cgroupParent: string;
  readonly #bounding = boundingCapabilities();
  readonly #known = new Map<string, Known>();
  readonly #byShortName = new Map<string, string>();
  readonly #exitWaiters = new Map<string, (() => void)[]>();
  readonly #listeners: ((state: ContainerState) => void)[] = [];
  readonly #slots = new Slots(CREATES_AT_ONCE);
  #watcher: FSWatcher | undefined;

  constructor(options: RuntimeOptions) {
    this.#containers = join(options.directory, 'c');
    this.#exits = join(options.directory, 'exits');
    this.#layout = cgroupLayout();
    this.#crun = [
      'crun',
      '--root',
      join(options.directory, 'crun'),
      ...(this.#layout === 'none' ? ['--cgroup-manager=disabled'] : ['--cgroup-manager=cgroupfs']),
    ];
    this.#cgroupParent = join('/wherry', options.clusterName);
    this.#clock = options.clock;
    this.#log = options.log;
    this.#sandboxes = new Sandboxes(join(options.directory, 's'), this.#bundleId);
  }

  async open(): Promise<void> {
    await Promise.all([mkdir(this.#containers, { recursive: true }), mkdir(this.#exits, { recursive: true })]);
    await this.#sandboxes.removeStale();
    for (const record of await readRecords<ContainerRecord>(this.#containers, RECORD)) {
      this.#remember(record, await this.#stateOnDisk(record));
    }
    this.#watcher = watch(this.#exits, (_event, file) => {
      const id = file ? this.#byShortName.get(file) : undefined;
      if (id) void this.#noticeExit(id);
    });
    // One that ended between the reading and the watching has its file by now.
    for (const known of this.#known.values()) {
      if (known.state.state !== 'exited') await this.#noticeExit(known.record.id);
    }
  }

  async createSandbox(spec: SandboxSpec): Promise<Sandbox> {
    if (this.#layout !== 'none') await limitCgroup(this.#layout, this.#podCgroup(spec.id), spec.limits);
    return this.#slots.run(() => this.#sandboxes.create(spec));
  }

  async removeSandbox(id: string): Promise<void> {
    const inside = [...this.#known.values()].filter((known) => known.record.sandboxId === id);
    await Promise.all(inside.map((known) => this.remove(known.record.id)));
    await this.#sandboxes.remove(id);
    await removeCgroup(this.#layout, this.#podCgroup(id));
    // The cluster's own goes with its last pod; it is made again when one comes.
    await removeEmptyCgroup(this.#layout, this.#cgroupParent);
  }

  sandboxes(): Promise<readonly Sandbox[]> {
    return this.#sandboxes.list();
  }

  async create(spec: ContainerSpec): Promise<void> {
    const sandbox = await this.#sandboxes.record(spec.sandboxId);
    if (!sandbox) throw new Error(`create container ${spec.id}: its sandbox ${spec.sandboxId} does not exist`);
    const directory = this.#directory(spec.id);
    const sandboxPath = this.#sandboxes.path(spec.sandboxId);
    const target = spec.targetContainerId ? this.#known.get(spec.targetContainerId)?.state.pid : undefined;
    const cgroupPath = this.#layout === 'none' ? undefined : join(this.#podCgroup(spec.sandboxId), shortName(spec.id));
    const record: ContainerRecord = {
      id: spec.id,
      sandboxId: spec.sandboxId,
      bundleId: this.#bundleId,
      createdAt: this.#clock.now(),
      tty: spec.tty,
      stdin: spec.stdin,
      cgroupPath,
    };
    const pid = target
      ? `/proc/${target}/ns/pid`
      : sandbox.hostPid
        ? 'host'
        : sandbox.holderPid
          ? `/proc/${sandbox.holderPid}/ns/pid`
          : 'own';
    const config = bundleConfig(spec, {
      rootfs: join(directory, 'rootfs'),
      namespaces: {
        network: sandbox.hostNetwork ? undefined : join(sandboxPath, 'net'),
        ipc: sandbox.hostIpc ? undefined : join(sandboxPath, 'ipc'),
        uts: sandbox.hostNetwork ? undefined : join(sandboxPath, 'uts'),
        pid,
      },
      sharedMemory: join(sandboxPath, 'shm'),
      cgroupPath,
      boundingCapabilities: this.#bounding,
      oomScoreAdjustMin: this.#bounding.has('SYS_RESOURCE') ? -1000 : ownOomScoreAdjust(),
    });
    await this.#slots.run(async () => {
      await Promise.all(['rootfs', 'upper', 'work'].map((name) => mkdir(join(directory, name), { recursive: true })));
      await Promise.all([
        mkdir(dirname(spec.logPath), { recursive: true }),
        writeRecord(directory, RECORD, record),
        writeFile(join(directory, 'config.json'), JSON.stringify(config)),
      ]);
      try {
        await mountRoot(directory, spec.layerDirectories);
        const containerPid = await this.#startMonitor(spec, directory);
        this.#remember(record, { ...stateOf(record, 'created'), pid: containerPid });
      } catch (error) {
        await this.#discard(spec.id, directory);
        throw new Error(`create container: ${messageOf(error)}`, { cause: error });
      }
    });
  }

  async start(id: string): Promise<void> {
    const known = this.#get(id);
    await this.#slots.run(async () => {
      const [program = 'crun', ...globals] = this.#crun;
      await run(program, [...globals, 'start', shortName(id)]);
      const startedAt = this.#clock.now();
      // It may have ended already; its exit keeps the later word.
      known.state = {
        ...known.state,
        startedAt,
        ...(known.state.state === 'exited' ? {} : { state: 'running' as const }),
      };
      await writeFile(join(this.#directory(id), 'started'), String(startedAt));
    });
  }

  async signal(id: string, signal: string): Promise<void> {
    const known = this.#known.get(id);
    const pid = known?.state.pid;
    if (!known || pid === undefined || known.state.state === 'exited') return;
    try {
      process.kill(pid, signalNumber(signal));
    } catch (error) {
      if (isAlive(pid)) throw error;
    }
  }

  async remove(id: string): Promise<void> {
    const known = this.#known.get(id);
    if (!known) return;
    if (known.state.state !== 'exited') {
      const ended = new Promise<void>((resolve) => {
        const timer = this.#clock.after(10_000, resolve);
        const done = () => {
          timer.cancel();
          resolve();
        };
        this.#exitWaiters.set(id, [...(this.#exitWaiters.get(id) ?? []), done]);
      });
      await this.signal(id, 'SIGKILL');
      await ended;
    }
    await this.#discard(id, this.#directory(id));
    this.#known.delete(id);
    this.#byShortName.delete(shortName(id));
  }

  async list(): Promise<readonly ContainerState[]> {
    return [...this.#known.values()].map((known) => known.state);
  }

  async state(id: string): Promise<ContainerState | undefined> {
    return this.#known.get(id)?.state;
  }

  onExit(listener: (state: ContainerState) => void): void {
    this.#listeners.push(listener);
  }

  exec(id: string, spec: ExecSpec): Promise<{ exitCode: number }> {
    this.#get(id);
    return execInContainer(this.#crun, this.#directory(id), shortName(id), spec);
  }

  async attach(id: string, streams: Omit<ExecSpec, 'argv'>): Promise<{ exitCode: number }> {
    const known = this.#get(id);
    await attachToContainer(this.#directory(id), streams);
    return { exitCode: known.state.exitCode ?? 0 };
  }

  async stats(id: string): Promise<ContainerStats | undefined> {
    const path = this.#known.get(id)?.record.cgroupPath;
    return path ? cgroupStats(this.#layout, path) : undefined;
  }

  async close(): Promise<void> {
    this.#watcher?.close();
  }

  #podCgroup(sandboxId: string): string {
    return join(this.#cgroupParent, `pod${sandboxId}`);
  }

  #directory(id: string): string {
    return join(this.#containers, shortName(id));
  }

  #get(id: string): Known {
    const known = this.#known.get(id);
    if (!known) throw new Error(`container ${id}: does not exist`);
    return known;
  }

  #remember(record: ContainerRecord, state: ContainerState): void {
    this.#known.set(record.id, { record, state, told: state.state === 'exited' });
    this.#byShortName.set(shortName(record.id), record.id);
  }

  /** Starts conmon, which makes the container; resolves with the container's process id once it is made. */
  #startMonitor(spec: ContainerSpec, directory: string): Promise<number> {
    const name = shortName(spec.id);
    const [program = 'crun', ...globals] = this.#crun;
    const args = [
      '--cid',
      name,
      '--cuuid',
      name,
      '--name',
      name,
      '--runtime',
      program.includes('/') ? program : `/usr/bin/${program}`,
      ...globals.flatMap((word) => ['--runtime-arg', word]),
      '--bundle',
      directory,
      '--persist-dir',
      directory,
      '--full-attach',
      '--exit-dir',
      this.#exits,
      '--container-pidfile',
      join(directory, 'pid'),
      '--conmon-pidfile',
      join(directory, 'conmon.pid'),
      '--log-path',
      `k8s-file:${spec.logPath}`,
      '--log-level',
      'error',
      '--no-sync-log',
      ...(spec.tty ? ['--terminal'] : []),
      ...(spec.stdin ? ['--stdin', ...(spec.stdinOnce ? [] : ['--leave-stdin-open'])] : []),
    ];
    return startMonitor(args, directory, this.#clock);
  }

  async #discard(id: string, directory: string): Promise<void> {
    const [program = 'crun', ...globals] = this.#crun;
    await run(program, [...globals, 'delete', '--force', shortName(id)], { allowFailure: true });
    await run('umount', ['-l', join(directory, 'rootfs')], { allowFailure: true });
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    await rm(join(this.#exits, shortName(id)), { force: true });
  }

  async #stateOnDisk(record: ContainerRecord): Promise<ContainerState> {
    const directory = this.#directory(record.id);
    const exited = await this.#readExit(record);
    const number = async (file: string) => {
      const text = await readFile(join(directory, file), 'utf8').catch(() => '');
      return text ? Number(text) : undefined;
    };
    const [startedAt, pid] = await Promise.all([number('started'), number('pid')]);
    const base = { ...stateOf(record, startedAt === undefined ? 'created' : 'running'), startedAt, pid };
    if (exited) return { ...base, ...exited };
    if (record.bundleId === this.#bundleId && pid !== undefined && isAlive(pid)) return base;
    // The machine or the whole bundle went down under it: nobody saw its exit.
    return { ...base, state: 'exited', finishedAt: this.#clock.now(), exitCode: 255 };
  }

  async #readExit(
    record: ContainerRecord,
  ): Promise<Pick<ContainerState, 'state' | 'exitCode' | 'signal' | 'finishedAt' | 'outOfMemory'> | undefined> {
    const file = join(this.#exits, shortName(record.id));
    const text = (await readFile(file, 'utf8').catch(() => '')).trim();
    if (!text) return undefined;
    const exitCode = Number(text);
    const outOfMemory = await stat(join(this.#directory(record.id), 'oom')).then(
      () => true,
      () => false,
    );
    const finishedAt = Math.round((await stat(file)).mtimeMs);
    return {
      state: 'exited',
      exitCode,
      signal: exitCode > 128 && exitCode < 160 ? exitCode - 128 : undefined,
      finishedAt,
      outOfMemory,
    };
  }

  async #noticeExit(id: string): Promise<void> {
    const known = this.#known.get(id);
    if (!known || known.told) return;
    const exited = await this.#readExit(known.record);
    if (!exited || known.told) return;
    known.told = true;
    known.state = { ...known.state, ...exited };
    for (const resolve of this.#exitWaiters.get(id) ?? []) resolve();
    this.#exitWaiters.delete(id);
    for (const listener of this.#listeners) {
      try {
        listener(known.state);
      } catch (error) {
        this.#log.error('a listener of container exits failed', { container: id, error: messageOf(error) });
      }
    }
  }
}

function stateOf(record: ContainerRecord, state: ContainerState['state']): ContainerState {
  return {
    id: record.id,
    state,
    pid: undefined,
    createdAt: record.createdAt,
    startedAt: undefined,
    finishedAt: undefined,
    exitCode: undefined,
    signal: undefined,
    outOfMemory: false,
  };
}

/** The image's layers with a writable one on top. */
async function mountRoot(directory: string, layers: readonly string[]): Promise<void> {
  const lower = [...layers].reverse().join(':');
  if (!lower) throw new Error('the image has no layers');
  const options = `lowerdir=${lower},upperdir=${join(directory, 'upper')},workdir=${join(directory, 'work')}`;
  if (Buffer.byteLength(options) > 4095)
    throw new Error(`mount the image: ${layers.length} layers do not fit into one overlay mount`);
  await run('mount', ['-t', 'overlay', 'overlay', '-o', options, join(directory, 'rootfs')]);
}

function ownOomScoreAdjust(): number {
  return Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
}

function signalNumber(signal: string): NodeJS.Signals | number {
  if (/^\d+$/.test(signal)) return Number(signal);
  const name = signal.startsWith('SIG') ? signal : `SIG${signal}`;
  const realtime = /^SIGRTMIN(?:\+(\d+))?$/.exec(name);
  return realtime ? 34 + Number(realtime[1] ?? 0) : (name as NodeJS.Signals);
}
