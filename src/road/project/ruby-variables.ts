import type { FoundVariable } from './contract.ts';
import { type Folder, placeOf } from './folder.ts';
import type { Source } from './written-addresses.ts';

/** Set by the platform, Bundler or the framework itself, not by whoever runs the app. */
const NOT_OURS =
  /^(?:PATH|HOME|USER|PWD|SHELL|LANG|TZ|TMPDIR|HOSTNAME|CI|RAILS_ENV|RACK_ENV|APP_ENV|GEM_\w+|BUNDLE_\w+|BOOTSNAP_\w+|DISABLE_SPRING|PIDFILE|SECRET_KEY_BASE_DUMMY|COVERAGE|SSH_\w+|PATH_INFO|REQUEST_METHOD|QUERY_STRING|HTTP_\w+)$/;
const VALUE = String.raw`(?:'([^'\n]*)'|"([^"\n#]*)"|(-?\d[\d_]*(?:\.\d+)?)\b|(true|false|nil)\b)`;

/** The environment variables that Ruby reads: ENV[], ENV.fetch with a default or a block, also in config/*.yml with ERB. */
export function rubyVariables(sources: readonly Source[], folder: Folder): FoundVariable[] {
  const settings = folder.paths
    .filter((path) => /^config\/[\w.-]+\.ya?ml$/.test(path))
    .map((path) => ({
      path,
      text: (folder.read(path) ?? '').replace(/^\s*#[^\n]*/gm, (line) => ' '.repeat(line.length)),
    }));
  return [...sources, ...settings].flatMap(({ path, text }) => {
    const read = new RegExp(
      String.raw`\bENV(?:\[\s*['"](\w+)['"]\s*\]|\.fetch\(?\s*['"](\w+)['"]\s*(?:,\s*${VALUE})?\s*\)?)(?:\s*(?:\|\||\{|\bdo\b)\s*${VALUE})?`,
      'g',
    );
    return [...text.matchAll(read)].flatMap((match) => {
      const name = match[1] ?? match[2] ?? '';
      const assigned =
        match[1] !== undefined && /^\s*(?:\|\|)?=(?![=~>])/.exec(text.slice(match.index + match[0].length));
      if (NOT_OURS.test(name) || (assigned && !assigned[0].includes('|'))) return [];
      const fallback = [...match.slice(3, 7), ...match.slice(7, 11)].find((value) => value !== undefined);
      // ENV.fetch without a default raises; ENV[] gives nil, which the code may well live with.
      return [
        {
          name,
          fallback: fallback === 'nil' ? undefined : fallback?.replaceAll('_', match[5] || match[9] ? '' : '_'),
          source: placeOf(path, text, match.index),
        },
      ];
    });
  });
}
