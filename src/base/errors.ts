/**
 * A mistake of the user's, or a lack of the machine's: `place: fault`, then the way out on a line of its own.
 * The command line prints the message as it is and ends with exit status 1 (2 for a wrong call).
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly place: string;
  readonly fault: string;
  readonly wayOut: string | undefined;
  readonly exitStatus: number;

  constructor(place: string, fault: string, wayOut?: string, options: { cause?: unknown; exitStatus?: number } = {}) {
    super(wayOut ? `${place}: ${fault}\n${wayOut}` : `${place}: ${fault}`, { cause: options.cause });
    this.place = place;
    this.fault = fault;
    this.wayOut = wayOut;
    this.exitStatus = options.exitStatus ?? 1;
  }
}

/** A fault of ours. Thrown by `assert`; never caught to carry on. */
export class Bug extends Error {
  override readonly name = 'Bug';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error (`ENOENT`), if it has one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
