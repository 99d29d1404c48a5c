import type { FoundVariable } from './contract.ts';
import { type Folder, placeOf } from './folder.ts';
import type { Source } from './written-addresses.ts';

/** What the web server tells of a request, and what the platform sets. */
const NOT_OURS =
  /^(?:HTTP_\w+|HTTPS|REQUEST_\w+|SERVER_\w+|REMOTE_\w+|SCRIPT_\w+|PATH_\w+|PHP_\w+|DOCUMENT_\w+|QUERY_STRING|GATEWAY_INTERFACE|CONTENT_\w+|REDIRECT_\w+|ORIG_\w+|PATH|HOME|USER|PWD|HOSTNAME|argv|argc|COMPOSER_\w+|SYMFONY_DOTENV_\w+)$/;
const VALUE = String.raw`(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\$])*)"|(-?\d+(?:\.\d+)?)\b|(true|false|null)\b)`;

/** The environment variables that PHP reads: getenv, $_ENV, $_SERVER, env() of Laravel, Env::get, %env(…)% of Symfony. */
export function phpVariables(sources: readonly Source[], folder: Folder): FoundVariable[] {
  const code = sources.flatMap(({ path, text }) => {
    const read = new RegExp(
      String.raw`(?:\bgetenv\(\s*['"](\w+)['"][^)]{0,40}\)|\$_(?:ENV|SERVER)\[\s*['"](\w+)['"]\s*\])(?:\s*\)?\s*(?:\?:|\?\?|\|\|)\s*${VALUE})?`,
      'g',
    );
    const found: FoundVariable[] = [...text.matchAll(read)].flatMap((match) => {
      const name = match[1] ?? match[2] ?? '';
      const assigned = /^\s*=(?![=>])/.test(text.slice(match.index + match[0].length));
      if (assigned || NOT_OURS.test(name)) return [];
      return [{ name, fallback: valueFrom(match, 3), source: placeOf(path, text, match.index) }];
    });
    const env = new RegExp(
      String.raw`(?<![\w>$])(?:env|Env::get)\(\s*['"](\w+)['"]\s*(?:,\s*(?:\([a-z]+\)\s*)?${VALUE})?`,
      'g',
    );
    for (const match of text.matchAll(env)) {
      // Laravel's own settings ask for everything that might be there; without a default they are optional.
      const fallback = valueFrom(match, 2) ?? (path.startsWith('config/') ? '' : undefined);
      if (!NOT_OURS.test(match[1] ?? ''))
        found.push({ name: match[1] ?? '', fallback, source: placeOf(path, text, match.index) });
    }
    return found;
  });
  return [...code, ...symfonyVariables(folder)];
}

function valueFrom(match: RegExpExecArray | RegExpMatchArray, first: number): string | undefined {
  const word = match[first + 3];
  if (word === 'null') return '';
  return match[first] ?? match[first + 1] ?? match[first + 2] ?? word;
}

/** `%env(int:resolve:PORT)%` in config/*.yaml, with `env(PORT): 8080` as its default. */
function symfonyVariables(folder: Folder): FoundVariable[] {
  const files = folder.paths.filter((path) => /^config\/.*\.ya?ml$/.test(path));
  return files.flatMap((path) => {
    const text = (folder.read(path) ?? '').replace(/#[^\n]*/g, (comment) => ' '.repeat(comment.length));
    return [...text.matchAll(/%env\((?:[\w.-]+:)*([A-Z]\w*)\)%/g)].map((match) => ({
      name: match[1] ?? '',
      fallback: new RegExp(`^\\s*env\\(${match[1]}\\):\\s*['"]?([^'"\\n]*)`, 'm').exec(text)?.[1],
      source: placeOf(path, text, match.index),
    }));
  });
}
