import { withoutExpansion } from './command.ts';
import type { Draft } from './draft.ts';
import { hideVariable } from './environment.ts';
import { withoutPasswords } from './secret-looking.ts';
import { shellQuoted } from './shell-words.ts';
import { sourceOf } from './value.ts';

/** Shorter ones, and plain words (`postgres`), would be found in anything. */
const SECRET_CHARACTERS_MIN = 6;
const PLAIN_WORD = /^(?:[A-Za-z]+|[0-9]+|true|false)$/;

/**
 * Takes passwords out of what anyone may read: of a part's settings, its commands and its checks. A command refers to
 * the Secret by `$(NAME)`, a check by its shell's `$NAME`.
 */
export function hidePasswords(draft: Draft): void {
  const known = draft.whole.sets.secretTexts().filter(isDistinct);
  for (const variable of [...draft.environment.values()]) {
    const { value } = variable;
    if (value.is !== 'plain' || !known.some((secret) => value.text.includes(secret))) continue;
    hideVariable(draft, variable.name, value.text, variable.source);
    draft.report.changed(
      [...draft.path, 'environment'],
      (draft.map.entries.get('environment') ?? draft.map).at,
      `${variable.name} holds a password that stands elsewhere too: put into the Secret`,
    );
  }
  for (const key of ['command', 'arguments'] as const) {
    const words = draft[key];
    if (!words) continue;
    const said = draft.map.entries.get(key === 'command' ? 'entrypoint' : 'command') ?? draft.map;
    const shielded = withoutExpansion(words, draft);
    const hidden = hideInWords(shielded, known, draft, sourceOf(said.at), (name) => `$(${name})`);
    draft[key] = hidden.words;
    if (hidden.names.length > 0) {
      draft.report.changed(
        [...draft.path, key === 'command' ? 'entrypoint' : 'command'],
        said.at,
        `its password is read from the Secret, as $(${hidden.names.join('), $(')})`,
      );
    }
  }
  hideInChecks(draft, known);
}

export function isDistinct(text: string): boolean {
  return text.length >= SECRET_CHARACTERS_MIN && !PLAIN_WORD.test(text);
}

function hideInChecks(draft: Draft, known: readonly string[]): void {
  const said = draft.map.entries.get('healthcheck') ?? draft.map;
  for (const probe of Object.values(draft.probes)) {
    const words = probe.exec?.command;
    if (!probe.exec || !words) continue;
    const shell = words.length === 3 && words[0] === 'sh' && words[1] === '-c';
    // A check without a shell does not see variables: it is given one.
    const lines = shell ? [words[2] ?? ''] : words;
    const hidden = hideInWords(lines, known, draft, sourceOf(said.at), (name) => `\${${name}}`);
    if (hidden.names.length === 0) continue;
    const line = shell
      ? (hidden.words[0] ?? '')
      : `exec ${hidden.words.map((word, index) => (word === words[index] ? shellQuoted(word) : `"${word}"`)).join(' ')}`;
    probe.exec.command = ['sh', '-c', line];
  }
}

interface Hidden {
  readonly words: string[];
  readonly names: string[];
}

function hideInWords(
  words: readonly string[],
  known: readonly string[],
  draft: Draft,
  source: string,
  reference: (name: string) => string,
): Hidden {
  const names: string[] = [];
  const refer = (password: string, hint: string): string => {
    const name = variableFor(draft, password, hint, source);
    if (!names.includes(name)) names.push(name);
    return reference(name);
  };
  const replaced = words.map((word, index) => {
    let text = word;
    for (const secret of known) {
      if (text.includes(secret)) text = text.replaceAll(secret, () => refer(secret, 'password'));
    }
    text = withoutPasswords(text, refer);
    // `--requirepass`, `s3cret`: the flag is a word of its own.
    const before = words[index - 1];
    if (text === word && before !== undefined && /^-{1,2}[a-z-]+$/i.test(before) && !/[\s$]/.test(word)) {
      const line = withoutPasswords(`${before} ${word}`, refer);
      text = line.slice(before.length + 1);
    }
    return text;
  });
  return { words: replaced, names };
}

/** A variable of the part that holds the password; made when it has none. */
function variableFor(draft: Draft, password: string, hint: string, source: string): string {
  const { sets } = draft.whole;
  const set = sets
    .secretSets()
    .find(({ name }) =>
      [...draft.environment.values()].some(({ value }) => value.is === 'secret' && value.set === name),
    );
  for (const { name, value } of draft.environment.values()) {
    if (value.is !== 'secret' || value.set !== set?.name) continue;
    const kept = set.values[value.key];
    if (kept?.is === 'text' && kept.text === password) return name;
  }
  const wanted = `${draft.name}_${hint}`.replace(/[^A-Za-z0-9]+/g, '_').toUpperCase();
  let name = wanted;
  for (let count = 2; draft.environment.has(name); count++) name = `${wanted}_${count}`;
  hideVariable(draft, name, password, source);
  return name;
}
