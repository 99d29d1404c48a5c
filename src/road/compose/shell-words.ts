/**
 * The words of a line as compose splits it: quotes and backslashes as in a shell, but no variable, pipe or glob.
 * Undefined when a quote is never closed.
 */
export function shellWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at] ?? '';
    if (quote === "'") {
      if (letter === "'") quote = undefined;
      else word = (word ?? '') + letter;
    } else if (quote === '"') {
      if (letter === '"') quote = undefined;
      else if (letter === '\\' && /["\\$`\n]/.test(line[at + 1] ?? '')) word = (word ?? '') + (line[++at] ?? '');
      else word = (word ?? '') + letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= '';
    } else if (letter === '\\') word = (word ?? '') + (line[++at] ?? '');
    else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + letter;
  }
  if (quote !== undefined) return undefined;
  if (word !== undefined) words.push(word);
  return words;
}

/** A word that a shell reads as it is. */
export function shellQuoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
