import type { Route } from './contract.ts';
import { placeOf } from './folder.ts';
import { roleOf } from './routes.ts';
import { bracketed } from './source-files.ts';
import type { Source } from './written-addresses.ts';

/** Routes of Laravel, Symfony (attributes), Slim, and of code that compares the path itself. */
export function phpRoutes({ path, text }: Source): Route[] {
  const routes: Route[] = [];
  const add = (method: string, route: string, index: number): void => {
    const whole = `/${route}`.replace(/\/{2,}/g, '/');
    routes.push({ method, path: whole, source: placeOf(path, text, index), role: roleOf(method, whole) });
  };
  // Laravel puts the routes of this file below /api.
  const prefix = path === 'routes/api.php' ? '/api/' : '';
  for (const match of text.matchAll(/\bRoute::(get|post|put|patch|delete|any|view)\(\s*['"]([^'"]*)['"]/g)) {
    const verb = match[1] === 'any' || match[1] === 'view' ? 'GET' : (match[1] ?? '').toUpperCase();
    add(verb, prefix + (match[2] ?? ''), match.index);
  }
  if (path === 'bootstrap/app.php') {
    const health = /\bhealth:\s*['"]([^'"]+)['"]/.exec(text);
    if (health?.[1])
      routes.push({ method: 'GET', path: health[1], source: placeOf(path, text, health.index), role: 'health' });
  }
  for (const match of text.matchAll(/\$\w+->(get|post|put|patch|delete)\(\s*['"](\/[^'"]*)['"]\s*,/g)) {
    add((match[1] ?? '').toUpperCase(), match[2] ?? '', match.index);
  }
  const classPrefix =
    /#\[Route\(\s*(?:path:\s*)?['"]([^'"]*)['"][^\]]{0,300}\]\s*(?:#\[[^\]]{0,300}\]\s*){0,9}(?:final\s+|abstract\s+|readonly\s+)*class\b/.exec(
      text,
    );
  for (const match of text.matchAll(/#\[Route\(\s*(?:path:\s*)?['"]([^'"]*)['"]/g)) {
    if (match.index === classPrefix?.index) continue;
    const attribute = bracketed(text.slice(match.index + 1, match.index + 600), 0);
    const listed = /\bmethods:\s*(\[[^\]]*\]|['"]\w+['"])/.exec(attribute)?.[1] ?? '';
    const methods = [...listed.matchAll(/['"](\w+)['"]/g)].map(([, name]) => name ?? '');
    for (const method of methods.length > 0 ? methods : ['GET'])
      add(method.toUpperCase(), `${classPrefix?.[1] ?? ''}${match[1] ?? ''}`, match.index);
  }
  for (const match of text.matchAll(/(?:===?|\bcase)\s*['"](\/[\w./-]*)['"]|['"](\/[\w./-]*)['"]\s*(?:===?|=>)/g)) {
    add('GET', match[1] ?? match[2] ?? '/', match.index);
  }
  return routes;
}
