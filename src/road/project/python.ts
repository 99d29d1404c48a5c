import { parse as parseToml } from 'smol-toml';
import { messageOf, UserError } from '../../base/index.ts';
import type { Fact, LanguageFacts, Route } from './contract.ts';
import { type Folder, lineOf, placeOf } from './folder.ts';
import { maskComments } from './mask.ts';
import { pythonVariables } from './python-variables.ts';
import { roleOf, uniqueRoutes } from './routes.ts';
import type { Source } from './written-addresses.ts';

const DEFAULT_VERSION = '3.13';
const NOT_SERVING =
  /(?:^|\/)(?:tests?|migrations|docs|scripts|static)\/|(?:^|\/)(?:test_\w*|\w*_test|conftest|setup)\.py$/;
const NATIVE = ['mysqlclient', 'flask-mysqldb', 'psycopg2', 'lxml', 'pillow', 'uwsgi', 'python-ldap'];
/** Each framework with the port of its own development server, which is what the app's author expects. */
const FRAMEWORKS: readonly (readonly [string, number])[] = [
  ['django', 8000],
  ['fastapi', 8000],
  ['starlette', 8000],
  ['flask', 5000],
];

export function isPython(folder: Folder): boolean {
  return MANIFESTS.some((path) => folder.has(path)) || folder.paths.some((path) => /^[^/]+\.py$/.test(path));
}

const MANIFESTS = ['requirements.txt', 'pyproject.toml', 'Pipfile', 'setup.py', 'manage.py'];

/** @throws UserError when pyproject.toml is broken. */
export function readPython(folder: Folder): LanguageFacts {
  const project = readPyproject(folder);
  const packages = [...requirements(folder), ...project.packages];
  const modules = folder.paths.filter((path) => path.endsWith('.py') && !NOT_SERVING.test(path));
  const sources = modules.map((path) => ({ path, text: maskComments(folder.read(path) ?? '', 'python') }));
  const framework = FRAMEWORKS.flatMap(([name]) => packages.filter(({ value }) => value === name))[0];
  const ownPort = FRAMEWORKS.find(([name]) => name === framework?.value)?.[1];
  const manifest = MANIFESTS.slice(0, 3).find((path) => folder.has(path));
  const written = writtenPort(sources);
  return {
    name: project.name,
    version: project.version,
    languageVersion: pythonVersion(folder, project.requires),
    framework,
    packageManager: packageManagerOf(folder),
    manifestFiles: ['requirements.txt', 'pyproject.toml', 'Pipfile', 'Pipfile.lock', 'poetry.lock', 'uv.lock'].filter(
      (path) => folder.has(path),
    ),
    packages,
    build: undefined,
    start: (port) => startOf(folder, sources, framework?.value, port),
    migrate:
      framework?.value === 'django' && folder.has('manage.py')
        ? { value: 'python manage.py migrate --noinput', source: 'manage.py:1' }
        : undefined,
    variables: sources.flatMap(({ path, text }) => pythonVariables(path, text)),
    routes: uniqueRoutes(sources.flatMap(({ path, text }) => pythonRoutes(path, text))),
    sources,
    native: packages.filter(({ value }) => NATIVE.includes(value)),
    port: written ?? (ownPort === undefined ? undefined : { value: ownPort, source: 'default' }),
    notes: manifest ? [] : ['no requirements.txt or pyproject.toml, so no package is installed'],
  };
}

