import { basename, dirname } from 'node:path';
import { whySecret } from '../project/index.ts';

const PROGRAMS = /^(?:\/usr)?(?:\/local)?\/s?bin\/([^/]+)$/;
const INTERPRETER = /^(?:node|nodejs|python|pypy|ruby|php|java|perl|bash|sh|dash)[\d.]*$/;
const SHELL_SIGNS = /[^\w@%+=:,./-]/;

export interface CommandLine {
  /** As one line for a shell. */
  readonly text: string;
  /** Secrets among its words, now read from these variables. */
  readonly hidden: readonly string[];
  readonly notes: readonly string[];
}

/** The script or archive that an interpreter was given: the first word that is no option; undefined for a program of its own. */
export function scriptOf(words: readonly string[]): string | undefined {
  if (!INTERPRETER.test(basename(words[0] ?? ''))) return undefined;
  for (let index = 1; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '-m' || word === '-c' || word === '-e') return undefined;
    if (word === '-jar') return words[index + 1];
    if (/^(?:-r|--require|--import|--loader|-W|-X|-I|-d|-cp|-classpath)$/.test(word)) index++;
    else if (!word.startsWith('-')) return word;
  }
  return undefined;
}

/**
 * How a running process would be started in a container whose working directory holds its folder: programs by their
 * names, files relative to the folder, and no secret among the words.
 */
export function commandLineOf(given: readonly string[], folder: string | undefined): CommandLine {
  const hidden: string[] = [];
  const notes: string[] = [];
  let words = given.filter((word) => word !== '');
  const script = scriptOf(words);
  // A program of a virtual environment or of gems is a script: called by its name it finds its interpreter itself.
  if (
    script !== undefined &&
    /\/bin\/[^/.]+$/.test(script) &&
    basename(dirname(script)) === 'bin' &&
    !/\.\w+$/.test(script)
  ) {
    words = [basename(script), ...words.slice(words.indexOf(script) + 1)];
  }
  const debugging = words.filter((word) => /^--inspect(?:-brk|-port)?(?:=|$)/.test(word));
  if (debugging.length > 0) notes.push(`${debugging.join(' ')} is left out: it opens the app to a debugger`);
  words = words.filter((word) => !debugging.includes(word));
  const shown = words.map((word, index) => {
    const previous = words[index - 1] ?? '';
    const option = /^(--?[A-Za-z][\w-]*)=(.+)$/s.exec(word);
    const name = option
      ? (option[1] ?? '')
      : /^--?[A-Za-z][\w-]*$/.test(previous) && !word.startsWith('-')
        ? previous
        : '';
    const variable = name.replace(/^-+/, '').replace(/\W+/g, '_').toUpperCase();
    const value = option ? (option[2] ?? '') : word;
    const secret =
      (variable !== '' && whySecret(variable, undefined) !== undefined && value !== '') ||
      whySecret('VALUE', value) !== undefined;
    if (secret) {
      const into = variable !== '' && whySecret(variable, undefined) !== undefined ? variable : 'ADDRESS';
      hidden.push(into);
      return option ? `${name}="$${into}"` : `"$${into}"`;
    }
    return quoted(index === 0 ? programName(word, folder) : relativeTo(word, folder));
  });
  if (hidden.length > 0)
    notes.push(
      `${hidden.join(', ')} stood among the arguments, where everyone on the machine could read it; now it is a variable`,
    );
  return { text: shown.join(' '), hidden, notes };
}

/** The arguments as they may be shown. */
export function maskedArguments(given: readonly string[]): string[] {
  return given.map((word, index) => {
    const option = /^(--?[A-Za-z][\w-]*)=(.+)$/s.exec(word);
    const name = option ? (option[1] ?? '') : (given[index - 1] ?? '');
    const variable = /^--?[A-Za-z]/.test(name) ? name.replace(/^-+/, '').replace(/\W+/g, '_') : '';
    const isSecret = variable !== '' && whySecret(variable, undefined) !== undefined;
    if (option && isSecret) return `${name}=…`;
    if (!option && isSecret && !word.startsWith('-')) return '…';
    return word.replace(/(:\/\/[^/\s:@]*:)[^/\s@]+@/g, '$1…@');
  });
}

function programName(word: string, folder: string | undefined): string {
  const name = PROGRAMS.exec(word)?.[1];
  if (name !== undefined) return name.replace(/^(python|ruby|php)\d[\d.]*$/, '$1').replace(/^nodejs$/, 'node');
  if (INTERPRETER.test(basename(word))) return basename(word).replace(/^(python|ruby|php)\d[\d.]*$/, '$1');
  const relative = relativeTo(word, folder);
  return relative === word || relative.includes('/') ? relative : `./${relative}`;
}

function relativeTo(word: string, folder: string | undefined): string {
  if (folder === undefined || folder === '/') return word;
  if (word === folder) return '.';
  return word.startsWith(`${folder}/`) ? word.slice(folder.length + 1) : word;
}

function quoted(word: string): string {
  return SHELL_SIGNS.test(word) ? `'${word.replaceAll("'", String.raw`'\''`)}'` : word;
}
