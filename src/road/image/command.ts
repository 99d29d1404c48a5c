/** The words of a command that needs no shell; undefined when it does (variables, pipes, redirections, globs). */
export function wordsOf(command: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < command.length; at++) {
    const letter = command[at] ?? '';
    if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (letter === "'" || letter === '"') {
      const end = command.indexOf(letter, at + 1);
      if (end === -1) return undefined;
      const quoted = command.slice(at + 1, end);
      if (letter === '"' && /[$`\\]/.test(quoted)) return undefined;
      word = (word ?? '') + quoted;
      at = end;
    } else if (/[$`\\|&;<>(){}*?[\]~#!]/.test(letter)) {
      // `app:create_app()` is a word to gunicorn and is run without a shell.
      if ((letter === '(' || letter === ')') && /:\w+\(\)$/.test(command.slice(0, at + (letter === '(' ? 2 : 1)))) {
        word = (word ?? '') + letter;
      } else return undefined;
    } else word = (word ?? '') + letter;
  }
  if (word !== undefined) words.push(word);
  // NAME=value before a command is the shell's work too.
  return words[0]?.includes('=') ? undefined : words;
}

/** A command in the exec form of CMD; a single command under a shell is `exec`ed, so that signals reach it. */
export function execForm(command: string): string {
  const words = wordsOf(command);
  if (words && words.length > 0) return JSON.stringify(words);
  const single = !/[;&|\n]/.test(command) && !/^\s*\w+=/.test(command);
  return JSON.stringify(['sh', '-c', single ? `exec ${command}` : command]);
}
