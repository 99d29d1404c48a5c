import type { Fact, Route } from './contract.ts';
import { placeOf } from './folder.ts';
import { roleOf } from './routes.ts';
import type { Source } from './written-addresses.ts';

/** The routes of all modules, each below the prefix that its router, blueprint or urls are included at. */
export function pythonRoutesOf(sources: readonly Source[]): Route[] {
  const prefixes = includedAt(sources);
  return sources.flatMap((source) => {
    const prefix = prefixes.find(({ fits }) => fits(source))?.prefix ?? '';
    return pythonRoutes(source).map((route) => {
      const path = `${prefix.replace(/\/$/, '')}${route.path}`;
      return prefix ? { ...route, path, role: roleOf(route.method, path) } : route;
    });
  });
}

const DECLARES = /@\w+(?:\.\w+)*\.(?:get|post|put|patch|delete|route)\(|\bRoute\(|\bpath\(/;

interface Inclusion {
  readonly prefix: string;
  readonly fits: (source: Source) => boolean;
}

/** `include_router(items.router, prefix="/items")`, `register_blueprint(bp, url_prefix="/x")`, `path("api/", include("books.urls"))`. */
function includedAt(sources: readonly Source[]): Inclusion[] {
  const found: Inclusion[] = [];
  const call =
    /\b(?:include_router|register_blueprint)\(\s*(?:(\w+)\.)?(\w+)\s*,[^)]*?\b(?:url_)?prefix\s*=\s*['"]([^'"]*)['"]/g;
  for (const { path, text } of sources) {
    if (!text.includes('include_router') && !text.includes('register_blueprint') && !text.includes('include('))
      continue;
    for (const match of text.matchAll(call)) {
      const [, module, name = '', prefix = ''] = match;
      // The module is the one before the dot, or the one that the name was imported from.
      const imported = new RegExp(String.raw`^\s*from\s+([\w.]+)\s+import\s+[^\n]*\b${name}\b`, 'm').exec(text)?.[1];
      const stem = module ?? imported?.split('.').at(-1);
      const defines = new RegExp(String.raw`^${name}\s*=\s*(?:APIRouter|Blueprint)\(`, 'm');
      found.push({
        prefix,
        fits: (source) =>
          source.path !== path &&
          (stem === undefined || new RegExp(String.raw`(?:^|/)${stem}(?:/__init__)?\.py$`).test(source.path)) &&
          (module !== undefined || defines.test(source.text)),
      });
    }
    if (!/(?:^|\/)urls\.py$/.test(path)) continue;
    for (const match of text.matchAll(/\bpath\(\s*['"]([^'"<]*)['"]\s*,\s*include\(\s*\(?\s*['"]([\w.]+)['"]/g)) {
      const file = `${(match[2] ?? '').replaceAll('.', '/')}.py`;
      found.push({
        prefix: `/${match[1] ?? ''}`,
        fits: (source) => source.path === file || source.path.endsWith(`/${file}`),
      });
    }
  }
  return found;
}

/** The routes that a module declares: decorators of Flask, FastAPI and their kin, literal paths of Django's urls. */
function pythonRoutes({ path, text }: Source): Route[] {
  const routes: Route[] = [];
  if (!DECLARES.test(text)) return routes;
  const prefix = prefixOf(text);
  const add = (method: string, route: string, index: number): void => {
    routes.push({ method, path: route, source: placeOf(path, text, index), role: roleOf(method, route) });
  };
  for (const match of text.matchAll(/^\s*@(\w+)(?:\.\w+)*\.(get|post|put|patch|delete)\(\s*['"](\/?[^'"]*)['"]/gm)) {
    const route = `${prefix.get(match[1] ?? '') ?? ''}${match[3] ?? ''}` || '/';
    if (route.startsWith('/')) add((match[2] ?? '').toUpperCase(), route, match.index + match[0].indexOf('@'));
  }
  for (const match of text.matchAll(/^\s*@(\w+)(?:\.\w+)*\.route\(\s*['"](\/[^'"]*)['"]([^)]*)\)/gm)) {
    const methods = [...(/methods\s*=\s*[[(]([^\])]*)/.exec(match[3] ?? '')?.[1] ?? '').matchAll(/['"](\w+)['"]/g)];
    const route = `${prefix.get(match[1] ?? '') ?? ''}${match[2] ?? ''}`;
    for (const method of methods.length > 0 ? methods.map((found) => found[1] ?? '') : ['GET']) {
      add(method.toUpperCase(), route, match.index + match[0].indexOf('@'));
    }
  }
  // Starlette: Route("/health", health)
  for (const match of text.matchAll(/\bRoute\(\s*['"](\/[^'"]*)['"]/g)) add('GET', match[1] ?? '/', match.index);
  // Django: path("health/", view); only literal paths of urls.py.
  if (/(?:^|\/)urls\.py$/.test(path)) {
    for (const match of text.matchAll(/\bpath\(\s*['"]([^'"<]*)['"]\s*,(?!\s*include\b)/g)) {
      add('GET', `/${match[1] ?? ''}`, match.index);
    }
  }
  return routes;
}

/** `router = APIRouter(prefix="/items")`, `bp = Blueprint("x", __name__, url_prefix="/x")`: what stands before each path. */
function prefixOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  if (!text.includes('prefix')) return found;
  const pattern = /^(\w+)\s*=\s*(?:APIRouter|Blueprint)\([^)]*?\b(?:url_)?prefix\s*=\s*['"]([^'"]*)['"]/gm;
  for (const match of text.matchAll(pattern)) found.set(match[1] ?? '', match[2] ?? '');
  return found;
}

/** The port that a module gives its own server. */
export function writtenPythonPort(sources: readonly Source[]): Fact<number> | undefined {
  for (const { path, text } of sources) {
    if (!/\bport\s*=|Server\(|make_server/.test(text)) continue;
    const match =
      /(?:\.run|run_app|\.listen|serve)\([^)]*?\bport\s*=\s*(\d{2,5})\b/.exec(text) ??
      /(?:HTTPServer|TCPServer|make_server)\(\s*\(?\s*['"][^'"]*['"]\s*,\s*(\d{2,5})\b/.exec(text);
    if (match) return { value: Number(match[1]), source: placeOf(path, text, match.index) };
  }
  return undefined;
}
