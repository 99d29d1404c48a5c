import type { Fact, Route } from './contract.ts';
import { placeOf } from './folder.ts';
import { roleOf } from './routes.ts';
import type { Source } from './written-addresses.ts';

/** The routes of all modules, each below the prefix that its router is mounted at. */
export function nodeRoutesOf(sources: readonly Source[]): Route[] {
  const prefixes = mountedAt(sources);
  return sources.flatMap((source) => {
    const prefix = prefixes.get(source.path);
    const routes = nodeRoutes(source);
    if (prefix === undefined) return routes;
    return routes.map((route) => {
      const path = `${prefix}${route.path === '/' ? '' : route.path}`;
      return { ...route, path, role: roleOf(route.method, path) };
    });
  });
}

/** `app.use('/orders', orders)` where orders came from a module of the app: that module's prefix. */
function mountedAt(sources: readonly Source[]): Map<string, string> {
  const known = new Set(sources.map(({ path }) => path));
  const found = new Map<string, string>();
  for (const { path, text } of sources) {
    if (!/\.(?:use|route)\(/.test(text)) continue;
    const mount =
      /\b\w+\s*\.\s*(?:use|route)\(\s*['"](\/[^'"]*)['"]\s*,\s*(?:[^;()]*,\s*)?(?:require\(\s*['"](\.[^'"]+)['"]\s*\)|(\w+)(?:\.\w+)?)/g;
    for (const match of text.matchAll(mount)) {
      const named = match[2] ?? (match[3] === undefined ? undefined : moduleNamed(text, match[3]));
      const target = named === undefined ? undefined : resolved(path, named, known);
      if (target !== undefined && target !== path) found.set(target, (match[1] ?? '').replace(/\/$/, ''));
    }
  }
  return found;
}

function moduleNamed(text: string, name: string): string | undefined {
  const imported = new RegExp(
    String.raw`\bimport\s+(?:\*\s+as\s+)?(?:${name}\b|\{[^}]*\b${name}\b[^}]*\})[^;'"]*?from\s*['"](\.[^'"]+)['"]|\b(?:const|let|var)\s+(?:${name}|\{[^}]*\b${name}\b[^}]*\})\s*=\s*require\(\s*['"](\.[^'"]+)['"]`,
  ).exec(text);
  return imported?.[1] ?? imported?.[2];
}

function resolved(from: string, named: string, known: ReadonlySet<string>): string | undefined {
  const parts = from.split('/').slice(0, -1);
  for (const part of named.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  const bare = parts.join('/').replace(/\.[cm]?[jt]sx?$/, '');
  const endings = ['.js', '.ts', '.mjs', '.cjs', '.mts', '.cts', '/index.js', '/index.ts'];
  return endings.map((ending) => `${bare}${ending}`).find((path) => known.has(path));
}

/** The routes that a module declares: calls of a router, fastify.route, Nest's decorators, comparisons of a URL, files. */
function nodeRoutes({ path, text }: Source): Route[] {
  const routes: Route[] = [];
  const add = (method: string, route: string, index: number): void => {
    const upper = method === 'all' ? 'GET' : method.toUpperCase();
    routes.push({ method: upper, path: route, source: placeOf(path, text, index), role: roleOf(upper, route) });
  };
  for (const match of text.matchAll(/\.\s*(get|post|put|patch|delete|all)(?:<[^>(]*>)?\(\s*(['"`])(\/[^'"`]*)\2/g)) {
    const object = /([\w$]+|\))\s*$/.exec(text.slice(Math.max(0, match.index - 60), match.index))?.[1];
    if (object !== undefined && !ASKS.test(object)) add(match[1] ?? '', match[3] ?? '', match.index);
  }
  // fastify.route({ method: 'GET', url: '/x' })
  for (const match of text.matchAll(/method:\s*['"](\w+)['"]\s*,\s*(?:url|path):\s*['"](\/[^'"]*)['"]/g)) {
    add(match[1] ?? '', match[2] ?? '', match.index);
  }
  // Node's own http server: if (request.url === '/health')
  for (const match of text.matchAll(/\b(?:url|pathname|path)\s*===?\s*['"](\/[^'"]*)['"]/g)) {
    add('GET', match[1] ?? '/', match.index);
  }
  decorated(text, add);
  const file = fileRoute(path, text);
  if (file !== undefined) add('GET', file, 0);
  return routes;
}

/** Objects that ask a server instead of being one, and those that only have a method of the name. */
const ASKS =
  /^(?:axios|\$?https?|api|apiClient|client|got|ky|request|superagent|fetcher|\$fetch|instance|cache|params|headers|session|storage|cy)$/i;

type Add = (method: string, route: string, index: number) => void;

/** Nest: `@Controller('items')` above `@Get(':id')`. */
function decorated(text: string, add: Add): void {
  const controllers = [...text.matchAll(/@Controller\(\s*(?:\{[^}]*?path:\s*)?(?:['"]([^'"]*)['"])?[^)]*\)/g)];
  for (const [index, controller] of controllers.entries()) {
    const end = controllers[index + 1]?.index ?? text.length;
    const part = text.slice(controller.index, end);
    for (const match of part.matchAll(/@(Get|Post|Put|Patch|Delete)\(\s*(?:['"]([^'"]*)['"])?\s*\)/g)) {
      const route = `/${[controller[1] ?? '', match[2] ?? '']
        .map((piece) => piece.replace(/^\/+|\/+$/g, ''))
        .filter(Boolean)
        .join('/')}`;
      add(match[1] ?? '', route, controller.index + match.index);
    }
  }
}

/** Frameworks whose files are the routes: Next's app and pages folders, Nuxt's server folder, SvelteKit's and Astro's. */
function fileRoute(path: string, text: string): string | undefined {
  const route =
    /(?:^|\/)app\/((?:[^/]+\/)*)route\.[jt]s$/.exec(path)?.[1] ??
    /(?:^|\/)pages\/(api\/.+)\.[jt]s$/.exec(path)?.[1] ??
    /(?:^|\/)src\/routes\/((?:[^/]+\/)*)\+server\.[jt]s$/.exec(path)?.[1];
  const nuxt = /(?:^|\/)server\/(api|routes)\/(.+?)(?:\.get)?\.[jt]s$/.exec(path);
  // Remix: app/routes/healthcheck.tsx; segments with a mark are no plain path.
  const remix = /(?:^|\/)app\/routes\/([\w-]+)(?:\/route)?\.[jt]sx?$/.exec(path)?.[1];
  // Servers keep their routers in folders of that name as well.
  if (remix !== undefined && /\bRouter\(|\bFastifyInstance\b|\bfastify\b|\bnew Hono\b/.test(text)) return undefined;
  if (remix !== undefined) return remix.startsWith('_') ? (remix === '_index' ? '/' : undefined) : `/${remix}`;
  const found = route ?? (nuxt && `${nuxt[1] === 'api' ? 'api/' : ''}${nuxt[2] ?? ''}`);
  if (found === undefined || found === null || /[[(]/.test(found)) return undefined;
  return `/${found.replace(/\/?(?:index)?\/?$/, '')}`;
}

/** The port that a module gives its own server. */
export function writtenNodePort(sources: readonly Source[]): Fact<number> | undefined {
  for (const { path, text } of sources) {
    const match = /\.listen\(\s*(?:\{[^}]*?\bport:\s*)?(\d{2,5})\b/.exec(text);
    if (match) return { value: Number(match[1]), source: placeOf(path, text, match.index) };
    // const PORT = 3000; … app.listen(PORT)
    const named = /\.listen\(\s*(?:\{[^}]*?\bport:\s*)?([A-Za-z_]\w*)\b/.exec(text)?.[1];
    const constant =
      named && new RegExp(String.raw`\b(?:const|let|var)\s+${named}(?::\s*number)?\s*=\s*(\d{2,5})\b`).exec(text);
    if (constant) return { value: Number(constant[1]), source: placeOf(path, text, constant.index) };
  }
  return undefined;
}
