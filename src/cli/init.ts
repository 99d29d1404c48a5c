import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../base/index.ts';
import {
  type FilesOptions,
  filesOf,
  type OutputFile,
  PIPELINES,
  type Pipeline,
  type PlannedFile,
  planWrites,
  surroundingsOf,
  writeFiles,
} from '../road/files/index.ts';
import { readSource } from './app-source.ts';
import { colors as pc } from './colors.ts';

interface InitFlags {
  readonly app?: string;
  readonly host?: string;
  readonly registry?: string;
  readonly helm?: boolean;
  readonly ci?: string;
  readonly force?: string[];
  readonly dryRun?: boolean;
  readonly diff?: boolean;
  readonly json?: boolean;
}

export function registerInit(program: Command): void {
  program
    .command('init')
    .description(
      "write the app's files: Dockerfile, compose.yaml, k8s/ for three environments, Makefile, smoke test, pipelines; keeps what you changed",
    )
    .argument('[folder]', "the app's folder, or its compose.yaml", '.')
    .option('--app <app>', 'name of the app (from the folder when not given)')
    .option('--host <host>', 'host name of production; staging is put before it')
    .option('--registry <host/path>', 'where images are pushed to')
    .option('--helm', 'a Helm chart in the place of k8s/')
    .option(
      '--ci <systems>',
      `pipelines, with commas: ${PIPELINES.join(', ')}, or none (told by the repository, else all)`,
    )
    .option('--force <file...>', 'write these files though somebody changed them')
    .option('--dry-run', 'write nothing')
    .option('--diff', 'show the difference of every file that would change or is kept')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry init\n  wherry init examples/users --host users.example.com --ci github\n  wherry init --dry-run --diff\n  wherry init --force Dockerfile Makefile',
    )
    .action(async (folder: string, flags: InitFlags) => {
      const { facts, application, notes: found } = await readSource(folder, flags.app);
      const directory = facts?.directory ?? resolve(/\.ya?ml$/.test(folder) ? dirname(folder) : folder);
      const surroundings = await surroundingsOf(directory);
      const files = filesOf(facts, application, {
        ...surroundings,
        ...(flags.ci === undefined ? {} : { pipelines: pipelinesOf(flags.ci) }),
        ...(flags.host === undefined ? {} : { host: flags.host }),
        ...(flags.registry === undefined ? {} : { registry: flags.registry.replace(/\/+$/, '') }),
        ...(flags.helm ? { helm: true } : {}),
      });
      const notes = [...found, ...passwordNotes(files, surroundings)];
      const plan = planWrites(directory, files, { force: flags.force ?? [] });
      if (!flags.dryRun) writeFiles(directory, plan);
      if (flags.json) {
        const shown = plan.map(({ path, action, why, diff }) => ({
          path,
          action,
          why,
          ...(flags.diff ? { diff } : {}),
        }));
        console.log(JSON.stringify({ written: !flags.dryRun, files: shown, notes }, null, 2));
      } else console.log(planText(plan, notes, flags));
    });
}

const WORDS: Readonly<Record<PlannedFile['action'], string>> = {
  create: 'new',
  update: 'changed',
  overwrite: 'replaced',
  unchanged: 'as it is',
  keep: 'kept',
};

/** A file of passwords is made only where git leaves it out. */
function passwordNotes(
  files: readonly OutputFile[],
  { environmentFile, environmentIsIgnored }: FilesOptions,
): string[] {
  const example = `${environmentFile}.example`;
  if (environmentFile === undefined || environmentIsIgnored || !files.some(({ path }) => path === example)) return [];
  return [
    `${environmentFile} is not left out by git: put it into .gitignore, then run wherry init again to have it filled`,
  ];
}

function planText(plan: readonly PlannedFile[], notes: readonly string[], flags: InitFlags): string {
  const lines: string[] = [];
  const told = plan.filter(({ action }) => action !== 'unchanged');
  const width = Math.max(0, ...told.map(({ path }) => path.length));
  for (const { path, action, why, diff } of told) {
    const word = action === 'keep' ? pc.yellow(WORDS[action]) : pc.green(WORDS[action]);
    lines.push(`${path.padEnd(width)}  ${word}${why ? `: ${why}` : ''}`);
    // Of what is kept the difference is always shown: that is all that comes of it.
    if (diff && (flags.diff || action === 'keep')) lines.push(...diff.trimEnd().split('\n').map(coloured));
  }
  const unchanged = plan.length - told.length;
  if (unchanged > 0) lines.push(`${unchanged} ${unchanged === 1 ? 'file is' : 'files are'} as wanted`);
  const kept = told.filter(({ action }) => action === 'keep').map(({ path }) => path);
  if (kept.length > 0) lines.push(`To have wherry's in its place: wherry init --force ${kept.join(' ')}`);
  if (flags.dryRun) lines.push('Nothing was written.');
  if (notes.length > 0) lines.push('', ...notes.map((note) => `! ${note}`));
  return lines.join('\n');
}

function coloured(line: string): string {
  if (/^(?:---|\+\+\+|@@)/.test(line)) return `  ${pc.dim(line)}`;
  return `  ${line.startsWith('+') ? pc.green(line) : line.startsWith('-') ? pc.red(line) : line}`;
}

function pipelinesOf(wanted: string): readonly Pipeline[] {
  if (wanted === 'none') return [];
  return wanted.split(',').map((word) => {
    const pipeline = PIPELINES.find((one) => one === word.trim());
    if (pipeline) return pipeline;
    throw new UserError('--ci', `"${word}" is no pipeline`, `Give some of ${PIPELINES.join(', ')}, or none.`, {
      exitStatus: 2,
    });
  });
}
