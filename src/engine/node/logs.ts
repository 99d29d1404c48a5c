import { createReadStream, type FSWatcher, watch } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { codeOf } from '../../base/index.ts';
import type { LogQuery } from './contract.ts';
import { LineCutter, parseLogLine } from './log-lines.ts';

const READ_BYTES = 64 * 1024;
const TAIL_BLOCK_BYTES = 64 * 1024;

export interface LogSource {
  /** The log being written now; rotated ones lie beside it as `PATH.TIME`. */
  readonly path: string;
  /** False once the container has ended: nothing will be added. Asked after each reading to the end. */
  isOpen(): boolean;
  /** Calls back once when the container ends. */
  onEnd(listener: () => void): void;
  readonly nowMs: number;
}

/** A container's log as `kubectl logs` wants it. Following ends with the container or the signal. */
export function readLogs(source: LogSource, query: LogQuery, signal: AbortSignal): Readable {
  const out = new PassThrough();
  const stopped = () => signal.aborted || out.destroyed;
  const filter = new LogFilter(query, source.nowMs);
  pump(source, query, filter, out, signal, stopped).then(
    () => out.end(),
    (error: unknown) => out.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return out;
}

async function pump(
  source: LogSource,
  query: LogQuery,
  filter: LogFilter,
  out: PassThrough,
  signal: AbortSignal,
  stopped: () => boolean,
): Promise<void> {
  const rotated = await rotatedLogs(source.path);
  const tail = query.tailLines;
  const start =
    tail === undefined
      ? { files: rotated, rotatedOffset: 0, offset: 0, end: Number.POSITIVE_INFINITY }
      : await tailStart(source.path, rotated, tail, query.stream);
  for (const [index, file] of start.files.entries()) {
    if (stopped() || filter.full) return;
    await write(out, filter, createReadStream(file, { start: index === 0 ? start.rotatedOffset : 0 }), stopped);
  }
  if (stopped() || filter.full) return;
  const end = query.follow ? Number.POSITIVE_INFINITY : start.end;
  await followFile(source, query.follow, start.offset, end, filter, out, signal, stopped);
}

async function write(out: PassThrough, filter: LogFilter, bytes: Readable, stopped: () => boolean): Promise<void> {
  const cutter = new LineCutter();
  for await (const chunk of bytes) {
    if (stopped() || filter.full) break;
    await send(out, filter, cutter.cut(Buffer.from(chunk as Buffer)), stopped);
  }
}

async function send(
  out: PassThrough,
  filter: LogFilter,
  lines: readonly Buffer[],
  stopped: () => boolean,
): Promise<void> {
  const chosen = filter.choose(lines);
  if (chosen.length === 0 || stopped()) return;
  if (!out.write(chosen)) {
    await new Promise<void>((resolve) => {
      out.once('drain', resolve);
      out.once('close', resolve);
    });
  }
}

/** Reads from `offset` to the end, then, when following, what is added, told of by the file system. */
async function followFile(
  source: LogSource,
  follow: boolean,
  offset: number,
  end: number,
  filter: LogFilter,
  out: PassThrough,
  signal: AbortSignal,
  stopped: () => boolean,
): Promise<void> {
  const changes = follow ? new Changes(source, signal, out) : undefined;
  let position = offset;
  const cutter = new LineCutter();
  let file = await open(source.path, 'r').catch(ignoreMissing);
  try {
    while (!stopped() && !filter.full) {
      const open_ = source.isOpen();
      file ??= await open(source.path, 'r').catch(ignoreMissing);
      const size = (await file?.stat())?.size ?? 0;
      // Rotated: the file was emptied and begins anew.
      if (size < position) position = 0;
      while (file && !stopped() && !filter.full) {
        const length = Math.min(READ_BYTES, end - position);
        if (length <= 0) break;
        const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
        if (bytesRead === 0) break;
        position += bytesRead;
        await send(out, filter, cutter.cut(buffer.subarray(0, bytesRead)), stopped);
      }
      // Asked before the reading: what was written before the end has been read then.
      if (!changes || !open_) return;
      await changes.next();
    }
  } finally {
    changes?.close();
    await file?.close();
  }
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
  return undefined;
}

/** Waits for the next change of a log, its container's end, or the reader's going. */
class Changes {
  readonly #watcher: FSWatcher;
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(source: LogSource, signal: AbortSignal, out: PassThrough) {
    const name = basename(source.path);
    // The directory, so that a file that comes or is replaced is seen.
    this.#watcher = watch(dirname(source.path), (_event, file) => {
      if (file === name) this.#tell();
    });
    this.#watcher.on('error', () => this.#tell());
    source.onEnd(() => this.#tell());
    signal.addEventListener('abort', () => this.#tell(), { once: true });
    out.once('close', () => this.#tell());
  }

  async next(): Promise<void> {
    if (!this.#changed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#changed = false;
  }

  close(): void {
    this.#watcher.close();
  }

  #tell(): void {
    this.#changed = true;
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** Chooses and forms lines by what was asked; knows when the limit of bytes is reached. */
class LogFilter {
  readonly #timestamps: boolean;
  readonly #sinceMs: number | undefined;
  readonly #stream: 'stdout' | 'stderr' | undefined;
  #left: number | undefined;
  /** The line before was a piece, so this one has no time of its own in front. */
  #inLine = false;

  constructor(query: LogQuery, nowMs: number) {
    this.#timestamps = query.timestamps;
    this.#sinceMs = query.sinceTime
      ? Date.parse(query.sinceTime)
      : query.sinceSeconds === undefined
        ? undefined
        : nowMs - query.sinceSeconds * 1000;
    this.#stream = query.stream === 'Stdout' ? 'stdout' : query.stream === 'Stderr' ? 'stderr' : undefined;
    this.#left = query.limitBytes;
  }

  get full(): boolean {
    return this.#left !== undefined && this.#left <= 0;
  }

  choose(lines: readonly Buffer[]): Buffer {
    const parts: Buffer[] = [];
    for (const bytes of lines) {
      const line = parseLogLine(bytes);
      if (!line || (this.#stream && line.stream !== this.#stream)) continue;
      if (this.#sinceMs !== undefined && Date.parse(line.time) < this.#sinceMs) continue;
      if (this.#timestamps && !this.#inLine) parts.push(Buffer.from(`${line.time.replace('+00:00', 'Z')} `));
      parts.push(line.text);
      if (!line.partial) parts.push(Buffer.from('\n'));
      this.#inLine = line.partial;
    }
    const all = Buffer.concat(parts);
    if (this.#left === undefined) return all;
    const cut = all.subarray(0, this.#left);
    this.#left -= cut.length;
    return cut;
  }
}

/** Oldest first. */
async function rotatedLogs(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch(() => []);
  const prefix = `${basename(path)}.`;
  return names
    .filter((name) => name.startsWith(prefix))
    .sort()
    .map((name) => join(dirname(path), name));
}

/** Where the last `count` lines begin: in the current log, or if it is too short in a rotated one before it. */
async function tailStart(
  path: string,
  rotated: readonly string[],
  count: number,
  stream: string | undefined,
): Promise<TailStart> {
  const wanted = stream === 'Stdout' ? 'stdout' : stream === 'Stderr' ? 'stderr' : undefined;
  const here = await offsetOfLast(path, count, wanted);
  if (here.seen >= count) return { files: [], rotatedOffset: 0, offset: here.offset, end: here.end };
  let missing = count - here.seen;
  for (let at = rotated.length - 1; at >= 0; at--) {
    const there = await offsetOfLast(rotated[at] ?? '', missing, wanted);
    missing -= there.seen;
    if (missing <= 0) return { files: rotated.slice(at), rotatedOffset: there.offset, offset: 0, end: here.end };
  }
  return { files: rotated, rotatedOffset: 0, offset: 0, end: here.end };
}

interface TailStart {
  /** Rotated logs to be read first; the first of them from `rotatedOffset`. */
  readonly files: readonly string[];
  readonly rotatedOffset: number;
  /** Where to begin in the current log. */
  readonly offset: number;
  /** How long the current log was then: what is written meanwhile is not of the last lines. */
  readonly end: number;
}

/** Where the last `count` lines of a file begin, and how many there are if fewer. Reads from the end. */
async function offsetOfLast(
  path: string,
  count: number,
  stream: 'stdout' | 'stderr' | undefined,
): Promise<{ offset: number; seen: number; end: number }> {
  const file = await open(path, 'r').catch(ignoreMissing);
  if (!file) return { offset: 0, seen: 0, end: 0 };
  try {
    const fileEnd = (await file.stat()).size;
    let end = fileEnd;
    if (count <= 0) return { offset: end, seen: 0, end };
    let seen = 0;
    let after: Buffer = Buffer.alloc(0);
    while (end > 0) {
      const start = Math.max(0, end - TAIL_BLOCK_BYTES);
      const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
      const block = Buffer.concat([buffer, after]);
      // Lines are whole from the first newline on, or from the file's start.
      let lineEnd = block.length > 0 && block[block.length - 1] === 0x0a ? block.length - 1 : block.length;
      for (;;) {
        const lineStart = lineEnd === 0 ? -1 : block.lastIndexOf(0x0a, lineEnd - 1);
        if (lineStart < 0 && start > 0) break;
        const line = parseLogLine(block.subarray(lineStart + 1, lineEnd));
        if (line && !line.partial && (!stream || line.stream === stream)) seen++;
        if (seen > count) return { offset: start + lineEnd + 1, seen: count, end: fileEnd };
        if (lineStart < 0) return { offset: 0, seen, end: fileEnd };
        lineEnd = lineStart;
      }
      after = block.subarray(0, lineEnd + 1);
      end = start;
    }
    return { offset: 0, seen, end: fileEnd };
  } finally {
    await file.close();
  }
}
