import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { messageOf, systemClock, UserError } from '../base/index.ts';
import { colors as pc } from './colors.ts';
import { durationOf } from './duration.ts';
import { junitOf } from './junit.ts';

interface SmokeFlags {
  path: string[];
  folder: string;
  patience: string;
  json?: boolean;
  junit?: string;
}

interface Result {
  readonly path: string;
  readonly status: number | undefined;
  readonly tookMs: number | undefined;
  /** Why it failed; undefined when it did not. */
  readonly fault: string | undefined;
}

export function registerSmoke(program: Command): void {
  const collect = (value: string, all: string[]) => [...all, value];
  program
    .command('smoke')
    .description('ask an app that runs whether its main paths answer; fails with the why when one does not')
    .argument('[url]', 'where the app is (TARGET_URL when not given)')
    .option('--path <path>', 'what is asked; may be given again (the routes of the folder when not given)', collect, [])
    .option('--folder <folder>', "the app's folder, for its routes", '.')
    .option('--patience <duration>', 'how long the first path may take to answer well', '20s')
    .option('--json', 'print JSON')
    .option('--junit <file.xml>', 'write the results for a pipeline')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry smoke http://users.localhost:8080\n  TARGET_URL=https://staging.example.com wherry smoke --path /ready --path /users --junit smoke.xml',
    )
    .action(async (argument: string | undefined, flags: SmokeFlags) => {
      const url = targetOf(argument ?? process.env.TARGET_URL);
      const patienceMs = durationOf('--patience', flags.patience);
      const paths = flags.path.length > 0 ? flags.path : await pathsOf(flags.folder);
      const results: Result[] = [];
      for (const [index, path] of paths.entries()) {
        const result = await askPath(url, path, index === 0 ? patienceMs : 0);
        results.push(result);
        if (!flags.json) console.log(lineOf(url, result));
        // Nobody there: asking the rest would only repeat it.
        if (index === 0 && result.fault?.includes('did not answer')) break;
      }
      const good = results.length === paths.length && results.every(({ fault }) => fault === undefined);
      if (flags.json) console.log(JSON.stringify({ url, good, checks: results }, null, 2));
      if (flags.junit !== undefined) write(flags.junit, junitOf('wherry smoke', casesOf(paths, results)));
      if (!good) process.exitCode = 1;
    });
}

async function askPath(url: string, path: string, patienceMs: number): Promise<Result> {
  const { smoke } = await import('../road/deploy/index.ts');
  const options = { clock: systemClock, signal: new AbortController().signal, patienceMs };
  try {
    const [check] = await smoke(url, [path], options);
    return { path, status: check?.status, tookMs: check?.tookMs, fault: undefined };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const status = /^answered (\d+)/.exec(error.fault)?.[1];
    return { path, status: status === undefined ? undefined : Number(status), tookMs: undefined, fault: error.fault };
  }
}

/** The routes of the app in a folder. A folder without an app leaves `/`, and says so. */
async function pathsOf(folder: string): Promise<string[]> {
  const [{ smokePaths }, { readProject }] = await Promise.all([
    import('../road/deploy/index.ts'),
    import('../road/project/index.ts'),
  ]);
  try {
    return smokePaths((await readProject(folder)).routes);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`no routes are known (${error.place}: ${error.fault}), so / is asked; name others with --path`);
    return ['/'];
  }
}

function targetOf(text: string | undefined): string {
  if (text === undefined || text === '') {
    throw new UserError('URL', 'none is given', 'wherry smoke URL, or set TARGET_URL', { exitStatus: 2 });
  }
  if (/^https?:\/\/[^/]/.test(text) && URL.canParse(text)) return text;
  throw new UserError('URL', `"${text}" is not one`, 'Write it with its scheme: http://users.localhost:8080', {
    exitStatus: 2,
  });
}

function lineOf(url: string, { path, status, tookMs, fault }: Result): string {
  if (fault === undefined) return `${pc.green('ok')}   GET ${path} ${status} ${pc.dim(`(${tookMs} ms)`)}`;
  return `${pc.red('FAIL')} GET ${new URL(path, url).href}: ${fault}`;
}

function casesOf(paths: readonly string[], results: readonly Result[]) {
  return paths.map((path) => {
    const result = results.find((each) => each.path === path);
    return {
      name: `GET ${path}`,
      tookMs: result?.tookMs ?? 0,
      fault: result ? result.fault : 'not asked: the app does not answer at all',
    };
  });
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UserError('--junit', `${path} cannot be written: ${messageOf(error)}`, undefined, { cause: error });
  }
}
