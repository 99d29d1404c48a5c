import { variableName, withoutDollars } from './compose-texts.ts';
import type { Application, SecretSet } from './contract.ts';
import { whyHidden } from './hidden.ts';

/** The values of Secrets as a compose file has them: variables of `.env`. */
export interface ComposeSecrets {
  /** What a variable of a service is given. */
  textOf(set: string, key: string, optional: boolean): string;
  /** The variable that carries a value of one line. */
  variableOf(set: string, key: string): string;
  /** Of the `.env.example`. */
  readonly lines: readonly string[];
}

export function composeSecrets(application: Application): ComposeSecrets {
  const sets = new Map(application.secrets.map((set) => [set.name, set]));
  const read = keysRead(application);
  const variables = new Map<string, string>();
  const taken = new Set<string>();
  for (const { set, key } of read) {
    const plain = variableName(key);
    // An application's own secret keeps its name; `password` of several servers is told apart by theirs.
    const name = plain === key && !taken.has(plain) ? plain : variableName(`${set}_${key}`);
    taken.add(name);
    variables.set(`${set}/${key}`, name);
  }
  const variableOf = (set: string, key: string): string =>
    variables.get(`${set}/${key}`) ?? variableName(`${set}_${key}`);
  const given = (set: string, key: string, optional: boolean): string => {
    const name = variableOf(set, key);
    const shown = shownText(sets.get(set), key);
    if (shown !== undefined) return `\${${name}:-${withoutDollars(shown)}}`;
    return optional ? `\${${name}:-}` : `\${${name}:?say it in .env, see .env.example}`;
  };
  const textOf = (set: string, key: string, optional: boolean): string => {
    const value = sets.get(set)?.values[key];
    if (value?.is !== 'joined') return given(set, key, optional);
    return value.template
      .split(/(\$\{[\w.-]+\})/)
      .map((piece, index) => (index % 2 === 1 ? given(set, piece.slice(2, -1), false) : withoutDollars(piece)))
      .join('');
  };
  const lines = read.flatMap(({ set, key, optional }) => {
    const value = sets.get(set)?.values[key];
    if (value?.is === 'joined') return [];
    const shown = shownText(sets.get(set), key);
    const why = value?.is === 'random' ? 'any random text, such as: openssl rand -hex 16' : 'only you have it';
    const what = shown === undefined ? [`# ${set} ${key}: ${why}${optional ? '; may stay empty' : ''}`] : [];
    return [...what, `${variableOf(set, key)}=${shown ?? ''}`];
  });
  return { textOf, variableOf, lines };
}

interface Read {
  readonly set: string;
  readonly key: string;
  readonly optional: boolean;
}

/** What the parts read, and what that is put together from; each once. */
function keysRead(application: Application): Read[] {
  const found = new Map<string, Read>();
  const add = (set: string, key: string, optional: boolean): void => {
    const id = `${set}/${key}`;
    found.set(id, { set, key, optional: optional && (found.get(id)?.optional ?? true) });
    const value = application.secrets.find(({ name }) => name === set)?.values[key];
    if (value?.is !== 'joined') return;
    for (const [, other = ''] of value.template.matchAll(/\$\{([\w.-]+)\}/g)) add(set, other, false);
  };
  for (const part of application.parts) {
    for (const { value } of part.environment) {
      if (value.is === 'secret') add(value.set, value.key, value.optional ?? false);
    }
    for (const { from } of part.mounts) {
      if (from.is !== 'secrets') continue;
      const set = application.secrets.find(({ name }) => name === from.set);
      if (!set || set.role === 'seed') continue;
      for (const key of from.key === undefined ? Object.keys(set.values) : [from.key]) add(from.set, key, false);
    }
  }
  return [...found.values()];
}

/** A value that is no secret though it is kept with some: the name of a user or a database. */
function shownText(set: SecretSet | undefined, key: string): string | undefined {
  const value = set?.values[key];
  if (value?.is !== 'text' || typeof value.text !== 'string') return undefined;
  const harmless = /^(?:user|username|database|bucket|vhost)$/i.test(key) && whyHidden(key, value.text) === undefined;
  return harmless ? value.text : undefined;
}
