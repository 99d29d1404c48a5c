import type { Route } from './contract.ts';
import { placeOf } from './folder.ts';
import { roleOf } from './routes.ts';
import { bracketed } from './source-files.ts';
import type { Source } from './written-addresses.ts';

/** Routes of axum (`.route("/x", get(f))`), actix-web and Rocket (`#[get("/x")]`), warp (`path!("x" / String)`). */
export function rustRoutes({ path, text }: Source): Route[] {
  const routes: Route[] = [];
  const add = (method: string, route: string, index: number): void => {
    const upper = method.toUpperCase();
    routes.push({ method: upper, path: route, source: placeOf(path, text, index), role: roleOf(upper, route) });
  };
  for (const match of text.matchAll(/\.route\(\s*"(\/[^"]*)"\s*,/g)) {
    const call = bracketed(text, text.indexOf('(', match.index));
    const methods = [...call.matchAll(/(?:^|[^\w])(?:web::|routing::)?(get|post|put|patch|delete)\(/g)].map(
      ([, method]) => method ?? '',
    );
    for (const method of methods.length > 0 ? new Set(methods) : ['GET']) add(method, match[1] ?? '/', match.index);
  }
  // Rocket mounts all of a file's routes below one path.
  const mounted = /\.mount\(\s*"(\/[^"]*)"/.exec(text)?.[1] ?? '';
  const scoped = /\bweb::scope\(\s*"(\/[^"]*)"/.exec(text)?.[1];
  for (const match of text.matchAll(/#\[(get|post|put|patch|delete)\(\s*"(\/[^"?]*)/g)) {
    add(match[1] ?? '', `${scoped === undefined ? mounted : ''}${match[2] ?? ''}`.replace(/\/{2,}/g, '/'), match.index);
  }
  for (const match of text.matchAll(/\bwarp::path(?:!\(\s*("[^)]*)\)|\(\s*"([\w.-]+)"\s*\))/g)) {
    const parts = match[1]?.split('/').map((part) => part.trim().replaceAll('"', '')) ?? [match[2] ?? ''];
    add(
      'GET',
      `/${parts.map((part) => (/^[A-Z]\w*$|^[iu]\d+$/.test(part) ? `{${part}}` : part)).join('/')}`,
      match.index,
    );
  }
  return routes;
}
