import type { Command } from 'commander';
import { systemClock } from '../base/index.ts';
import { ageSince } from '../engine/kinds/index.ts';
import { colors as pc } from './colors.ts';
import { findPlace, type Place, type PlaceOptions, withPlace } from './place.ts';
import { type App, type Part, type PodStatus, readApps } from './status-read.ts';
import type { ReleaseStatus, RunningStatus } from './status-release.ts';

/** A line of the tree, and what hangs below it. */
interface Branch {
  readonly text: string;
  readonly below: readonly Branch[];
}

export function registerStatus(program: Command): void {
  withPlace(program.command('status'))
    .description('apps as a tree: release, workloads and pods, and why something is not ready')
    .argument('[app]', 'only this app')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry status\n  wherry status users --json\n\nExit status: 1 when something is not ready.',
    )
    .action(async (app: string | undefined, options: PlaceOptions & { json?: boolean }) => {
      const place = await findPlace(options);
      try {
        const apps = await readApps(place, app);
        if (options.json)
          console.log(JSON.stringify({ context: place.context, namespace: place.namespace, apps }, null, 2));
        else print(place, apps, app);
        if (apps.some(({ parts }) => parts.some(({ ok }) => !ok))) process.exitCode = 1;
      } finally {
        place.client.close();
      }
    });
}

function print(place: Place, apps: readonly App[], app: string | undefined): void {
  console.log(pc.dim(`context ${place.context}, namespace ${place.namespace}`));
  if (apps.length === 0)
    console.log(app === undefined ? 'no apps here; carry one: wherry up FOLDER' : `no app "${app}" here`);
  for (const each of apps) {
    console.log(`${pc.bold(each.name)}${each.release ? `  ${releaseText(each.release)}` : ''}`);
    for (const line of drawn(branchesOf(each))) console.log(line);
  }
}

function branchesOf({ name, lastAttempt, running, parts }: App): Branch[] {
  return [
    ...(running ? [runningBranch(name, running)] : []),
    ...(lastAttempt ? [attemptBranch(name, lastAttempt)] : []),
    ...parts.map(partBranch),
  ];
}

function partBranch({ kind, name, ready, ok, image, pods, events }: Part): Branch {
  return {
    text: `${sign(ok)} ${kind} ${name} ${ready} ${pc.dim(image)}`,
    below: [...events.map(eventBranch), ...pods.map(podBranch)],
  };
}

function podBranch({ name, state, ok, restarts, age, events }: PodStatus): Branch {
  const times = restarts === 0 ? '' : restarts === 1 ? ', 1 restart' : `, ${restarts} restarts`;
  return { text: `${sign(ok)} ${name} ${state}${times} ${pc.dim(age)}`, below: events.map(eventBranch) };
}

function eventBranch(text: string): Branch {
  return { text: pc.dim(text), below: [] };
}

function runningBranch(app: string, { number, state, step, startedAt, strategy }: RunningStatus): Branch {
  const ways: Readonly<Record<RunningStatus['state'], string[]>> = {
    running: [],
    held: [`go on: wherry promote ${app}`, `go back: wherry abort ${app}`],
    'cut off': [`go on: wherry resume ${app}`, `go back: wherry abort ${app}`],
  };
  const what = { running: 'is under way', held: 'waits for you', 'cut off': 'was cut off' }[state];
  const text = `${pc.yellow(`v${number} ${what}`)} (${strategy}), begun ${ago(startedAt)}`;
  return { text: step === undefined ? text : `${text}, ${step}`, below: ways[state].map(eventBranch) };
}

function attemptBranch(app: string, { number, verdict, finishedAt, reason }: ReleaseStatus): Branch {
  const why = reason?.split('\n')[0];
  return {
    text: `${pc.yellow(`v${number} ${verdict}`)} ${ago(finishedAt)}${why ? `: ${why}` : ''}`,
    below: [eventBranch(`all of it: wherry releases ${app} v${number}`)],
  };
}

function releaseText({ number, verdict, finishedAt, by, rollbackOf }: ReleaseStatus): string {
  const back = rollbackOf === undefined ? '' : `, back to v${rollbackOf}`;
  return `${pc.green(`v${number} ${verdict}`)} ${pc.dim(`${ago(finishedAt)} by ${by}${back}`)}`;
}

function drawn(branches: readonly Branch[], indent = ''): string[] {
  return branches.flatMap(({ text, below }, index) => {
    const last = index === branches.length - 1;
    return [`${indent}${last ? '└─' : '├─'} ${text}`, ...drawn(below, `${indent}${last ? '   ' : '│  '}`)];
  });
}

function sign(ok: boolean): string {
  return ok ? pc.green('●') : pc.red('●');
}

function ago(time: string | undefined): string {
  return `${ageSince(time, systemClock.now())} ago`;
}