/** PEP 503: names are equal when lower-cased with runs of `-_.` as one dash. */
function normalised(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

function requirements(folder: Folder): Fact<string>[] {
  const text = folder.read('requirements.txt') ?? '';
  return text.split('\n').flatMap((line, index) => {
    const name = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(line)?.[1];
    return name ? [{ value: normalised(name), source: `requirements.txt:${index + 1}` }] : [];
  });
}

interface Project {
  name: Fact<string> | undefined;
  version: Fact<string> | undefined;
  requires: Fact<string> | undefined;
  packages: Fact<string>[];
}

function readPyproject(folder: Folder): Project {
  const path = 'pyproject.toml';
  const text = folder.read(path);
  if (text === undefined) return { name: undefined, version: undefined, requires: undefined, packages: [] };
  let document: Record<string, unknown>;
  try {
    document = parseToml(text);
  } catch (error) {
    const position = error as { line?: number; column?: number };
    const [first = ''] = messageOf(error).split('\n');
    throw new UserError(`${path}:${position.line ?? 1}:${position.column ?? 1}`, first, `Mend ${path} there.`, {
      cause: error,
    });
  }
  const table = (value: unknown): Record<string, unknown> =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const project = table(document.project);
  const poetry = table(table(document.tool).poetry);
  const fact = (key: string, value: unknown): Fact<string> | undefined => {
    if (typeof value !== 'string') return undefined;
    const index = text.search(new RegExp(`^\\s*["']?${key}["']?\\s*=`, 'm'));
    return { value, source: `${path}:${lineOf(text, Math.max(0, text.indexOf(key, Math.max(0, index))) + 1)}` };
  };
  const listed = Array.isArray(project.dependencies) ? project.dependencies : [];
  const names = [...listed.map(String), ...Object.keys(table(poetry.dependencies)).filter((name) => name !== 'python')];
  return {
    name: fact('name', project.name ?? poetry.name),
    version: fact('version', project.version ?? poetry.version),
    requires: fact('requires-python', project['requires-python']) ?? fact('python', table(poetry.dependencies).python),
    packages: names.flatMap((entry) => {
      const name = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(entry)?.[1];
      return name ? [{ value: normalised(name), source: placeOf(path, text, text.indexOf(entry) + 1) }] : [];
    }),
  };
}

function packageManagerOf(folder: Folder): Fact<string> {
  for (const [path, value] of [
    ['uv.lock', 'uv'],
    ['poetry.lock', 'poetry'],
    ['Pipfile', 'pipenv'],
    ['requirements.txt', 'pip'],
  ] as const) {
    if (folder.has(path)) return { value, source: path };
  }
  return { value: 'pip', source: 'default' };
}

function pythonVersion(folder: Folder, requires: Fact<string> | undefined): Fact<string> {
  for (const path of ['.python-version', 'runtime.txt']) {
    const version = /(\d+\.\d+)/.exec(folder.read(path) ?? '')?.[1];
    if (version) return { value: version, source: `${path}:1` };
  }
  const exact = /(?:==|~=|\^|~)\s*(3\.\d+)/.exec(requires?.value ?? '')?.[1];
  if (requires && exact) return { value: exact, source: requires.source };
  const below = /<\s*=?\s*3\.(\d+)/.exec(requires?.value ?? '')?.[1];
  if (requires && below && Number(below) <= 13) return { value: `3.${Number(below) - 1}`, source: requires.source };
  return { value: DEFAULT_VERSION, source: 'default' };
}

/** `app.py` is the module `app`; `shop/web.py` is `shop.web`; the file of a package is the package. */
function moduleOf(path: string): { module: string; below: string } {
  const below = path.startsWith('src/') ? 'src' : '';
  const module = path
    .slice(below ? below.length + 1 : 0)
    .replace(/\.py$/, '')
    .replace(/\/__init__$/, '')
    .replaceAll('/', '.');
  return { module, below };
}

function startOf(
  folder: Folder,
  sources: readonly Source[],
  framework: string | undefined,
  port: number,
): Fact<string> | undefined {
  if (framework === 'django') {
    const wsgi = sources.find(({ path }) => /(?:^|\/)wsgi\.py$/.test(path));
    if (!wsgi) return undefined;
    return { value: gunicorn(`${moduleOf(wsgi.path).module}:application`, '', port), source: `${wsgi.path}:1` };
  }
  const flask = framework === 'flask';
  const objects: Fact<string>[] = [];
  const factories: Fact<string>[] = [];
  for (const { path, text } of sources) {
    const { module, below } = moduleOf(path);
    for (const match of text.matchAll(flask ? /^(\w+)\s*=\s*Flask\(/gm : /^(\w+)\s*=\s*(?:FastAPI|Starlette)\(/gm)) {
      objects.push({ value: `${below}|${module}:${match[1]}`, source: placeOf(path, text, match.index) });
    }
    const factory = /^def\s+(create_app|make_app)\s*\(/m.exec(text);
    if (factory) {
      factories.push({
        value: `${below}|${module}:${factory[1]}()`,
        source: placeOf(path, text, factory.index),
      });
    }
  }
  const [first, second] = objects.length > 0 ? objects : factories;
  if (!first) {
    const main = ['main.py', 'app.py', 'server.py', 'run.py'].find((path) => folder.has(path));
    return main && !flask ? { value: `python ${main}`, source: main } : undefined;
  }
  const split = (fact: Fact<string>): [string, string] => {
    const bar = fact.value.indexOf('|');
    return [fact.value.slice(0, bar), fact.value.slice(bar + 1)];
  };
  const [below, target] = split(first);
  const command = flask ? gunicorn(target, below, port) : uvicorn(target, below, port);
  if (second) {
    throw new UserError(
      first.source,
      `two modules could start the app: ${target} and ${split(second)[1]} (${second.source})`,
      `Choose in a Procfile (web: ${command}) or in wherry.yaml (start: ${command}).`,
    );
  }
  return { value: command, source: first.source };
}

/** One process and threads: metrics and caches stay whole, and more load is what more replicas are for. */
function gunicorn(target: string, below: string, port: number): string {
  const folder = below ? ` --chdir ${below}` : '';
  return `gunicorn --bind 0.0.0.0:${port}${folder} --threads 8 --worker-tmp-dir /dev/shm ${target}`;
}

function uvicorn(target: string, below: string, port: number): string {
  const factory = target.endsWith('()') ? ' --factory' : '';
  const folder = below ? ` --app-dir ${below}` : '';
  return `uvicorn --host 0.0.0.0 --port ${port}${folder}${factory} ${target.replace(/\(\)$/, '')}`;
}

function pythonRoutes(path: string, code: string): Route[] {
  const routes: Route[] = [];
  const add = (method: string, route: string, index: number): void => {
    routes.push({ method, path: route, source: placeOf(path, code, index), role: roleOf(method, route) });
  };
  for (const match of code.matchAll(/^\s*@\w+(?:\.\w+)*\.(get|post|put|patch|delete)\(\s*['"](\/[^'"]*)['"]/gm)) {
    add((match[1] ?? '').toUpperCase(), match[2] ?? '', match.index + match[0].indexOf('@'));
  }
  for (const match of code.matchAll(/^\s*@\w+(?:\.\w+)*\.route\(\s*['"](\/[^'"]*)['"]([^)]*)\)/gm)) {
    const methods = [...(/methods\s*=\s*[[(]([^\])]*)/.exec(match[2] ?? '')?.[1] ?? '').matchAll(/['"](\w+)['"]/g)];
    for (const method of methods.length > 0 ? methods.map((found) => found[1] ?? '') : ['GET']) {
      add(method.toUpperCase(), match[1] ?? '', match.index + match[0].indexOf('@'));
    }
  }
  // Django: path("health/", view); only literal paths of urls.py.
  if (/(?:^|\/)urls\.py$/.test(path)) {
    for (const match of code.matchAll(/\bpath\(\s*['"]([^'"<]*)['"]\s*,\s*(?!include\b)/g)) {
      add('GET', `/${match[1] ?? ''}`, match.index);
    }
  }
  return routes;
}

function writtenPort(sources: readonly Source[]): Fact<number> | undefined {
  for (const { path, text } of sources) {
    const match = /\.run\([^)]*?\bport\s*=\s*(\d{2,5})\b/.exec(text);
    if (match) return { value: Number(match[1]), source: placeOf(path, text, match.index) };
  }
  return undefined;
}
