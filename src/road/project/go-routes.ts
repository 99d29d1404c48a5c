import type { Route } from './contract.ts';
import { placeOf } from './folder.ts';
import { roleOf } from './routes.ts';
import { bracketed } from './source-files.ts';

/**
 * The routes of net/http (with and without the method of Go 1.22's patterns), gin, echo, chi, fiber and gorilla/mux, below
 * the prefixes of their groups.
 */
export function goRoutes(path: string, text: string): Route[] {
  const routes: Route[] = [];
  const prefixOf = groupPrefixes(text);
  const add = (method: string, receiver: string, route: string, index: number): void => {
    const whole = `${prefixOf(receiver, index)}${route}`.replace(/\/{2,}/g, '/') || '/';
    const upper = method.toUpperCase();
    routes.push({ method: upper, path: whole, source: placeOf(path, text, index), role: roleOf(upper, whole) });
  };
  const verb = /\b(\w+)\.(GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete)\(\s*"(\/[^"]*|)"\s*,/g;
  for (const match of text.matchAll(verb)) add(match[2] ?? '', match[1] ?? '', match[3] ?? '', match.index);
  const handle = /\b(\w+)\.Handle(?:Func)?\(\s*"(?:([A-Z]+)\s+)?[\w.-]*(\/[^"]*)"\s*,/g;
  for (const match of text.matchAll(handle)) {
    // gorilla/mux says the method behind: .HandleFunc("/x", f).Methods("POST")
    const call = bracketed(text, text.indexOf('(', match.index));
    const after = text.slice(text.indexOf('(', match.index) + call.length);
    const method = match[2] ?? /^\s*\.Methods\(\s*(?:"(\w+)"|http\.Method(\w+))/.exec(after)?.slice(1).find(Boolean);
    add(method ?? 'GET', match[1] ?? '', (match[3] ?? '').replace(/\{\$\}$/, ''), match.index);
  }
  return routes;
}

/** Prefixes by variable (`api := r.Group("/api")`) and by the function that a router is handed to (`r.Route("/api", func`). */
function groupPrefixes(text: string): (receiver: string, index: number) => string {
  const named = new Map<string, string>();
  const groups = /\b(\w+)\s*:?=\s*(\w+)\.(?:Group\(\s*"(\/[^"]*)"|PathPrefix\(\s*"(\/[^"]*)"\s*\)\.Subrouter)/g;
  for (const match of text.matchAll(groups)) {
    const [, name = '', parent = '', group, subrouter] = match;
    named.set(name, `${named.get(parent) ?? ''}${group ?? subrouter ?? ''}`);
  }
  const extents = [...text.matchAll(/\.Route\(\s*"(\/[^"]*)"\s*,\s*func\([^)]{0,200}\)[^{]{0,20}(?=\{)/g)].map(
    (match) => {
      const open = match.index + match[0].length;
      return { open, close: open + bracketed(text, open).length, prefix: match[1] ?? '' };
    },
  );
  return (receiver, index) =>
    extents
      .filter(({ open, close }) => open < index && index < close)
      .map(({ prefix }) => prefix)
      .join('') + (named.get(receiver) ?? '');
}
