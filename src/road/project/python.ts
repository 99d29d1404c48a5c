import { UserError } from '../../base/index.ts';
import type { Fact, LanguageFacts } from './contract.ts';
import { readDjango } from './django.ts';
import { type Folder, placeOf } from './folder.ts';
import { maskComments } from './mask.ts';
import { alembicMigrate } from './migrate-command.ts';
import { readPythonPackages } from './python-packages.ts';
import { pythonRoutesOf, writtenPythonPort } from './python-routes.ts';
import { moduleOf, pythonStart } from './python-start.ts';
import { pythonVariables, wrappersIn } from './python-variables.ts';
import { uniqueRoutes } from './routes.ts';
import type { Source } from './written-addresses.ts';

const DEFAULT_VERSION = '3.13';
const NOT_SERVING =
  /(?:^|\/)(?:tests?|migrations|alembic|docs|scripts|static|examples)\/|(?:^|\/)(?:test_\w*|\w*_test|conftest|setup|noxfile|fabfile)\.py$/;
/** Whatever a module may say of settings, routes, apps or addresses; others are not looked at again. */
const TELLING =
  /environ|getenv|env[.(]|Celery\(|config\(|BaseSettings|@\w+(?:\.\w+)*\.|\bapp\b|application|Route\(|urlpatterns|INSTALLED_APPS|ALLOWED_HOSTS|STATIC_ROOT|listen|serve|Server\(|localhost|127\.0\.0\.1|streamlit|create_engine|FastAPI|Flask|Starlette/;
const NATIVE = ['mysqlclient', 'flask-mysqldb', 'psycopg2', 'lxml', 'pillow', 'uwsgi', 'python-ldap'];
/** Each framework with the port of its own development server, which is what the app's author expects. */
const FRAMEWORKS: readonly (readonly [string, number])[] = [
  ['django', 8000],
  ['fastapi', 8000],
  ['litestar', 8000],
  ['sanic', 8000],
  ['quart', 5000],
  ['flask', 5000],
  ['apiflask', 5000],
  ['starlette', 8000],
  ['dash', 8050],
  ['streamlit', 8501],
  ['bottle', 8080],
  ['aiohttp', 8080],
  ['tornado', 8888],
];
const MARKS =
  /^(?:requirements(?:\.txt|-prod\.txt|\/[\w-]+\.txt)|pyproject\.toml|Pipfile|setup\.py|setup\.cfg|manage\.py|[^/]+\.py)$/;

export function isPython(folder: Folder): boolean {
  return folder.paths.some((path) => MARKS.test(path));
}

/** @throws UserError when pyproject.toml or Pipfile is broken, or a requirements file names one that is not there. */
export function readPython(folder: Folder): LanguageFacts {
  const manifests = readPythonPackages(folder);
  const { packages } = manifests;
  const names = new Set(packages.map(({ value }) => value));
  const modules = folder.paths.filter((path) => path.endsWith('.py') && !NOT_SERVING.test(path));
  const sources = modules.flatMap((path) => {
    const text = folder.read(path) ?? '';
    return TELLING.test(text) || /(?:wsgi|asgi|manage)\.py$|(?:^|\/)settings(?:\/\w+)?\.py$/.test(path)
      ? [{ path, text: maskComments(text, 'python') }]
      : [];
  });
  const wrappers = [...new Set(sources.flatMap(({ text }) => wrappersIn(text)))];
  const [frameworkName, ownPort] = FRAMEWORKS.find(([name]) => names.has(name)) ?? [];
  const framework = packages.find(({ value }) => value === frameworkName);
  const django = frameworkName === 'django' ? readDjango(folder, sources, names) : undefined;
  const start = django?.start ?? pythonStart(folder, sources, frameworkName);
  return {
    name: manifests.name,
    version: manifests.version,
    languageVersion: pythonVersion(folder, manifests.requires),
    framework,
    packageManager: manifests.manager,
    manifestFiles: manifests.manifestFiles,
    packages,
    build: django?.build,
    start,
    migrate: django?.migrate ?? alembicMigrate(folder, packages, plainStart(start)),
    variables: [
      ...sources.flatMap(({ path, text }) => pythonVariables(path, text, wrappers)),
      ...(django?.variables ?? []),
    ],
    routes: uniqueRoutes(pythonRoutesOf(sources)),
    sources,
    native: packages.filter(({ value }) => NATIVE.includes(value)),
    port: writtenPythonPort(sources) ?? (ownPort === undefined ? undefined : { value: ownPort, source: 'default' }),
    notes: [...manifests.notes, ...(django?.notes ?? []), ...celeryNotes(folder, sources)],
  };
}

function pythonVersion(folder: Folder, requires: Fact<string> | undefined): Fact<string> {
  for (const [path, pattern] of [
    ['.python-version', /(\d+\.\d+)/],
    ['runtime.txt', /(\d+\.\d+)/],
    ['.tool-versions', /^python\s+(\d+\.\d+)/m],
  ] as const) {
    const text = folder.read(path) ?? '';
    const match = pattern.exec(text);
    if (match?.[1]) return { value: match[1], source: `${path}:${text.slice(0, match.index).split('\n').length}` };
  }
  const exact = /(?:==|~=|\^|~)\s*(3\.\d+)/.exec(requires?.value ?? '')?.[1];
  if (requires && exact && !/\^/.test(requires.value)) return { value: exact, source: requires.source };
  const below = /<\s*=?\s*3\.(\d+)/.exec(requires?.value ?? '');
  const highest = Number(below?.[1]) - (below?.[0].includes('=') ? 0 : 1);
  if (requires && below && highest < Number(DEFAULT_VERSION.slice(2))) {
    return { value: `3.${highest}`, source: requires.source };
  }
  const lowest = Number(/(?:>=|\^)\s*3\.(\d+)/.exec(requires?.value ?? '')?.[1]);
  if (requires && lowest > Number(DEFAULT_VERSION.slice(2))) return { value: `3.${lowest}`, source: requires.source };
  return { value: DEFAULT_VERSION, source: 'default' };
}

/** A Celery app does nothing until a worker runs beside the web process. */
function celeryNotes(folder: Folder, sources: readonly Source[]): string[] {
  for (const { path, text } of sources) {
    const match = text.includes('Celery(') ? /^(\w+)\s*=\s*(?:\w+\.)?Celery\(/m.exec(text) : null;
    if (!match || /celery/.test(folder.read('Procfile') ?? '')) continue;
    const module = moduleOf(path, text).module.replace(/\.celery$/, '');
    return [
      `${placeOf(path, text, match.index)}: a Celery app, and nothing starts its worker; say it in a Procfile (worker: celery -A ${module} worker)`,
    ];
  }
  return [];
}

/** The start command where it is no choice between two: only asked for the module of the app. */
function plainStart(start: LanguageFacts['start']): string | undefined {
  try {
    return start(8000)?.value;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
