import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, run } from '../../base/index.ts';
import type { Sandbox, SandboxSpec } from './contract.ts';
import { isAlive, readRecords, type SandboxRecord, shortName, writeRecord } from './files.ts';

const RECORD = 'sandbox.json';
/** Let pods without privileges bind low ports and ping, as containerd does. */
const OPEN_SYSCTLS = { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' };

/** Pods' shared namespaces, held by bind mounts; no process of their own is needed unless they share one for processes. */
export class Sandboxes {
  readonly #directory: string;
  readonly #bundleId: string;

  constructor(directory: string, bundleId: string) {
    this.#directory = directory;
    this.#bundleId = bundleId;
  }

  path(id: string): string {
    return join(this.#directory, shortName(id));
  }

  /** Idempotent: a sandbox that this bundle already holds is answered as it is. */
  async create(spec: SandboxSpec): Promise<Sandbox> {
    const existing = await this.record(spec.id);
    if (existing?.bundleId === this.#bundleId) return this.#view(existing);
    if (existing) await this.remove(spec.id);
    const path = this.path(spec.id);
    await mkdir(join(path, 'shm'), { recursive: true });
    const held = [
      ...(spec.hostNetwork ? [] : ['net']),
      ...(spec.hostIpc ? [] : ['ipc']),
      ...(spec.hostNetwork ? [] : ['uts']),
    ];
    await Promise.all(held.map((name) => writeFile(join(path, name), '')));
    try {
      await run('unshare', [
        ...held.map((name) => `--${name}=${join(path, name)}`),
        'sh',
        '-c',
        this.#script(spec),
        'sh',
        spec.hostname,
        join(path, 'shm'),
      ]);
    } catch (error) {
      await this.#unmount(path);
      await rm(path, { recursive: true, force: true });
      throw new Error(`create pod sandbox: ${messageOf(error)}`, { cause: error });
    }
    const holderPid = spec.sharedPid ? await this.#startHolder() : undefined;
    const record: SandboxRecord = {
      id: spec.id,
      bundleId: this.#bundleId,
      hostNetwork: spec.hostNetwork,
      hostPid: spec.hostPid,
      hostIpc: spec.hostIpc,
      holderPid,
    };
    await writeRecord(path, RECORD, record);
    return this.#view(record);
  }

  async record(id: string): Promise<SandboxRecord | undefined> {
    const text = await readFile(join(this.path(id), RECORD), 'utf8').catch(() => undefined);
    return text ? (JSON.parse(text) as SandboxRecord) : undefined;
  }

  async list(): Promise<Sandbox[]> {
    const records = await readRecords<SandboxRecord>(this.#directory, RECORD);
    return records.filter((record) => record.bundleId === this.#bundleId).map((record) => this.#view(record));
  }

  async remove(id: string): Promise<void> {
    const path = this.path(id);
    const record = await this.record(id);
    if (record?.bundleId === this.#bundleId && record.holderPid !== undefined && isAlive(record.holderPid)) {
      process.kill(record.holderPid, 'SIGKILL');
    }
    await this.#unmount(path);
    await rm(path, { recursive: true, force: true });
  }

  /** What an earlier bundle left on disk; its namespaces are gone with it. */
  async removeStale(): Promise<void> {
    const records = await readRecords<SandboxRecord>(this.#directory, RECORD);
    const stale = records.filter((record) => record.bundleId !== this.#bundleId);
    await Promise.all(stale.map((record) => rm(this.path(record.id), { recursive: true, force: true })));
  }

  #view(record: SandboxRecord): Sandbox {
    return { id: record.id, networkNamespace: record.hostNetwork ? undefined : join(this.path(record.id), 'net') };
  }

  /** Runs inside the new namespaces: host name, sysctls, loopback. Names and values come as text that is quoted here. */
  #script(spec: SandboxSpec): string {
    const lines = ['set -e', 'mount -t tmpfs -o nosuid,nodev,noexec,mode=1777,size=64m shm "$2"'];
    if (!spec.hostNetwork) {
      lines.push('hostname "$1"', 'ip link set lo up');
      for (const [name, value] of Object.entries({ ...OPEN_SYSCTLS, ...spec.sysctls }))
        lines.push(sysctlLine(name, value));
    }
    return lines.join('\n');
  }

  async #unmount(path: string): Promise<void> {
    const mounts = await readFile('/proc/self/mounts', 'utf8');
    const held = ['net', 'ipc', 'uts', 'shm']
      .map((name) => join(path, name))
      .filter((target) => mounts.includes(` ${target} `));
    if (held.length > 0) await run('umount', ['-l', ...held], { allowFailure: true });
  }

  /** A process namespace lives as long as its first process, which also reaps what is orphaned in it. */
  async #startHolder(): Promise<number> {
    const holder: ChildProcess = spawn(
      'unshare',
      [
        '--pid',
        '--fork',
        '--kill-child',
        'sh',
        '-c',
        'trap "exit 0" TERM; sleep infinity & while :; do wait; sleep 1; done',
      ],
      { detached: true, stdio: 'ignore' },
    );
    holder.unref();
    const parent = holder.pid;
    if (parent === undefined) throw new Error('create pod sandbox: the holder of its process namespace did not start');
    for (let attempt = 0; attempt < 200; attempt++) {
      const children = (await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8').catch(() => '')).trim();
      if (children) return Number(children.split(' ')[0]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error('create pod sandbox: the holder of its process namespace did not start');
  }
}

function sysctlLine(name: string, value: string): string {
  const file = `/proc/sys/${name.replaceAll('.', '/')}`;
  return `printf %s '${value.replaceAll("'", "'\\''")}' > '${file.replaceAll("'", "'\\''")}'`;
}
