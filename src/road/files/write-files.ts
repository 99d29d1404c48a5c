import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { codeOf, UserError } from '../../base/index.ts';
import { markOf, withMark } from '../project/index.ts';
import type { OutputFile, PlannedFile } from './contract.ts';
import { unifiedDiff } from './diff.ts';

const MODE = 0o644;
const SECTION_END = '<!-- end of what wherry wrote -->\n';

export interface PlanWritesOptions {
  /** Paths that are written whoever changed them. */
  readonly force?: readonly string[];
}

/**
 * What writing files into a folder would do; nothing is written. What wherry did not write, or somebody changed since, is kept,
 * with the difference told.
 * @throws UserError when `force` names a file that is none of these, or something on the way is no folder.
 */
export function planWrites(
  directory: string,
  files: readonly OutputFile[],
  options: PlanWritesOptions = {},
): readonly PlannedFile[] {
  const force = new Set((options.force ?? []).map((path) => path.replace(/^\.\//, '')));
  for (const path of force)
    if (!files.some((file) => file.path === path))
      throw new UserError(
        '--force',
        `${path} is no file that wherry would write`,
        'See which are: wherry init --dry-run',
        {
          exitStatus: 2,
        },
      );
  return files.map((file) => planned(directory, file, force.has(file.path)));
}

/** Writes what is planned; each file appears whole or not at all, so an interrupted run can be run again. */
export function writeFiles(directory: string, plan: readonly PlannedFile[]): void {
  const root = realpathSync(directory);
  for (const { path, action, text, mode } of plan) {
    if (action === 'keep' || action === 'unchanged') continue;
    const target = join(directory, path);
    const real = realpathSync(nearestThere(dirname(target)));
    if (real !== root && !real.startsWith(`${root}${sep}`))
      throw new UserError(
        path,
        `a link leads out of the folder, to ${real}`,
        'Take the link away, or write it yourself.',
      );
    mkdirSync(dirname(target), { recursive: true });
    const staged = join(dirname(target), `.wherry-${process.pid}.tmp`);
    writeFileSync(staged, text, { mode });
    chmodSync(staged, mode);
    renameSync(staged, target);
  }
}

function nearestThere(folder: string): string {
  return existsSync(folder) ? folder : nearestThere(dirname(folder));
}

function planned(directory: string, file: OutputFile, forced: boolean): PlannedFile {
  const there = textOf(directory, file.path);
  const mode = file.mode ?? MODE;
  const text = wholeText(file, there);
  const result = (action: PlannedFile['action'], why?: string): PlannedFile => {
    // Neither a password nor a difference of it is shown.
    const hidden = mode === 0o600 || action === 'unchanged';
    const diff = hidden ? '' : unifiedDiff(there ?? '', text, file.path);
    return { path: file.path, action, why, diff, text, mode };
  };
  if (there === undefined) return result('create');
  if (file.kind === 'once') return forced ? result('overwrite') : result('unchanged');
  if (there === text) {
    return modeOf(directory, file.path) === (mode & 0o100) ? result('unchanged') : result('update');
  }
  if (forced) return result('overwrite');
  const mark = file.kind === 'section' ? sectionMark(there) : markOf(there);
  if (mark === 'unchanged') return result('update');
  if (mark === 'changed') return result('keep', 'it was changed after wherry wrote it');
  if (file.kind === 'copy') return result('keep', "it differs from the app's own file");
  // A section is put behind what stands there; nothing of that is touched.
  return file.kind === 'section' ? result('update') : result('keep', 'it is not from wherry');
}

function wholeText({ kind, text }: OutputFile, there: string | undefined): string {
  if (kind === 'section') return withSection(there ?? '', text);
  return kind === 'once' || kind === 'copy' ? text : withMark(text);
}

/** The text with the section in its place, or behind everything. */
function withSection(there: string, section: string): string {
  const marked = withMark(section, ['<!--', '-->']) + SECTION_END;
  const found = sectionOf(there);
  if (found) return there.slice(0, found.start) + marked + there.slice(found.end);
  const gap = there === '' ? '' : there.endsWith('\n') ? '\n' : '\n\n';
  return there + gap + marked;
}

function sectionMark(there: string): ReturnType<typeof markOf> {
  const found = sectionOf(there);
  return found && markOf(there.slice(found.start, found.end - SECTION_END.length));
}

function sectionOf(there: string): { start: number; end: number } | undefined {
  const start = /^<!-- Written by wherry; .*-->\n/m.exec(there)?.index;
  const end = there.indexOf(SECTION_END);
  return start === undefined || end < start ? undefined : { start, end: end + SECTION_END.length };
}

function textOf(directory: string, path: string): string | undefined {
  const target = resolve(directory, path);
  try {
    if (lstatSync(target).isDirectory())
      throw new UserError(
        path,
        'is a folder, and a file is to be written there',
        'Move it away, or give it another name.',
      );
    return readFileSync(target, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) === 'ENOTDIR')
      throw new UserError(path, 'something on the way to it is a file', 'Move it away, or give it another name.');
    throw error;
  }
}

/** Whether it may be run: the rest of the mode is the user's own choice. */
function modeOf(directory: string, path: string): number {
  return statSync(join(directory, path)).mode & 0o100;
}
