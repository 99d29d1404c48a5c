import type { Fact, Route } from './contract.ts';
import { placeOf } from './folder.ts';
import { roleOf } from './routes.ts';
import type { Source } from './written-addresses.ts';

/** The routes that a module declares: calls of a router, fastify.route, Nest's decorators, comparisons of a URL, files. */
export function nodeRoutes({ path, text }: Source): Route[] {
  const routes: Route[] = [];
  const add = (method: string, route: string, index: number): void => {
    const upper = method === 'all' ? 'GET' : method.toUpperCase();
    routes.push({ method: upper, path: route, source: placeOf(path, text, index), role: roleOf(upper, route) });
  };
  const call = /\b\w+\s*\.\s*(get|post|put|patch|delete|all)(?:<[^>(]*>)?\(\s*(['"`])(\/[^'"`]*)\2/g;
  for (const match of text.matchAll(call)) add(match[1] ?? '', match[3] ?? '', match.index);
  // fastify.route({ method: 'GET', url: '/x' })
  for (const match of text.matchAll(/method:\s*['"](\w+)['"]\s*,\s*(?:url|path):\s*['"](\/[^'"]*)['"]/g)) {
    add(match[1] ?? '', match[2] ?? '', match.index);
  }
  // Node's own http server: if (request.url === '/health')
  for (const match of text.matchAll(/\b(?:url|pathname|path)\s*===?\s*['"](\/[^'"]*)['"]/g)) {
    add('GET', match[1] ?? '/', match.index);
  }
  decorated(text, add);
  const file = fileRoute(path);
  if (file !== undefined) add('GET', file, 0);
  return routes;
}

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
function fileRoute(path: string): string | undefined {
  const route =
    /(?:^|\/)app\/((?:[^/]+\/)*)route\.[jt]s$/.exec(path)?.[1] ??
    /(?:^|\/)pages\/(api\/.+)\.[jt]s$/.exec(path)?.[1] ??
    /(?:^|\/)src\/routes\/((?:[^/]+\/)*)\+server\.[jt]s$/.exec(path)?.[1];
  const nuxt = /(?:^|\/)server\/(api|routes)\/(.+?)(?:\.get)?\.[jt]s$/.exec(path);
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
