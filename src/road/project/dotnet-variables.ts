import type { Fact, FoundVariable } from './contract.ts';
import { type Folder, placeOf } from './folder.ts';
import { lineOfKey } from './json.ts';
import type { Source } from './written-addresses.ts';

const NOT_OURS =
  /^(?:PATH|HOME|USER|PWD|TZ|TMPDIR|HOSTNAME|CI|DOTNET_\w+|ASPNETCORE_(?:ENVIRONMENT|URLS|HTTP_PORTS))$/i;

/**
 * The environment variables of .NET: Environment.GetEnvironmentVariable, and keys of the configuration, whose colons are
 * two underscores in a variable's name (learn.microsoft.com, configuration in ASP.NET Core). appsettings.json gives defaults.
 */
export function dotnetVariables(
  sources: readonly Source[],
  settings: ReadonlyMap<string, Fact<string>>,
): FoundVariable[] {
  const found: FoundVariable[] = [];
  const key = (name: string, fallback: string | undefined, source: string): void => {
    const said = settings.get(name.toLowerCase());
    const variable = name.replaceAll(':', '__');
    if (!NOT_OURS.test(variable)) found.push({ name: variable, fallback: fallback ?? said?.value, source });
  };
  for (const { path, text } of sources) {
    for (const match of text.matchAll(
      /Environment\.GetEnvironmentVariable\(\s*"(\w+)"\s*\)(?:\s*\?\?\s*"([^"]*)")?/g,
    )) {
      if (!NOT_OURS.test(match[1] ?? ''))
        found.push({ name: match[1] ?? '', fallback: match[2], source: placeOf(path, text, match.index) });
    }
    for (const match of text.matchAll(
      /\b[Cc]onfig(?:uration)?(?:\[\s*"([\w:.-]+)"\s*\]|\.GetValue<[^>]+>\(\s*"([\w:.-]+)"\s*(?:,\s*(?:"([^"]*)"|([\d.]+|true|false)))?[^)]{0,80}\))(?:\s*\?\?\s*"([^"]*)")?/g,
    )) {
      key(match[1] ?? match[2] ?? '', match[3] ?? match[4] ?? match[5], placeOf(path, text, match.index));
    }
    for (const match of text.matchAll(/\.GetConnectionString\(\s*"(\w+)"\s*\)/g)) {
      key(`ConnectionStrings:${match[1]}`, undefined, placeOf(path, text, match.index));
    }
  }
  // A connection that only a library reads is still one to be given.
  for (const [name, { value, source }] of settings) {
    const own = /^connectionstrings:(.+)$/.exec(name)?.[1];
    const read = found.some((variable) => variable.name.toLowerCase() === name.replaceAll(':', '__'));
    if (own && !read)
      found.push({ name: `ConnectionStrings__${original(source, own)}`, fallback: value, source: placeOnly(source) });
  }
  return found.map((variable) => ({ ...variable, source: placeOnly(variable.source) }));
}

/** The spelling in the file rides behind the place: `appsettings.json:4#Default`. */
function original(source: string, lower: string): string {
  return source.split('#')[1] ?? lower;
}

function placeOnly(source: string): string {
  return source.split('#')[0] ?? source;
}

/** The values of appsettings.json by key, lower case since .NET asks without regard to it; comments are allowed there. */
export function appSettings(folder: Folder, directory: string): Map<string, Fact<string>> {
  const found = new Map<string, Fact<string>>();
  for (const name of ['appsettings.Production.json', 'appsettings.json']) {
    const path = `${directory}${name}`;
    const text = folder.read(path);
    if (text === undefined) continue;
    const bare = text.replace(/"(?:\\.|[^"\\])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) =>
      part.startsWith('"') ? part : ' ',
    );
    let document: unknown;
    try {
      document = JSON.parse(bare.replace(/,(\s*[}\]])/g, '$1'));
    } catch {
      // A file that .NET itself will refuse; nothing is taken from it.
      continue;
    }
    const visit = (value: unknown, keys: readonly string[]): void => {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        for (const [key, below] of Object.entries(value)) visit(below, [...keys, key]);
      } else if (value !== null && !Array.isArray(value)) {
        const key = keys.join(':').toLowerCase();
        const source = `${path}:${lineOfKey(text, ...keys)}#${keys.at(-1)}`;
        if (!found.has(key)) found.set(key, { value: String(value), source });
      }
    };
    visit(document, []);
  }
  return found;
}
