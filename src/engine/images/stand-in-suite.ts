import { hostSuite } from './host-suite.ts';
import { BASE_TAG } from './stand-in-debian.ts';

/** Debian's releases from old to new with the version of one program that each carries: `1.19`. */
export type Carried = readonly (readonly [codename: string, version: string])[];

/**
 * The tag of the Debian base whose packages serve a wanted version: the oldest release, from the host's own on, that
 * carries it or a newer one, since the newer compiles and runs what was written for the older; the newest stable one
 * when the tag names no minor version.
 * @param tag of the image: `1.24-bookworm`, `8.3-apache`, `latest`
 * @param strict the release spelled in the tag is kept, whatever it carries: for programs that are carried over to
 * another image of that release
 * @param host codename of the host's own release
 */
export function suiteFor(
  carried: Carried,
  tag: string,
  strict = false,
  host: string | undefined = hostSuite()?.codename,
): string {
  const from = carried.findIndex(([codename]) => codename === host);
  // A host that is not Debian has packages of its own; nothing is known of their versions.
  if (host === undefined || from === -1) return BASE_TAG;
  const reachable = carried.slice(from);
  const spelled = reachable.find(([codename]) => tag.includes(codename));
  const wanted = /^(\d+\.\d+)/.exec(tag)?.[1];
  const fitting = wanted
    ? (reachable.find(([, version]) => compareVersions(version, wanted) >= 0) ?? reachable.at(-1))
    : (reachable.findLast(([codename]) => codename !== TESTING) ?? reachable[0]);
  const chosen = (strict ? spelled : undefined) ?? fitting;
  return chosen === undefined || chosen[0] === host ? BASE_TAG : chosen[0];
}

/** Not released yet: only for what no stable release carries. */
const TESTING = 'forky';

function compareVersions(one: string, other: string): number {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major - otherMajor || minor - otherMinor;
}
