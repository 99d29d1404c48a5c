import type { BackingService, Fact, FoundVariable, LanguageFacts } from './contract.ts';
import { type Folder, placeOf } from './folder.ts';
import { otherLanguages } from './language-of.ts';
import type { LanguageEntry } from './languages.ts';

/** Where it shows that the data is kept in a file (SQLite); undefined when it is not. */
export function fileDatabase(
  readings: readonly FoundVariable[],
  packages: readonly Fact<string>[],
  services: readonly BackingService[],
  said: LanguageFacts | undefined,
): string | undefined {
  if (services.some(({ kind }) => kind === 'mysql' || kind === 'postgres')) return undefined;
  const address = readings.find(({ fallback }) =>
    /^(?:sqlite\d?(?:\+\w+)?:|file:.*\.(?:db|sqlite\d?)\b)/.test(fallback ?? ''),
  );
  const driver = packages.find(({ value }) => /^(?:better-sqlite3|sqlite3|aiosqlite|sqlite)$/.test(value));
  const written = said?.sources.flatMap(({ path, text }) => {
    const match = /django\.db\.backends\.sqlite3|['"]sqlite:\/\/\//.exec(text);
    return match ? [placeOf(path, text, match.index)] : [];
  })[0];
  return address?.source ?? driver?.source ?? written;
}

/** A database in a file is gone with the container that wrote it, and each replica has its own. */
export function fileDatabaseNote(source: string, unmigrated: boolean): string {
  const kept = `${source}: the data is kept in a file (SQLite) inside the container, so it is gone with it and each replica has its own`;
  const wayOut =
    'install the driver of a database server and read its address from DATABASE_URL, and wherry brings the server';
  return unmigrated
    ? `${kept}; no migration is run, since it would reach none of those files; ${wayOut}`
    : `${kept}; ${wayOut}`;
}

/** Two languages in one folder: which was taken, so that nobody has to guess. */
export function languageNotes(folder: Folder, found: LanguageEntry): string[] {
  const others = otherLanguages(folder, found);
  if (others.length === 0 || found.yields?.(folder)) return [];
  const sign = (entry: LanguageEntry): string => folder.paths.find((path) => entry.sign.test(path)) ?? entry.language;
  return [
    `read as ${found.language} by ${sign(found)}; ${others.map((entry) => `${sign(entry)} (${entry.language})`).join(', ')} is not looked at`,
  ];
}
