/** Words that people call the place by where a mistake is dear. */
const WORDS = /(?:^|[^a-z])(?:prod|prd|production|live)(?:$|[^a-z])/i;

/** The name that makes a place look like production; undefined when none does. */
export function productionName(names: readonly (string | undefined)[]): string | undefined {
  return names.find((name) => name !== undefined && WORDS.test(name));
}
