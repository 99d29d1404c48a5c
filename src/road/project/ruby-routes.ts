import type { Route } from './contract.ts';
import { placeOf } from './folder.ts';
import { roleOf } from './routes.ts';
import type { Source } from './written-addresses.ts';

/** Routes of Rails (config/routes.rb), Sinatra and Grape, of Rack's map and of code that compares the path itself. */
export function rubyRoutes({ path, text }: Source): Route[] {
  const routes: Route[] = [];
  const add = (method: string, route: string, index: number): void => {
    const whole = `/${route}`.replace(/\/{2,}/g, '/').replace(/\(\.:format\)$/, '');
    routes.push({
      method,
      path: whole,
      source: placeOf(path, text, index),
      role: roleOf(method, whole) ?? rails(whole, text, index),
    });
  };
  const rails = (whole: string, code: string, index: number): Route['role'] =>
    whole === '/up' && code.slice(index).split('\n')[0]?.includes('rails/health') ? 'health' : undefined;
  if (/^config\/routes(?:\/\w+)?\.rb$/.test(path)) {
    for (const line of railsLines(text)) {
      const verb = /^\s*(get|post|put|patch|delete)\s*\(?\s*(?:['"]([^'"]+)['"]|:(\w+))/.exec(line.text);
      if (verb) add((verb[1] ?? '').toUpperCase(), `${line.prefix}/${verb[2] ?? verb[3] ?? ''}`, line.index);
      if (/^\s*root\b/.test(line.text)) add('GET', `${line.prefix}/`, line.index);
      const resources = /^\s*(resources?)\s*\(?\s*((?::\w+\s*,?\s*)+)(.*)$/.exec(line.text);
      for (const name of resources?.[2]?.matchAll(/:(\w+)/g) ?? []) {
        if (
          /\bonly:\s*(?:\[\s*\]|\[?\s*%?i?\[?:?(?!.*index))/.test(resources?.[3] ?? '') &&
          resources?.[1] === 'resources'
        )
          continue;
        add('GET', `${line.prefix}/${name[1]}`, line.index);
      }
    }
    return routes;
  }
  for (const match of text.matchAll(/^\s*(get|post|put|patch|delete)\s*\(?\s*['"](\/[^'"]*)['"]/gm)) {
    add((match[1] ?? '').toUpperCase(), match[2] ?? '', match.index + match[0].search(/\S/));
  }
  const compared =
    /(?:\bwhen\s+(?:\[?\s*['"]GET['"]\s*,\s*)?|\b(?:path|path_info|PATH_INFO['"]\])\s*==\s*|^\s*map\s*\(?\s*|\bmount_proc\s*\(?\s*|\bmount\s*\(?\s*)['"](\/[^'"]*)['"]/gm;
  for (const match of text.matchAll(compared)) add('GET', match[1] ?? '/', match.index + match[0].search(/\S/));
  return routes;
}

/** The lines of a routes file, each with the prefix of the namespaces and scopes around it. */
function railsLines(text: string): { text: string; index: number; prefix: string }[] {
  const open: string[] = [];
  let index = 0;
  return text.split('\n').map((line) => {
    const at = index;
    index += line.length + 1;
    if (/^\s*end\b/.test(line)) open.pop();
    const prefix = open.join('');
    const opens = /\bdo\b(?:\s*\|[^|]*\|)?\s*$/.test(line);
    const scope =
      /^\s*(?:namespace\s*\(?\s*:?['"]?([\w-]+)|scope\s*\(?\s*['"]\/?([\w/:-]+)|scope\b.*\bpath:\s*['"]\/?([\w/:-]+))/.exec(
        line,
      );
    const named = scope?.[1] ?? scope?.[2] ?? scope?.[3];
    if (opens) open.push(named ? `/${named}` : '');
    return { text: line, index: at + line.search(/\S|$/), prefix };
  });
}
