import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { systemClock, UserError } from '../../base/index.ts';
import type { LoadCount, LoadOptions, LoadReport, RunningLoad } from './contract.ts';
import type { FromLoad, ToLoad } from './messages.ts';
import { runLoad } from './run-load.ts';
import { targetOf } from './target.ts';

/** The hidden command that `runLoadWorker` stands behind. */
export const WORKER_COMMAND = 'load-worker';

/** A load that also says when its duration is over. */
export interface TimedLoad extends RunningLoad {
  ended(): Promise<void>;
}

/**
 * Begins to send requests, in a process of its own, which ends with this one whatever happens. Where the code does not run
 * from the bundle, or by another clock than the machine's, it runs in this process.
 * @throws UserError when the URL, the rate or a bound cannot be (exit status 2), or its process could not start.
 */
export async function startLoad(options: LoadOptions): Promise<RunningLoad> {
  return await startTimedLoad(options);
}

/** Sends requests for `durationMs` (or until the signal aborts) and tells what came of it. */
export async function load(options: LoadOptions): Promise<LoadReport> {
  const running = await startTimedLoad(options);
  await running.ended();
  return await running.stop();
}

async function startTimedLoad(options: LoadOptions): Promise<TimedLoad> {
  targetOf(options);
  const bundle = options.clock === systemClock ? bundlePath() : undefined;
  return bundle === undefined ? inThisProcess(options) : await inItsOwn(options, bundle);
}

function inThisProcess(options: LoadOptions): TimedLoad {
  const running = runLoad(options);
  return {
    mark: (phase) => running.mark(phase),
    recent: async (windowMs) => running.recent(windowMs),
    stop: () => running.stop(),
    ended: () => running.ended,
  };
}

/** The command line beside this code; undefined when this is not the bundle. */
function bundlePath(): string | undefined {
  return ['.', '..'].map((up) => join(import.meta.dirname, up, 'wherry.mjs')).find((path) => existsSync(path));
}

async function inItsOwn({ clock: _clock, signal, ...options }: LoadOptions, bundle: string): Promise<TimedLoad> {
  const child = fork(bundle, [WORKER_COMMAND], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  const faults = lastText(child);
  /** This process waits for the other only while an answer of it is awaited: a load that is forgotten keeps nobody. */
  const awaited = async <T>(answer: Promise<T>): Promise<T> => {
    child.ref();
    child.channel?.ref();
    waiting++;
    try {
      return await answer;
    } finally {
      if (--waiting === 0) {
        child.unref();
        child.channel?.unref();
      }
    }
  };
  let waiting = 0;
  const started = deferred<void>();
  const ended = deferred<void>();
  const report = deferred<LoadReport>();
  const answers = new Map<number, Deferred<LoadCount>>();
  for (const { promise } of [started, ended, report]) promise.catch(() => {});
  let reported = false;
  let nextId = 0;
  const tell = (message: ToLoad): void => {
    if (child.connected) child.send(message);
  };
  const stop = (): void => tell({ type: 'stop' });
  child.on('message', (message: FromLoad) => {
    if (message.type === 'started') started.resolve();
    else if (message.type === 'ended') ended.resolve();
    else if (message.type === 'report') {
      reported = true;
      ended.resolve();
      report.resolve(message.report);
    } else {
      answers.get(message.id)?.resolve(message.count);
      answers.delete(message.id);
    }
  });
  const lost = (how: string): void => {
    signal?.removeEventListener('abort', stop);
    const error = new UserError('load', reported ? 'has ended' : `its process ended: ${how}`, faults());
    for (const { reject } of [started, ended, report, ...answers.values()]) reject(error);
    answers.clear();
  };
  child.on('error', (error) => lost(error.message));
  child.on('exit', (code, name) => lost(name ?? `exit status ${code}`));
  tell({ type: 'start', options });
  await awaited(started.promise);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  return {
    mark: (phase) => tell({ type: 'mark', phase }),
    recent(windowMs) {
      if (!child.connected) return Promise.reject(new UserError('load', 'has ended'));
      const answer = deferred<LoadCount>();
      answers.set(++nextId, answer);
      tell({ type: 'recent', id: nextId, windowMs });
      return awaited(answer.promise);
    },
    stop() {
      stop();
      return awaited(report.promise);
    },
    ended: () => awaited(ended.promise),
  };
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

/** Promise.withResolvers, which Node 20 has not. */
function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((good, bad) => {
    resolve = good;
    reject = bad;
  });
  return { promise, resolve, reject };
}

/** The last of what the process said of its faults. */
function lastText(child: ChildProcess): () => string | undefined {
  let text = '';
  if (child.stderr instanceof Socket) child.stderr.unref();
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-2000);
  });
  return () => text.trim() || undefined;
}
