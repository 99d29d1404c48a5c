import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = process.cwd();
const KUBECTL = process.env.WHERRY_TEST_KUBECTL || 'kubectl';

export interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly input?: string;
  readonly env?: Record<string, string>;
  readonly timeoutMs?: number;
  readonly cwd?: string;
}

/** Runs a program to its end; never throws for an exit status. */
export function call(program: string, args: readonly string[], options: CallOptions = {}): Said {
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    input: options.input ?? '',
    timeout: options.timeoutMs ?? 120_000,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  return {
    exitCode: result.status ?? 128,
    stdout: result.stdout ?? '',
    stderr: (result.stderr ?? '') + (result.error ? String(result.error) : ''),
  };
}

/** A cluster of its own, with a home of its own, so that nothing of the machine's clusters is touched. */
export interface TestCluster {
  readonly name: string;
  readonly home: string;
  readonly kubeconfig: string;
  /** The command line; fails the test when it does. */
  wherry(...args: string[]): string;
  tryWherry(args: readonly string[], options?: CallOptions): Said;
  kubectl(...args: string[]): string;
  tryKubectl(args: readonly string[], options?: CallOptions): Said;
  apply(yaml: string): string;
  /** A kubectl that goes on; ended by the test. */
  startKubectl(...args: string[]): { output(): string; stop(): void };
  delete(): void;
}

let count = 0;

export function testCluster(options: { home?: string; name?: string; start?: boolean } = {}): TestCluster {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'wherry-e2e-'));
  const name = options.name ?? `e2e-${process.pid}-${++count}`;
  const kubeconfig = join(home, 'clusters', name, 'kubeconfig');
  // The machine's images are shared on purpose: assembling the same base again in each test would prove nothing.
  const env = {
    WHERRY_HOME: home,
    WHERRY_IMAGES: process.env.WHERRY_IMAGES ?? '/var/lib/wherry/images',
    KUBECONFIG: join(home, 'user-kubeconfig'),
  };
  const must = (what: string, said: Said): string => {
    if (said.exitCode !== 0) throw new Error(`${what}: exit status ${said.exitCode}\n${said.stdout}\n${said.stderr}`);
    return said.stdout;
  };
  const cluster: TestCluster = {
    name,
    home,
    kubeconfig,
    tryWherry: (args, more = {}) =>
      call(process.execPath, [join(root, 'dist/wherry.mjs'), ...args], { ...more, env: { ...env, ...more.env } }),
    wherry: (...args) => must(`wherry ${args.join(' ')}`, cluster.tryWherry(args)),
    tryKubectl: (args, more = {}) =>
      call(KUBECTL, ['--kubeconfig', kubeconfig, ...args], { ...more, env: { ...env, ...more.env } }),
    kubectl: (...args) => must(`kubectl ${args.join(' ')}`, cluster.tryKubectl(args)),
    apply: (yaml) => must('kubectl apply', cluster.tryKubectl(['apply', '-f', '-'], { input: yaml })),
    startKubectl(...args) {
      const child = spawn(KUBECTL, ['--kubeconfig', kubeconfig, ...args], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
      }
      return { output: () => text, stop: () => void child.kill('SIGKILL') };
    },
    delete() {
      tellFaults(join(home, 'clusters', name, 'engine.log'));
      cluster.tryWherry(['cluster', 'delete', '--name', name]);
      if (options.home === undefined) rmSync(home, { recursive: true, force: true });
    },
  };
  if (options.start ?? true) cluster.wherry('cluster', 'start', '--name', name);
  return cluster;
}

/** What went wrong inside, beside a test's own words. */
function tellFaults(log: string): void {
  if (!existsSync(log)) return;
  const faults = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !/^\{"level":(10|20|30|40)/.test(line));
  if (faults.length > 0) console.error(`engine.log: ${faults.slice(-8).join('\n').slice(0, 4000)}`);
}

/** Waits until `read` gives something; a test's bound, not a measure. */
export async function eventually<T>(
  what: string,
  read: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const value = await read();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`never came within ${timeoutMs / 1000} s: ${what}`, { cause: last });
}
