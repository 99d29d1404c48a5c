import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { codeOf } from './errors.ts';
import { currentSpawner, INPUT_BYTES_MAX, type Spawner } from './spawner.ts';

/** What a finished program said. */
export interface RunResult {
  exitCode: number;
  /** The signal that ended it, if one did. */
  signal: NodeJS.Signals | undefined;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Written to standard input, which is then closed; without it standard input is empty. */
  input?: string | Uint8Array;
  /** The program is killed past this; 60 000 when not given. */
  timeoutMs?: number;
  /** Output past this many bytes a stream is cut; 4 MiB when not given. */
  outputBytesMax?: number;
  signal?: AbortSignal;
  /** Called with each line as it comes, both streams. */
  onLine?: (line: string) => void;
  /** Return the result instead of throwing when the exit code is not 0. */
  allowFailure?: boolean;
}

/** A program that could not be started, failed, or took too long. */
export class RunError extends Error {
  override readonly name = 'RunError';
  readonly result: RunResult;

  constructor(message: string, result: RunResult, options?: { cause?: unknown }) {
    super(message, options);
    this.result = result;
  }
}

const TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Runs a program to its end, without a shell.
 * @throws RunError when it cannot be started, exits with another code than 0 (unless `allowFailure`), or times out.
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const spawner = currentSpawner();
  const input = typeof options.input === 'string' ? Buffer.from(options.input) : options.input;
  // What is told line by line, or says more than a pipe holds, is started from here.
  if (spawner && !options.onLine && (input?.length ?? 0) <= INPUT_BYTES_MAX)
    return runBySpawner(spawner, command, args, input, options);
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const bytesMax = options.outputBytesMax ?? OUTPUT_BYTES_MAX;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      signal: options.signal,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    const texts: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' };
    const partial = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = child[name];
      stream?.setEncoding('utf8');
      stream?.on('data', (chunk: string) => {
        if (texts[name].length < bytesMax) texts[name] += chunk.slice(0, bytesMax - texts[name].length);
        if (!options.onLine) return;
        const lines = (partial[name] + chunk).split('\n');
        partial[name] = lines.pop() ?? '';
        for (const line of lines) options.onLine(line);
      });
    }
    child.stdin?.on('error', () => {});
    if (options.input !== undefined) child.stdin?.end(options.input);
    child.on('error', (error) => {
      clearTimeout(timer);
      if (options.signal?.aborted) {
        reject(options.signal.reason);
        return;
      }
      const result = { exitCode: 127, signal: undefined, ...texts };
      const why = codeOf(error) === 'ENOENT' ? 'no such program' : error.message;
      reject(new RunError(`run ${command}: ${why}`, result, { cause: error }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      for (const name of ['stdout', 'stderr'] as const) {
        if (partial[name] && options.onLine) options.onLine(partial[name]);
      }
      const result: RunResult = { exitCode: code ?? 128, signal: signal ?? undefined, ...texts };
      try {
        resolve(judge(result, command, args, options, timedOut));
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** The result, or the error it amounts to. */
function judge(
  result: RunResult,
  command: string,
  args: readonly string[],
  options: RunOptions,
  timedOut: boolean,
): RunResult {
  if (timedOut) {
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    throw new RunError(`run ${command}: took more than ${timeoutMs} ms and was ended`, result);
  }
  if (result.exitCode === 0 || options.allowFailure) return result;
  const said = result.stderr.trim().split('\n').slice(-3).join(' / ');
  throw new RunError(
    `run ${command} ${args.slice(0, 3).join(' ')}: ${said || `exit code ${result.signal ?? result.exitCode}`}`,
    result,
  );
}

async function runBySpawner(
  spawner: Spawner,
  command: string,
  args: readonly string[],
  input: Uint8Array | undefined,
  options: RunOptions,
): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const { id, reply } = spawner.spawn({
    argv: [command, ...args],
    cwd: options.cwd ?? process.cwd(),
    env: options.env ?? process.env,
    input,
  });
  let timedOut = false;
  const end = (): void => spawner.kill(id);
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, options.timeoutMs ?? TIMEOUT_MS);
  options.signal?.addEventListener('abort', end, { once: true });
  try {
    const { exitCode, signal, stdout, stderr, fault } = await reply;
    options.signal?.throwIfAborted();
    const bytesMax = options.outputBytesMax ?? OUTPUT_BYTES_MAX;
    const result: RunResult = {
      exitCode: exitCode ?? 128,
      signal: signal === undefined ? undefined : signalName(signal),
      stdout: stdout.toString('utf8', 0, bytesMax),
      stderr: stderr.toString('utf8', 0, bytesMax),
    };
    if (fault !== undefined) throw new RunError(`run ${command}: ${fault}`, { ...result, exitCode: 127 });
    return judge(result, command, args, options, timedOut);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', end);
  }
}

function signalName(number: number): NodeJS.Signals | undefined {
  return (Object.entries(constants.signals) as [NodeJS.Signals, number][]).find(([, value]) => value === number)?.[0];
}
