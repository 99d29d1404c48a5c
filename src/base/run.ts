import { spawn } from 'node:child_process';
import { codeOf } from './errors.ts';

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

/**
 * Runs a program to its end, without a shell.
 * @throws RunError when it cannot be started, exits with another code than 0 (unless `allowFailure`), or times out.
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const bytesMax = options.outputBytesMax ?? 4 * 1024 * 1024;
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
      if (timedOut) {
        reject(new RunError(`run ${command}: took more than ${timeoutMs} ms and was ended`, result));
      } else if (code !== 0 && !options.allowFailure) {
        const said = texts.stderr.trim().split('\n').slice(-3).join(' / ') || `exit code ${code ?? signal}`;
        reject(new RunError(`run ${command} ${args.slice(0, 3).join(' ')}: ${said}`, result));
      } else {
        resolve(result);
      }
    });
  });
}
