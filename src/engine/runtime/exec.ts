import { spawn } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { run } from '../../base/index.ts';
import type { ExecSpec } from './contract.ts';
import { isAlive } from './files.ts';

/** The kernel's word for a process that was killed because it took too long, as exit code. */
const KILLED = 137;
let count = 0;

/** Runs a program in a running container with the container's own user, environment and limits. */
export async function execInContainer(
  crun: readonly string[],
  containerDirectory: string,
  name: string,
  spec: ExecSpec,
): Promise<{ exitCode: number }> {
  const config = JSON.parse(await readFile(join(containerDirectory, 'config.json'), 'utf8')) as {
    process: Record<string, unknown>;
  };
  const base = join(containerDirectory, `exec-${process.pid}-${++count}`);
  const processFile = `${base}.json`;
  const pidFile = `${base}.pid`;
  const oomScoreAdj = undefined;
  await writeFile(processFile, JSON.stringify({ ...config.process, oomScoreAdj, args: spec.argv, terminal: spec.tty }));
  const [program = 'crun', ...globals] = crun;
  const args = [
    ...globals,
    'exec',
    ...(spec.tty ? ['--tty'] : []),
    '--process',
    processFile,
    '--pid-file',
    pidFile,
    name,
  ];
  try {
    return await (spec.tty
      ? execWithTerminal(program, args, pidFile, spec)
      : execWithPipes(program, args, pidFile, spec));
  } finally {
    await Promise.all([rm(processFile, { force: true }), rm(pidFile, { force: true })]);
  }
}

function execWithPipes(
  program: string,
  args: string[],
  pidFile: string,
  spec: ExecSpec,
): Promise<{ exitCode: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: [spec.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
    const watchdog = guard(pidFile, spec, () => child.kill('SIGKILL'));
    child.stdin?.on('error', () => {});
    if (spec.stdin && child.stdin) spec.stdin.pipe(child.stdin);
    if (spec.stdout) child.stdout?.pipe(spec.stdout, { end: false });
    else child.stdout?.resume();
    if (spec.stderr) child.stderr?.pipe(spec.stderr, { end: false });
    else child.stderr?.resume();
    child.on('error', (error) => {
      watchdog.done();
      reject(error);
    });
    // A process left in the background may hold the pipes; the answer is the exit of the one that was asked for.
    child.on('exit', (code) => {
      watchdog.done();
      const finish = () => resolve({ exitCode: watchdog.fired() ? KILLED : (code ?? KILLED) });
      const timer = setTimeout(finish, 1000);
      child.on('close', () => {
        clearTimeout(timer);
        finish();
      });
    });
  });
}

async function execWithTerminal(
  program: string,
  args: string[],
  pidFile: string,
  spec: ExecSpec,
): Promise<{ exitCode: number }> {
  const pty = await import('@lydell/node-pty');
  const terminal = pty.spawn(program, args, { name: 'xterm', cols: 80, rows: 24, encoding: null });
  const watchdog = guard(pidFile, spec, () => terminal.kill('SIGKILL'));
  terminal.onData((data) => spec.stdout?.write(data));
  feed(spec.stdin, (chunk) => terminal.write(chunk as unknown as string));
  spec.onResize?.((size) => {
    terminal.resize(Math.max(1, size.columns), Math.max(1, size.rows));
    // crun before 1.9 does not carry a new size on to the container's own terminal.
    void resizeInside(pidFile, size).catch(() => undefined);
  });
  return new Promise((resolve) => {
    terminal.onExit(({ exitCode, signal }) => {
      watchdog.done();
      spec.stdin?.pause();
      resolve({ exitCode: watchdog.fired() ? KILLED : signal ? 128 + signal : exitCode });
    });
  });
}

function feed(stdin: Readable | undefined, write: (chunk: Buffer) => void): void {
  stdin?.on('data', (chunk: Buffer) => write(chunk));
  // End of input on a terminal is the end-of-file character, as a person types it.
  stdin?.on('end', () => write(Buffer.from([4])));
}

async function resizeInside(pidFile: string, size: { columns: number; rows: number }): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const pid = (await readFile(pidFile, 'utf8').catch(() => '')).trim();
    if (pid) {
      await run('stty', ['-F', `/proc/${pid}/fd/0`, 'rows', String(size.rows), 'cols', String(size.columns)]);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Ends the program inside the container when the caller goes away or the time is up. */
function guard(pidFile: string, spec: ExecSpec, killOutside: () => void): { done(): void; fired(): boolean } {
  let fired = false;
  const end = () => {
    fired = true;
    void readFile(pidFile, 'utf8')
      .then((text) => {
        const pid = Number(text);
        if (pid > 1 && isAlive(pid)) process.kill(pid, 'SIGKILL');
      })
      .catch(() => undefined)
      .finally(killOutside);
  };
  const timer = spec.timeoutMs === undefined ? undefined : setTimeout(end, spec.timeoutMs);
  if (spec.signal?.aborted) end();
  spec.signal?.addEventListener('abort', end, { once: true });
  return {
    done() {
      clearTimeout(timer);
      spec.signal?.removeEventListener('abort', end);
    },
    fired: () => fired,
  };
}
