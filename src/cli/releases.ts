import type { Command } from 'commander';
import { loadSummary, loadText } from '../road/load/index.ts';
import type { Release, Verdict } from '../road/releases/index.ts';
import { colors as pc } from './colors.ts';
import { findPlace, type PlaceOptions, withPlace } from './place.ts';
import { releaseWords, whichApp } from './release-words.ts';
import { printTable } from './table.ts';

export function registerReleases(program: Command): void {
  withPlace(program.command('releases'))
    .description('what was released, by whom, how, and what came of it; or one release in full')
    .argument('[app-or-release...]', 'an app, a release (v3), or both')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry releases\n  wherry releases users --json\n  wherry releases users v3\n  wherry diff users v3 v5',
    )
    .action(async (words: string[], options: PlaceOptions & { json?: boolean }) => {
      const { app, numbers } = releaseWords(words, 1);
      const place = await findPlace(options);
      try {
        const { openLedger, releasesIn } = await import('../road/releases/index.ts');
        const { client, namespace } = place;
        const all = await releasesIn(client, namespace);
        const [number] = numbers;
        if (number === undefined) {
          const shown = app === undefined ? all : all.filter((each) => each.app === whichApp(all, app, namespace));
          if (options.json) console.log(JSON.stringify(shown.map(withoutObjects), null, 2));
          else printReleases(shown, namespace);
          return;
        }
        const release = await openLedger(client, whichApp(all, app, namespace), namespace).get(number);
        const { withoutSecrets } = await import('../road/releases/index.ts');
        if (options.json) {
          console.log(
            JSON.stringify({ ...release, plan: undefined, objects: withoutSecrets(release.objects) }, null, 2),
          );
        } else for (const line of await releaseText(release)) console.log(line);
      } finally {
        place.client.close();
      }
    });
}

function printReleases(releases: readonly Release[], namespace: string): void {
  if (releases.length === 0) {
    console.log(`no releases in namespace ${namespace}; make the first: wherry deploy FOLDER`);
    return;
  }
  printTable(
    ['APP', 'RELEASE', 'STARTED', 'BY', 'STRATEGY', 'IMAGE', 'VERDICT', 'PROOF'],
    releases
      .toReversed()
      .map((release) => [
        release.app,
        `v${release.number}${release.rollbackOf === undefined ? '' : ` (back to v${release.rollbackOf})`}`,
        release.startedAt.replace(/\.\d+Z$/, 'Z'),
        release.by,
        release.strategy,
        release.image ?? '-',
        release.verdict,
        release.proof ? loadSummary(release.proof) : '-',
      ]),
  );
}

async function releaseText(release: Release): Promise<string[]> {
  const { stepsOf } = await import('../road/releases/index.ts');
  const { proof, migration, canGoBack } = release;
  const row = (label: string, text: string | undefined): string[] =>
    text === undefined ? [] : [`  ${label.padEnd(14)} ${text.replaceAll('\n', `\n  ${' '.repeat(15)}`)}`];
  const steps = stepsOf(release);
  return [
    pc.bold(`${release.app} v${release.number} in namespace ${release.namespace}`),
    ...row('verdict', colored(release.verdict)),
    ...row('why', release.reason),
    ...row('started', release.startedAt),
    ...row('finished', release.finishedAt),
    ...row('by', release.by),
    ...row('strategy', release.strategy),
    ...row('back to', release.rollbackOf === undefined ? undefined : `v${release.rollbackOf}`),
    ...row('image', release.image),
    ...row('digest', release.imageDigest),
    ...row('source', release.sourceHash),
    ...row('configuration', release.configurationHash),
    ...row('migration', migration && `${migration.verdict} (job ${migration.job})`),
    ...row('can go back', `${canGoBack.answer}: ${canGoBack.why}`),
    ...(proof ? row('proof', [...loadText(proof), ...proof.phases.map(phaseLine)].join('\n')) : []),
    ...(steps.length > 0 ? ['  steps', ...steps.map((step, index) => stepLine(step, index < release.stepsDone))] : []),
    '  objects',
    ...release.objects.map(({ kind, metadata }) => `    ${kind.toLowerCase()}/${metadata.name}`),
  ];
}

function phaseLine({ name, requests, failed, latency }: NonNullable<Release['proof']>['phases'][number]): string {
  return `${name}: ${requests} requests, ${failed} failed${latency ? `, p99 ${latency.p99Ms} ms` : ''}`;
}

function stepLine(step: string, done: boolean): string {
  return `    ${done ? pc.green('done') : pc.yellow('open')} ${step}`;
}

function colored(verdict: Verdict): string {
  return verdict === 'good' ? pc.green(verdict) : verdict === 'running' ? pc.yellow(verdict) : pc.red(verdict);
}

/** Without what only one release in full shows; whatever carries passwords is in it. */
function withoutObjects({ objects, plan: _, ...rest }: Release): object {
  return { ...rest, objects: objects.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`) };
}
