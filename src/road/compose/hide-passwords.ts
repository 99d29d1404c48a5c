import { withoutExpansion } from './command.ts';
import type { Draft, Whole } from './draft.ts';
import { hideVariable } from './environment.ts';
import { passwordsIn } from './secret-looking.ts';
import { textOfVariable } from './serve.ts';
import { childOf, sourceOf } from './value.ts';

/** Shorter ones, and plain words (`postgres`), would be found in anything. */
const SECRET_CHARACTERS_MIN = 6;
const PLAIN_WORD = /^(?:[A-Za-z]+|[0-9]+)$/;

/**
 * Gives each password of a command line a variable of the part's Secret; the manifests then put the variable in its place,
 * there and wherever else it stands.
 */
export function namePasswords(draft: Draft): void {
  const probes = Object.values(draft.probes).flatMap(({ exec }) => [exec?.command ?? []]);
  const lines: [string, string][] = [
    ['entrypoint', (draft.command ?? []).join(' ')],
    ['command', (draft.arguments ?? []).join(' ')],
    ...probes.map((words): [string, string] => ['healthcheck', words.join(' ')]),
  ];
  const known = new Set([...draft.environment.keys()].map((name) => textOfVariable(draft, name)));
  for (const [key, line] of lines) {
    for (const password of passwordsIn(line)) {
      if (known.has(password)) continue;
      known.add(password);
      const wanted = `${draft.name.replace(/[^a-z0-9]+/g, '_').toUpperCase()}_PASSWORD`;
      let name = wanted;
      for (let count = 2; draft.environment.has(name); count++) name = `${wanted}_${count}`;
      const { at } = draft.map.entries.get(key) ?? draft.map;
      const set = hideVariable(draft, name, password, sourceOf(at));
      draft.report.heading([...draft.path, key], at, 'changed', `its password is read from Secret ${set}, as ${name}`);
    }
  }
}

/** The passwords that are known by now, as they might stand within other texts. */
export function knownPasswords({ sets }: Whole): string[] {
  const texts = sets.secretTexts();
  return [...new Set([...texts, ...texts.flatMap(passwordsIn)])].filter(isDistinct);
}

/** Moves settings that hold a password known from elsewhere into the Secret. */
export function hidePasswords(draft: Draft, known: readonly string[]): void {
  for (const variable of [...draft.environment.values()]) {
    const { value } = variable;
    if (value.is !== 'plain' || !known.some((secret) => value.text.includes(secret))) continue;
    const set = hideVariable(draft, variable.name, value.text, variable.source);
    const said = childOf(draft.map, 'environment', variable.name);
    if (said) {
      draft.report.changed(
        [...draft.path, 'environment', variable.name],
        said.at,
        `it holds a password that stands elsewhere too: Secret ${set}`,
      );
    }
  }
}

function isDistinct(text: string): boolean {
  return text.length >= SECRET_CHARACTERS_MIN && !PLAIN_WORD.test(text) && !text.includes('\n');
}

/** Kubernetes reads `$(NAME)` as a variable of the container; compose hands it on as it is. */
export function shieldCommands(draft: Draft): void {
  draft.command = draft.command && withoutExpansion(draft.command, draft);
  draft.arguments = draft.arguments && withoutExpansion(draft.arguments, draft);
}
