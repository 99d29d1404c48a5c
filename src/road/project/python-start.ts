import { UserError } from '../../base/index.ts';
import type { Fact } from './contract.ts';
import { type Folder, placeOf } from './folder.ts';
import type { Source } from './written-addresses.ts';

/** Classes whose instance is the app, with the interface that a server speaks to it by. */
const APPS: readonly (readonly [string, 'wsgi' | 'asgi'])[] = [
  ['Flask', 'wsgi'],
  ['APIFlask', 'wsgi'],
  ['Bottle', 'wsgi'],
  ['FastAPI', 'asgi'],
  ['Starlette', 'asgi'],
  ['Litestar', 'asgi'],
  ['Quart', 'asgi'],
  ['Sanic', 'asgi'],
];
const INTERFACES = new Map(APPS.map(([name, kind]) => [name.toLowerCase(), kind]));
const CLASSES = APPS.map(([name]) => name).join('|');
const FACTORY_NAMES = 'create_app|make_app|build_app|get_app|create_application|app_factory';
const MAIN_FILES = ['main.py', 'app.py', 'server.py', 'run.py', '__main__.py', 'src/main.py', 'src/app.py'];

/** FLASK_APP of `.flaskenv` or `.env`, as the path of a file: flask.palletsprojects.com, "Application Discovery". */
function flaskApp(folder: Folder): string | undefined {
  for (const path of ['.flaskenv', '.env']) {
    const named = /^\s*(?:export\s+)?FLASK_APP\s*=\s*['"]?([\w./]+?)(?:\.py)?(?::\S*)?['"]?\s*$/m.exec(
      folder.read(path) ?? '',
    )?.[1];
    if (named === undefined) continue;
    const file = named.replace(/^\.\//, '').replace(/\.(?=\w)/g, '/');
    return [`${file}.py`, `${file}/__init__.py`].find((candidate) => folder.has(candidate));
  }
  return undefined;
}

/** Whether a module is worth a closer look. */
const MAY_SERVE = new RegExp(String.raw`\b(?:${CLASSES}|${FACTORY_NAMES})\b|\.server\b`);

/** An object or a factory that a server can start. */
interface Candidate {
  /** Folder that the module path counts from; empty: the app's own. */
  readonly below: string;
  /** `shop.web:app`, `shop:create_app()` */
  readonly target: string;
  readonly source: string;
  readonly interface: 'wsgi' | 'asgi';
  /** A module called wsgi or asgi is there for servers; an object is nearer than a factory. */
  readonly rank: number;
}

/**
 * The command that serves a Python app in production, by the port it listens on.
 */
export function pythonStart(
  folder: Folder,
  sources: readonly Source[],
  framework: string | undefined,
): (port: number) => Fact<string> | undefined {
  if (framework === 'streamlit') return (port) => streamlit(folder, sources, port);
  const candidates = sources.flatMap((source) => candidatesIn(source, framework));
  const named = flaskApp(folder);
  const [only] = named === undefined ? [] : candidates.filter(({ source }) => source.startsWith(`${named}:`));
  if (only) return (port) => ({ value: serverCommand(only, port), source: only.source });
  return (port) => chosen(folder, candidates, framework, port);
}

/** @throws UserError when two modules could serve. */
function chosen(
  folder: Folder,
  candidates: readonly Candidate[],
  framework: string | undefined,
  port: number,
): Fact<string> | undefined {
  const best = Math.min(...candidates.map(({ rank }) => rank));
  const ranked = candidates.filter(({ rank }) => rank === best);
  // The nearest to the top is what the author starts; what lies deeper uses it.
  const depthOf = ({ source }: Candidate): number => source.split('/').length;
  const nearest = Math.min(...ranked.map(depthOf));
  const [first, second] = ranked.filter((candidate) => depthOf(candidate) === nearest);
  if (!first) return script(folder, framework);
  const command = serverCommand(first, port);
  if (second) {
    throw new UserError(
      first.source,
      `two modules could start the app: ${first.target} and ${second.target} (${second.source})`,
      `Choose in a Procfile (web: ${command}) or in wherry.yaml (start: ${command}).`,
    );
  }
  return { value: command, source: first.source };
}

function candidatesIn({ path, text }: Source, framework: string | undefined): Candidate[] {
  const found: Candidate[] = [];
  const own: 'wsgi' | 'asgi' = INTERFACES.get(framework ?? '') ?? (framework === 'flask' ? 'wsgi' : 'asgi');
  const forServers = /(?:^|\/)(?:wsgi|asgi)\.py$/.test(path);
  if (!forServers && !MAY_SERVE.test(text)) return [];
  const add = (name: string, index: number, kind: 'wsgi' | 'asgi', rank: number): void => {
    const { module, below } = moduleOf(path, text);
    const place = placeOf(path, text, index);
    found.push({ below, target: `${module}:${name}`, source: place, interface: kind, rank: forServers ? 0 : rank });
  };
  const objects = new RegExp(String.raw`^(\w+)(?:\s*:\s*\w+)?\s*=\s*(?:\w+\.)?(${CLASSES})\(`, 'gm');
  for (const match of text.matchAll(objects)) {
    const name = match[1] ?? '';
    // An app mounted below another one is part of that.
    if (new RegExp(String.raw`\.mount\([^)]*\b${name}\b`).test(text)) continue;
    add(name, match.index, INTERFACES.get((match[2] ?? '').toLowerCase()) ?? own, 1);
  }
  // app = create_app(): made at import by a factory that another module holds.
  for (const match of text.matchAll(
    new RegExp(String.raw`^(app|application|api|server)\s*=\s*(?:\w+\.)?(?:${FACTORY_NAMES})\(`, 'gm'),
  )) {
    add(match[1] ?? 'app', match.index, own, 1);
  }
  if (forServers && found.length === 0) {
    const imported = /^from\s+\S+\s+import\s+[^\n]*?\b(?:(app|application)\b|\w+\s+as\s+(app|application)\b)/m.exec(
      text,
    );
    if (imported) add(imported[1] ?? imported[2] ?? 'app', imported.index, path.endsWith('asgi.py') ? 'asgi' : own, 0);
  }
  // Dash keeps its Flask object in app.server.
  const dash = /^(server|application)\s*=\s*\w+\.server\b/m.exec(text);
  if (dash) add(dash[1] ?? 'server', dash.index, 'wsgi', 1);
  const factory = new RegExp(
    String.raw`^def\s+(?:(${FACTORY_NAMES})\s*\(|(\w+)\s*\([^)]*\)\s*->\s*(?:\w+\.)?(?:${CLASSES})\s*:)`,
    'm',
  ).exec(text);
  if (factory) add(`${factory[1] ?? factory[2]}()`, factory.index, own, 2);
  return found;
}

/**
 * `app.py` is the module `app`; `shop/web.py` is `shop.web`; the file of a package is the package. What stands above the
 * first package that the module itself imports from, or `src`, is the folder that paths count from.
 */
export function moduleOf(path: string, text: string): { module: string; below: string } {
  const segments = path.replace(/\.py$/, '').split('/');
  if (segments.at(-1) === '__init__') segments.pop();
  let start = segments[0] === 'src' && segments.length > 1 ? 1 : 0;
  for (let index = 1; index < segments.length; index++) {
    const segment = segments[index] ?? '';
    if (new RegExp(String.raw`^\s*(?:from|import)\s+${segment}(?:\.|\s)`, 'm').test(text) && index > start) {
      start = index;
      break;
    }
  }
  // A module beside the imports it makes (`from models import x` in backend/main.py) counts from its own folder.
  return { module: segments.slice(start).join('.'), below: segments.slice(0, start).join('/') };
}

function serverCommand({ below, target, interface: kind }: Candidate, port: number): string {
  return kind === 'wsgi' ? gunicorn(target, below, port) : uvicorn(target, below, port);
}

/** One process and threads: metrics and caches stay whole, and more load is what more replicas are for. */
export function gunicorn(target: string, below: string, port: number): string {
  const folder = below ? ` --chdir ${below}` : '';
  return `gunicorn --bind 0.0.0.0:${port}${folder} --threads 8 --worker-tmp-dir /dev/shm ${target}`;
}

export function uvicorn(target: string, below: string, port: number): string {
  const factory = target.endsWith('()') ? ' --factory' : '';
  const folder = below ? ` --app-dir ${below}` : '';
  return `uvicorn --host 0.0.0.0 --port ${port}${folder}${factory} ${target.replace(/\(\)$/, '')}`;
}

function streamlit(folder: Folder, sources: readonly Source[], port: number): Fact<string> | undefined {
  const main =
    ['streamlit_app.py', ...MAIN_FILES].find((path) => folder.has(path)) ??
    sources.find(({ text }) => /\bimport streamlit\b/.test(text))?.path;
  if (main === undefined) return undefined;
  const value = `streamlit run ${main} --server.address 0.0.0.0 --server.port ${port} --server.headless true`;
  return { value, source: `${main}:1` };
}

/** A program that serves by itself; one with a framework that a server runs is not started as a script. */
function script(folder: Folder, framework: string | undefined): Fact<string> | undefined {
  if (framework !== undefined && INTERFACES.has(framework)) return undefined;
  const main = MAIN_FILES.find((path) => folder.has(path));
  return main === undefined ? undefined : { value: `python ${main}`, source: main };
}
