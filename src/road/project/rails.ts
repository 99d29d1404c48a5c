import type { Fact, LanguageFacts } from './contract.ts';
import { type Folder, lineOf } from './folder.ts';
import { lineOfKey, parseJson } from './json.ts';

/** The step that makes style sheets and scripts, where the app has any. */
export function assetsBuild(folder: Folder): Fact<string> | undefined {
  const assets = folder.paths.find((path) => /^app\/(?:assets|javascript)\//.test(path));
  if (!assets) return undefined;
  const text = folder.read('package.json');
  const scripts =
    text === undefined ? undefined : (parseJson('package.json', text) as { scripts?: { build?: unknown } }).scripts;
  const source = text !== undefined && scripts?.build ? `package.json:${lineOfKey(text, 'scripts', 'build')}` : assets;
  // Before Rails 7.1 only a key satisfies it, later ones are told that this is a build.
  return { value: 'SECRET_KEY_BASE_DUMMY=1 SECRET_KEY_BASE=build bundle exec rails assets:precompile', source };
}

/** What Rails reads without the app's code naming it. */
export function railsVariables(
  folder: Folder,
  gems: readonly Fact<string>[],
  framework: Fact<string>,
): LanguageFacts['variables'] {
  const database = gems.find(({ value }) => ['pg', 'mysql2', 'trilogy'].includes(value));
  return [
    // Its value wins over config/database.yml.
    ...(database ? [{ name: 'DATABASE_URL', fallback: undefined, source: database.source }] : []),
    { name: 'SECRET_KEY_BASE', fallback: undefined, source: framework.source },
    ...(folder.has('config/credentials.yml.enc')
      ? [{ name: 'RAILS_MASTER_KEY', fallback: undefined, source: 'config/credentials.yml.enc' }]
      : []),
  ];
}

export function railsNotes(folder: Folder): string[] {
  const path = 'config/environments/production.rb';
  const text = (folder.read(path) ?? '').replace(/#[^\n]*/g, (comment) => ' '.repeat(comment.length));
  const forced = /config\.force_ssl\s*=\s*true/.exec(text);
  if (!forced || /ssl_options\s*=\s*\{[^}]*redirect:/.test(text) || /config\.assume_ssl\s*=\s*true/.test(text))
    return [];
  return [
    `${path}:${lineOf(text, forced.index)}: force_ssl answers plain HTTP with a redirect, and within a cluster HTTP is plain; config.assume_ssl = true trusts the Ingress to have done TLS`,
  ];
}
