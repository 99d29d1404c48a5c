import { codeOf, UserError } from '../base/index.ts';

const CAUSES_MAX = 8;

/**
 * What lower rooms say of the user's input and the world outside, as `place: fault` and a way out; undefined for a fault of ours. Errors are
 * known by name: their classes would load the catalogue of kinds and the image rooms for every command.
 */
export function asUserError(error: unknown): UserError | undefined {
  if (!(error instanceof Error)) return undefined;
  const full = causeOf(error, 'ENOSPC') ?? causeOf(error, 'EDQUOT');
  if (error instanceof UserError) return full && !error.wayOut ? withRoom(error.place, error.fault, error) : error;
  if (full) {
    const place = pathOf(full) ?? process.env.WHERRY_HOME ?? '/var/lib/wherry';
    return withRoom(place, `no space is left on its disk (${error.message})`, error);
  }
  if (error.name === 'StatusError') return told(error, error.message);
  if (error.name === 'PullError') {
    const invalid = 'reason' in error && error.reason === 'InvalidImageName';
    return told(
      error,
      `image: ${error.message}`,
      invalid ? 'Write it as [HOST/]NAME[:TAG], in lower case.' : 'See what there is: wherry image list',
    );
  }
  return undefined;
}

function withRoom(place: string, fault: string, cause: Error): UserError {
  const wayOut = 'Make room (df shows where; wherry image remove NAME, wherry cluster delete), then run it again.';
  return new UserError(place, fault, wayOut, { cause });
}

/** The message as it is; the server and the image room put the place in front themselves. */
function told(cause: Error, text: string, wayOut?: string): UserError {
  const at = text.indexOf(': ');
  return at < 0
    ? new UserError('refused', text, wayOut, { cause })
    : new UserError(text.slice(0, at), text.slice(at + 2), wayOut, { cause });
}

function causeOf(error: Error, code: string): Error | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < CAUSES_MAX && at instanceof Error; depth++) {
    // A program's own words (apt, npm, a RUN step) carry no code.
    if (codeOf(at) === code || (code === 'ENOSPC' && /\bENOSPC\b|no space left on device/i.test(at.message))) return at;
    at = at.cause;
  }
  return undefined;
}

function pathOf(error: Error): string | undefined {
  return 'path' in error && typeof error.path === 'string' ? error.path : undefined;
}
