import type { Folder } from './folder.ts';
import { LANGUAGES, type LanguageEntry } from './languages.ts';

/** The language that an app's folder is read as; undefined when none marks it. */
export function languageOf(folder: Folder): LanguageEntry | undefined {
  const marking = LANGUAGES.filter(({ marks }) => marks(folder));
  return marking.find(({ yields }) => !yields?.(folder)) ?? marking[0];
}

/** The languages that mark the folder beside the one it is read as, and do not count as its tools. */
export function otherLanguages(folder: Folder, chosen: LanguageEntry): LanguageEntry[] {
  return LANGUAGES.filter(
    (entry) => entry !== chosen && entry.language !== 'static' && entry.marks(folder) && !entry.yields?.(folder),
  );
}
