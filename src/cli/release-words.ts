import { UserError } from '../base/index.ts';
import type { Release } from '../road/releases/index.ts';

/** `users v3 v5` as typed: at most one app, any number of releases. */
export interface ReleaseWords {
  readonly app: string | undefined;
  readonly numbers: readonly number[];
}

/** @throws UserError for two apps, or more releases than `numbersMax`. */
export function releaseWords(words: readonly string[], numbersMax: number): ReleaseWords {
  const isNumber = (word: string): boolean => /^v\d{1,9}$/.test(word);
  const apps = words.filter((word) => !isNumber(word));
  const numbers = words.filter(isNumber).map((word) => Number(word.slice(1)));
  if (apps.length > 1) {
    throw new UserError(
      apps[1] ?? '',
      'is neither the app nor a release',
      `Write a release as v3, and one app only: ${apps[0]} v3`,
      { exitStatus: 2 },
    );
  }
  if (numbers.length > numbersMax) {
    throw new UserError(`v${numbers[numbersMax]}`, `is one release too many; at most ${numbersMax}`, undefined, {
      exitStatus: 2,
    });
  }
  return { app: apps[0], numbers };
}

/** The app that is meant: the one named, or the only one there is. @throws UserError when that cannot be told. */
export function whichApp(releases: readonly Release[], app: string | undefined, namespace: string): string {
  const apps = [...new Set(releases.map((release) => release.app))];
  if (app !== undefined && apps.includes(app)) return app;
  const [only] = apps;
  if (app === undefined && only !== undefined && apps.length === 1) return only;
  const list = apps.slice(0, 12).join(', ');
  if (only === undefined) {
    throw new UserError(`namespace ${namespace}`, 'has no releases', 'Make the first: wherry deploy FOLDER');
  }
  if (app === undefined) throw new UserError('app', 'which one?', `Name it: ${list}`, { exitStatus: 2 });
  throw new UserError(`app ${app}`, `has no releases in namespace ${namespace}`, `There are those of: ${list}`);
}
