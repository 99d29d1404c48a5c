import type { Command } from 'commander';
import { UserError } from '../base/index.ts';
import type { Manifest } from '../road/manifests/index.ts';
import type { Difference, Ledger, Release } from '../road/releases/index.ts';
import { colors as pc } from './colors.ts';
import { findPlace, type Place, type PlaceOptions, withPlace } from './place.ts';
import { releaseWords, whichApp } from './release-words.ts';

interface DiffFlags extends PlaceOptions {
  folder?: string;
  live?: boolean;
  json?: boolean;
}

/** A state of the app, and what to call it. */
interface State {
  readonly label: string;
  readonly objects: readonly Manifest[];
}

export function registerDiff(program: Command): void {
  withPlace(program.command('diff'))
    .description(
      'what differs: two releases, a release and what runs in the cluster, or the last release and a folder; values of secrets never show',
    )
    .argument('[app-or-release...]', 'an app and up to two releases (v3 v5)')
    .option('--folder <folder>', 'compare with what this folder would be released as')
    .option('--live', 'compare with the objects as they are in the cluster (so does giving nothing to compare with)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry diff users v3 v5\n  wherry diff users v3\n  wherry diff --folder .\n  wherry diff users --live\n\nWith one release, it is compared with the last. Exit status: 0 whether or not something differs.',
    )
    .action(async (words: string[], flags: DiffFlags) => {
      const { app, numbers } = releaseWords(words, 2);
      if (flags.live && flags.folder !== undefined) throw twoTargets('--live', '--folder');
      if (numbers.length === 2 && (flags.live || flags.folder !== undefined))
        throw twoTargets('a second release', 'it');
      const place = await findPlace(flags);
      try {
        const { differences, openLedger, releasesIn } = await import('../road/releases/index.ts');
        const all = await releasesIn(place.client, place.namespace);
        const name = whichApp(all, app, place.namespace);
        const ofApp = all.filter((release) => release.app === name);
        const ledger = openLedger(place.client, name, place.namespace);
        const [from, to] = await twoStates(ledger, ofApp, numbers, flags, place);
        const found = differences(from.objects, to.objects);
        if (flags.json) {
          console.log(JSON.stringify({ app: name, from: from.label, to: to.label, differences: found }, null, 2));
        } else print(name, from.label, to.label, found);
      } finally {
        place.client.close();
      }
    });
}

async function twoStates(
  ledger: Ledger,
  releases: readonly Release[],
  numbers: readonly number[],
  flags: DiffFlags,
  place: Place,
): Promise<[State, State]> {
  const [first, second] = numbers;
  const last = releases.findLast(({ verdict }) => verdict === 'good') ?? releases.at(-1);
  const from = await ledger.get(first ?? last?.number ?? 0);
  const before = { label: `v${from.number}`, objects: from.objects };
  if (second !== undefined) return [before, stateOf(await ledger.get(second))];
  if (flags.folder !== undefined) {
    const { folderObjects } = await import('./folder-objects.ts');
    return [before, { label: flags.folder, objects: await folderObjects(flags.folder, place, from) }];
  }
  if (first !== undefined && !flags.live && last !== undefined) return [before, stateOf(await ledger.get(last.number))];
  return [before, { label: 'the cluster', objects: await liveObjects(place, from.app, from.objects) }];
}

function stateOf({ number, objects }: Release): State {
  return { label: `v${number}`, objects };
}

/** The same objects as they are now; a Job that has been cleared away after its end is no difference. */
async function liveObjects(
  { client, namespace }: Place,
  app: string,
  wanted: readonly Manifest[],
): Promise<Manifest[]> {
  const [{ readLive }, { asWanted }] = await Promise.all([
    import('../road/deploy/index.ts'),
    import('../road/releases/index.ts'),
  ]);
  const { objects } = await readLive(client, { app, objects: wanted, front: undefined, namespace }, undefined);
  return wanted.flatMap((object) => {
    const live = objects.get(`${object.kind.toLowerCase()}/${object.metadata.name}`);
    if (live) return [asWanted(live as unknown as Readonly<Record<string, unknown>>, object)];
    return object.kind === 'Job' ? [object] : [];
  });
}

function print(app: string, from: string, to: string, found: readonly Difference[]): void {
  if (found.length === 0) {
    console.log(`${app}: no difference between ${from} and ${to}`);
    return;
  }
  console.log(pc.dim(`${app}: from ${from} to ${to}`));
  for (const { object, change, lines } of found) {
    console.log(pc.bold(`${change} ${object}`));
    for (const line of lines) {
      console.log(line.startsWith('+') ? pc.green(line) : line.startsWith('-') ? pc.red(line) : line);
    }
  }
}

function twoTargets(one: string, other: string): UserError {
  return new UserError(one, `cannot be compared with together with ${other}`, 'Give one of them.', { exitStatus: 2 });
}
