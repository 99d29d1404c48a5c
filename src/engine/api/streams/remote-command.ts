import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../../../base/index.ts';
import { internalError, type Status, StatusError } from '../../kinds/index.ts';
import type { ExecResult } from '../contract.ts';

/** What the client of an exec or attach asks for. */
export interface RemoteCommand {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The client's ends of an exec, however they travel. */
export interface RemoteStreams {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  onResize(listener: (size: TerminalSize) => void): void;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** Tells how it ended, when everything written has gone out, and closes. */
  finish(status: Status): Promise<void>;
}

/** Terminal sizes as they come; the last one is kept for whoever listens late. */
export class Sizes {
  #last: TerminalSize | undefined;
  #listener: ((size: TerminalSize) => void) | undefined;

  /** Takes one JSON object, `{"Width":80,"Height":24}`; what is none is passed over. */
  take(text: string): void {
    let read: unknown;
    try {
      read = JSON.parse(text);
    } catch {
      return;
    }
    if (typeof read !== 'object' || read === null) return;
    const { Width: columns, Height: rows } = read as { Width?: unknown; Height?: unknown };
    if (!isSide(columns) || !isSide(rows)) return;
    this.#last = { columns, rows };
    this.#listener?.(this.#last);
  }

  listen(listener: (size: TerminalSize) => void): void {
    this.#listener = listener;
    if (this.#last) listener(this.#last);
  }
}

const isSide = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) <= 65535;

/** The Status of the error channel: upstream's remotecommand.ServeExec. */
export function exitStatus(result: ExecResult, command: readonly string[]): Status {
  if (result.exitCode === 0) return { metadata: {}, status: 'Success' } as Status;
  const what = command.length > 0 ? `error executing command [${command.join(' ')}], ` : '';
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${what}exit code ${result.exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(result.exitCode) }] },
  } as Status;
}

export function failureStatus(error: unknown, action: string): Status {
  if (error instanceof StatusError) return error.status;
  return internalError(`error ${action} container: ${messageOf(error)}`).status;
}

/** Ends a stream and waits until everything written to it has been handed on, or it is gone. */
export function ended(stream: Writable | undefined): Promise<void> {
  if (!stream || stream.writableFinished || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('finish', resolve);
    stream.once('close', resolve);
    stream.once('error', () => resolve());
    stream.end();
  });
}
