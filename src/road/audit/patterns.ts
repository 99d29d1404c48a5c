import { lineOf } from '../project/index.ts';
import type { Dialect, Edit, Hit, Severity, Subject, TextFile } from './contract.ts';

const HITS_PER_FILE_MAX = 20;
const JOINED_LINES_MAX = 3;

/** The code takes the value from its environment, on this very line. */
export const FROM_ENVIRONMENT =
  /process\.env|import\.meta\.env|environ\b|getenv|\benv[.(]|\bconfig\(|\bENV\[|ENV\.fetch|\$_(?:ENV|SERVER)|env::|GetEnvironmentVariable|Configuration\[|GetConnectionString|\$\{[A-Za-z_][\w.]*|viper\.|LookupEnv|settings\.[A-Z]/;

/** Chosen on a laptop or by tests only. */
export const FOR_DEVELOPMENT =
  /(?:^|[/_.-])(?:dev|devel|development|test|testing|local|ci)\.(?:py|rb|[cm]?[jt]s|json|ya?ml|toml|properties|php)$/i;

type Text = string | ((match: RegExpExecArray, app: Subject) => string);

/** One shape of a mistake in one or more languages. */
export interface Pattern {
  /** Languages of the code that serves, or paths of any text. */
  readonly in: readonly Dialect[] | RegExp;
  /** With the flag g. */
  readonly find: RegExp;
  readonly message: Text;
  readonly fix: Text;
  readonly severity?: Severity | ((file: TextFile, app: Subject) => Severity);
  /** Only in files that have this. */
  readonly where?: RegExp;
  /** On the line of the match: then it is none. */
  readonly unlessLine?: RegExp;
  /** Anywhere in the file: then it is none. */
  readonly unlessFile?: RegExp;
  /** Anywhere in the code that serves: then it is none. */
  readonly unlessCode?: RegExp;
  /** Named by a manifest: then it is none. */
  readonly unlessUses?: RegExp;
  /** Say it for the first place of a file only. */
  readonly once?: boolean;
  readonly edits?: (match: RegExpExecArray, file: TextFile, app: Subject) => readonly Edit[];
}

/** A reader of patterns; a line is told once however many patterns see it. */
export function patterns(list: readonly Pattern[]): (app: Subject) => Hit[] {
  return (app) => {
    const hits = new Map<string, Hit>();
    for (const pattern of list) {
      if (pattern.unlessCode && app.codeHas(pattern.unlessCode)) continue;
      if (pattern.unlessUses && app.uses(pattern.unlessUses)) continue;
      for (const file of filesOf(app, pattern.in)) {
        if (pattern.where && !pattern.where.test(file.code)) continue;
        if (pattern.unlessFile?.test(file.code)) continue;
        for (const hit of hitsIn(app, file, pattern)) {
          const key = `${hit.file}:${hit.line}`;
          if (!hits.has(key)) hits.set(key, hit);
        }
      }
    }
    return [...hits.values()];
  };
}

function filesOf(app: Subject, where: Pattern['in']): readonly TextFile[] {
  if (where instanceof RegExp) return app.texts.filter(({ path }) => where.test(path) && !FOR_DEVELOPMENT.test(path));
  return app.sources.filter(({ dialect, path }) => where.includes(dialect) && !FOR_DEVELOPMENT.test(path));
}

function hitsIn(app: Subject, file: TextFile, pattern: Pattern): Hit[] {
  const hits: Hit[] = [];
  for (const match of file.code.matchAll(pattern.find)) {
    if (hits.length === (pattern.once ? 1 : HITS_PER_FILE_MAX)) break;
    const found = match as RegExpExecArray;
    if (pattern.unlessLine?.test(linesAround(file.code, found.index, found[0].length))) continue;
    if (inDevelopmentClass(file, found.index)) continue;
    const say = (text: Text): string => (typeof text === 'string' ? text : text(found, app));
    const edits = pattern.edits?.(found, file, app);
    // A pattern may begin with the line break or indentation before the thing itself.
    const lead = /^\s*/.exec(found[0])?.[0].length ?? 0;
    hits.push({
      file: file.path,
      line: lineOf(file.text, found.index + lead),
      message: say(pattern.message),
      fix: say(pattern.fix),
      ...(pattern.severity === undefined
        ? {}
        : { severity: typeof pattern.severity === 'string' ? pattern.severity : pattern.severity(file, app) }),
      ...(edits && edits.length > 0 ? { edits } : {}),
    });
  }
  return hits;
}

/** `class DevConfig(Config):` and its like hold what production does not see. */
function inDevelopmentClass({ path, code }: TextFile, index: number): boolean {
  if (!path.endsWith('.py') || !/^[ \t]/.test(linesAround(code, index))) return false;
  const above = [...code.slice(0, index).matchAll(/^(?:class|def)\s+(\w+)/gm)].at(-1)?.[1];
  return (
    above !== undefined &&
    /^(?:Dev|Test|Local)\w*|(?:Dev|Development|Test|Testing|Local)(?:Config|Settings)$/.test(above)
  );
}

/** The whole lines that a stretch of text touches. */
export function linesAround(text: string, index: number, length = 0): string {
  let start = text.lastIndexOf('\n', Math.max(0, index - 1)) + 1;
  // A call goes on from the line before: it has opened more than it has closed, or ends with a sign that asks for more.
  for (let lines = 0; start > 1 && lines < JOINED_LINES_MAX; lines++) {
    const before = text.lastIndexOf('\n', start - 2) + 1;
    const line = text.slice(before, start - 1);
    const open = (line.match(/\(/g)?.length ?? 0) > (line.match(/\)/g)?.length ?? 0);
    if (!(open && /[(,]\s*$/.test(line)) && !/[=+\\]\s*$/.test(line)) break;
    start = before;
  }
  const end = text.indexOf('\n', index + length);
  return text.slice(start, end === -1 ? text.length : end);
}

/** A hit at a position of a file. */
export function hitAt(file: TextFile, index: number, message: string, fix: string, more: Partial<Hit> = {}): Hit {
  return { file: file.path, line: lineOf(file.text, index), message, fix, ...more };
}

/** Where a fact was found, as file and line. */
export function placeParts(source: string): { file: string; line: number } {
  const place = /^(.*?):(\d+)(?::\d+)?$/.exec(source);
  return { file: place?.[1] ?? source, line: Number(place?.[2] ?? 1) };
}

/** The file and line to name for something that is missing from the whole app. */
export function homeOf(app: Subject): { file: string; line: number } {
  const start = app.facts.start ?? app.facts.language;
  const named = start && placeParts(start.source);
  if (named && app.folder.has(named.file)) return named;
  const first =
    app.facts.dockerfile?.path ?? app.facts.manifestFiles[0] ?? app.sources[0]?.path ?? app.folder.paths[0] ?? '.';
  return { file: first, line: 1 };
}

/** Whether the app is started as `python FILE`. */
export function startsFile(app: Subject, path: string): boolean {
  const run = new RegExp(`\\bpython3?\\s+(?:-u\\s+)?(?:\\./)?${path.replace(/\W/g, '\\$&')}`);
  return app.startLines.some(({ text }) => run.test(text.replace(/",\s*"/g, ' ')));
}

/** A server that code starts when it is run as a program harms only where the start runs it so. */
export function graveWhenStarted(file: TextFile, app: Subject): Severity {
  return app.startLines.length === 0 || startsFile(app, file.path) ? 'error' : 'note';
}
