import { messageOf, UserError } from '../../base/index.ts';
import type { Fact } from './contract.ts';
import { type Folder, lineOf, placeOf } from './folder.ts';
import { toml } from './packages.ts';

/** What the files that name packages say. */
export interface PythonPackages {
  readonly name: Fact<string> | undefined;
  readonly version: Fact<string> | undefined;
  /** The range of Python versions. */
  readonly requires: Fact<string> | undefined;
  readonly manager: Fact<string>;
  readonly packages: readonly Fact<string>[];
  /** What is copied before the sources; the file that pip installs from comes first. */
  readonly manifestFiles: readonly string[];
  readonly notes: readonly string[];
}

/** Files of pip, the one for production before those for everything. */
const REQUIREMENTS = [
  'requirements.txt',
  'requirements/production.txt',
  'requirements/prod.txt',
  'requirements-prod.txt',
  'requirements/base.txt',
  'requirements/requirements.txt',
  'requirements/common.txt',
];
const INCLUDES_MAX = 20;

/** @throws UserError `pyproject.toml:LINE:COLUMN: fault` for broken TOML, and for a named file that is not there. */
export function readPythonPackages(folder: Folder): PythonPackages {
  const project = readPyproject(folder);
  const pipfile = readPipfile(folder);
  const main = REQUIREMENTS.find((path) => folder.has(path));
  const required = main === undefined ? { packages: [], files: [] } : requirementsOf(folder, main);
  const setup = readSetup(folder);
  const packages = uniquePackages([...required.packages, ...project.packages, ...pipfile.packages, ...setup]);
  const manager = managerOf(folder, main, project.usesPoetry);
  return {
    name: project.name,
    version: project.version,
    requires: project.requires ?? pipfile.requires,
    manager,
    packages,
    manifestFiles: [
      ...required.files,
      ...['pyproject.toml', 'setup.py', 'setup.cfg', 'Pipfile', 'Pipfile.lock', 'poetry.lock', 'uv.lock'].filter(
        (path) => folder.has(path),
      ),
    ],
    notes:
      packages.length > 0 || main !== undefined || folder.has('pyproject.toml') || folder.has('Pipfile')
        ? lockNotes(folder, manager)
        : ['no requirements.txt or pyproject.toml, so no package is installed'],
  };
}

