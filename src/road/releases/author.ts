import { hostname, userInfo } from 'node:os';

/** Who releases: `name@host`, of the account that this runs as. */
export function author(): string {
  return `${nameOfUser()}@${hostname()}`;
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number that no account has.
    return String(process.getuid?.() ?? 'unknown');
  }
}
