import { wordsOf } from '../image/index.ts';

/** A command line as words; one that needs a shell is given to one. */
export function commandOf(line: string): string[] {
  const words = wordsOf(line);
  return words && words.length > 0 ? words : ['sh', '-c', line];
}
