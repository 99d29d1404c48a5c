import type { LanguageFacts } from './contract.ts';
import type { Folder } from './folder.ts';
import { LANGUAGES, type LanguageEntry } from './languages.ts';

/** The language that an app's folder is read as; undefined when none marks it. */
export function languageOf(folder: Folder): LanguageEntry | undefined {
  const marking = LANGUAGES.filter(({ marks }) => marks(folder));
  return marking.find(({ yields }) => !yields?.(folder)) ?? marking[0];
}

/** A folder as its language reads it. */
export interface Reading {
  readonly entry: LanguageEntry;
  readonly said: LanguageFacts;
}

/**
 * Reads a folder as the first language that marks it and finds a start there; where none does, as the first. With
 * `startIsNamed` nothing needs to be found.
 * @throws UserError when a file that decides is broken, or two starts are as good.
 */
export async function readLanguage(folder: Folder, startIsNamed: boolean): Promise<Reading | undefined> {
  const first = languageOf(folder);
  if (!first) return undefined;
  const reading = { entry: first, said: await first.read(folder) };
  if (startIsNamed || reading.said.start(reading.said.port?.value ?? ANY_PORT)) return reading;
  for (const entry of LANGUAGES) {
    if (entry === first || !entry.marks(folder)) continue;
    const said = await entry.read(folder);
    if (said.start(ANY_PORT)) return { entry, said };
  }
  return reading;
}

const ANY_PORT = 8080;

/** The languages that mark the folder beside the one it is read as, and do not count as its tools. */
export function otherLanguages(folder: Folder, chosen: LanguageEntry): LanguageEntry[] {
  return LANGUAGES.filter(
    (entry) => entry !== chosen && entry.language !== 'static' && entry.marks(folder) && !entry.yields?.(folder),
  );
}
