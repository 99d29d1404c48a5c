import picocolors from 'picocolors';

const { env, stdout } = process;

/** Colours for a person at a terminal only: a pipe gets plain lines, in a CI system as well (NO_COLOR, FORCE_COLOR). */
export const colors = picocolors.createColors(
  !env.NO_COLOR && Boolean(env.FORCE_COLOR || (stdout.isTTY && env.TERM !== 'dumb')),
);