/** PEP 503: names are equal when lower-cased with runs of `-_.` as one dash. */
export function normalised(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

function uniquePackages(packages: readonly Fact<string>[]): Fact<string>[] {
  const found = new Map<string, Fact<string>>();
  for (const fact of packages) if (!found.has(fact.value)) found.set(fact.value, fact);
  return [...found.values()];
}

/** A requirements file with those it includes (`-r base.txt`), the including one first. */
function requirementsOf(folder: Folder, main: string): { packages: Fact<string>[]; files: string[] } {
  const packages: Fact<string>[] = [];
  const files: string[] = [];
  const read = (path: string): void => {
    if (files.includes(path) || files.length === INCLUDES_MAX) return;
    files.push(path);
    for (const [index, line] of (folder.read(path) ?? '').split('\n').entries()) {
      const included = /^\s*(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)/.exec(line)?.[1];
      if (included !== undefined) {
        const target = joined(path, included);
        if (!folder.has(target)) {
          throw new UserError(
            `${path}:${index + 1}`,
            `names ${included}, which is not there`,
            `pip would stop there too: add ${target} or take the line out.`,
          );
        }
        // Constraints limit versions; they install nothing.
        if (/^\s*(?:-c|--constraint)/.test(line)) files.push(target);
        else read(target);
        continue;
      }
      const name = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(line)?.[1];
      if (name) packages.push({ value: normalised(name), source: `${path}:${index + 1}` });
    }
  };
  read(main);
  return { packages, files: [...new Set(files)] };
}

function joined(from: string, path: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

interface Project {
  name: Fact<string> | undefined;
  version: Fact<string> | undefined;
  requires: Fact<string> | undefined;
  packages: Fact<string>[];
  usesPoetry: boolean;
}

function readPyproject(folder: Folder): Project {
  const path = 'pyproject.toml';
  const text = folder.read(path);
  if (text === undefined) {
    return { name: undefined, version: undefined, requires: undefined, packages: [], usesPoetry: false };
  }
  const document = tomlOf(path, text);
  const project = table(document.project);
  const tool = table(document.tool);
  const poetry = table(tool.poetry);
  const fact = (key: string, value: unknown): Fact<string> | undefined => {
    if (typeof value !== 'string') return undefined;
    const index = text.search(new RegExp(`^\\s*["']?${key}["']?\\s*=`, 'm'));
    return { value, source: `${path}:${lineOf(text, Math.max(0, text.indexOf(key, Math.max(0, index))) + 1)}` };
  };
  const listed = Array.isArray(project.dependencies) ? project.dependencies : [];
  const fromPoetry = Object.keys(table(poetry.dependencies)).filter((name) => name !== 'python');
  return {
    name: fact('name', project.name ?? poetry.name),
    version: fact('version', project.version ?? poetry.version),
    requires: fact('requires-python', project['requires-python']) ?? fact('python', table(poetry.dependencies).python),
    packages: [...listed.map(String), ...fromPoetry].flatMap((entry) => packageIn(path, text, entry)),
    usesPoetry: Object.keys(poetry).length > 0,
  };
}

function readPipfile(folder: Folder): { packages: Fact<string>[]; requires: Fact<string> | undefined } {
  const text = folder.read('Pipfile');
  if (text === undefined) return { packages: [], requires: undefined };
  const document = tomlOf('Pipfile', text);
  const requires = table(document.requires);
  const version = requires.python_version ?? requires.python_full_version;
  const place = text.indexOf('python_');
  return {
    packages: Object.keys(table(document.packages)).flatMap((name) => packageIn('Pipfile', text, name)),
    requires:
      typeof version === 'string' ? { value: `==${version}`, source: placeOf('Pipfile', text, place) } : undefined,
  };
}

/** `install_requires` of setup.cfg and, where it is a list of literals, of setup.py. */
function readSetup(folder: Folder): Fact<string>[] {
  const configuration = folder.read('setup.cfg') ?? '';
  const inConfiguration = /^install_requires\s*=((?:[ \t]*[^\n]*\n)(?:[ \t]+[^\n]*(?:\n|$))*)/m.exec(configuration);
  const script = folder.read('setup.py') ?? '';
  const inScript = /install_requires\s*=\s*\[([^\]]*)\]/.exec(script);
  return [
    ...(inConfiguration?.[1] ?? '')
      .split('\n')
      .flatMap((line) => (line.trim() === '' ? [] : packageIn('setup.cfg', configuration, line.trim()))),
    ...[...(inScript?.[1] ?? '').matchAll(/['"]([^'"]+)['"]/g)].flatMap((match) =>
      packageIn('setup.py', script, match[1] ?? ''),
    ),
  ];
}

function packageIn(path: string, text: string, entry: string): Fact<string>[] {
  const name = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(entry)?.[1];
  return name ? [{ value: normalised(name), source: placeOf(path, text, Math.max(0, text.indexOf(entry)) + 1) }] : [];
}

function tomlOf(path: string, text: string): Record<string, unknown> {
  try {
    return toml().parse(text);
  } catch (error) {
    const position = error as { line?: number; column?: number };
    const [first = ''] = messageOf(error).split('\n');
    throw new UserError(`${path}:${position.line ?? 1}:${position.column ?? 1}`, first, `Mend ${path} there.`, {
      cause: error,
    });
  }
}

function table(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function managerOf(folder: Folder, main: string | undefined, usesPoetry: boolean): Fact<string> {
  if (folder.has('uv.lock')) return { value: 'uv', source: 'uv.lock' };
  if (folder.has('poetry.lock')) return { value: 'poetry', source: 'poetry.lock' };
  if (main !== undefined) return { value: 'pip', source: main };
  if (folder.has('Pipfile')) return { value: 'pipenv', source: 'Pipfile' };
  if (usesPoetry) return { value: 'poetry', source: 'pyproject.toml' };
  return { value: 'pip', source: folder.has('pyproject.toml') ? 'pyproject.toml' : 'default' };
}

function lockNotes(folder: Folder, manager: Fact<string>): string[] {
  if (manager.value === 'poetry' && !folder.has('poetry.lock')) {
    return [`${manager.source}: no poetry.lock, so every build may install other versions; poetry lock writes one`];
  }
  if (manager.value === 'pipenv' && !folder.has('Pipfile.lock')) {
    return [`${manager.source}: no Pipfile.lock, so every build may install other versions; pipenv lock writes one`];
  }
  return [];
}
