import type { Probe } from '../../engine/kinds/index.ts';
import {
  type Application,
  type EnvironmentVariable,
  looksHidden,
  type Part,
  type SecretSet,
  type SecretValue,
  type SettingSet,
  whyHidden,
} from '../model/index.ts';
import { hiddenPieces, withPieces } from './hidden-pieces.ts';

/** `password: x`, `api_key = "x"` in a file. */
const FILE_LINE =
  /(?:^|[\s{,;])["']?[\w.-]*(?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token)["']?[ \t]*[:=][ \t]*["']?(?![$<{]|(?:true|false|null|none|yes|no)\b)[^\s"'#;,]{4,}/im;

interface Moved {
  readonly application: Application;
  readonly notes: readonly string[];
}

/**
 * The application with what looks like a credential moved out of everybody's sight: a plain variable or a file becomes a
 * Secret's, a password in a command line is read from the environment. Whoever reads the objects finds none.
 */
export function withoutSecretTexts(application: Application): Moved {
  const notes: string[] = [];
  const sets = new Map(application.secrets.map((set) => [set.name, set]));
  /** Puts a value into a set of our own, and tells which. */
  const keep = (
    wanted: string,
    like: { role: SecretSet['role']; source: string },
    key: string,
    value: SecretValue,
  ): string => {
    let name = wanted;
    for (let found = sets.get(name); found?.external || differs(found, key, value); found = sets.get(name))
      name += '-hidden';
    const set = sets.get(name) ?? { name, role: like.role, source: like.source, values: {} };
    sets.set(name, { ...set, values: { ...set.values, [key]: value } });
    return name;
  };

  const movedFiles = new Map<string, string>();
  const settings: SettingSet[] = [];
  const known = knownPasswords(application);
  for (const set of application.settings) {
    const why = whyFileHidden(set, known);
    if (why === undefined) {
      settings.push(set);
      continue;
    }
    notes.push(`${set.source}: ${set.name} is kept in a Secret instead of a ConfigMap, since ${why}`);
    const name = Object.entries(set.values).reduce(
      (wanted, [key, text]) => keep(wanted, set, key, { is: 'text', text }),
      sets.has(set.name) ? `${set.name}-files` : set.name,
    );
    movedFiles.set(set.name, name);
  }

  const parts = application.parts.map((part) => {
    const environment = part.environment.map((variable): EnvironmentVariable => {
      if (variable.value.is !== 'plain') return variable;
      const why = whyHidden(variable.name, variable.value.text);
      if (why === undefined) return variable;
      notes.push(`${variable.source}: ${variable.name} of ${part.name} is kept in a Secret, since ${why}`);
      const set = keep(part.name, part, variable.name, { is: 'text', text: variable.value.text });
      return { ...variable, value: { is: 'secret', set, key: variable.name } };
    });
    const mounts = part.mounts.map((mount) => {
      const set = mount.from.is === 'settings' ? movedFiles.get(mount.from.set) : undefined;
      return set === undefined || mount.from.is !== 'settings'
        ? mount
        : { ...mount, from: { ...mount.from, is: 'secrets' as const, set } };
    });
    return withoutPasswordsInWords({ ...part, environment, mounts }, known, sets, keep, notes);
  });
  return { application: { ...application, parts, settings, secrets: [...sets.values()] }, notes };
}

function withoutPasswordsInWords(
  part: Part,
  known: ReadonlySet<string>,
  sets: ReadonlyMap<string, SecretSet>,
  keep: (wanted: string, part: Part, key: string, value: SecretValue) => string,
  notes: string[],
): Part {
  const added: EnvironmentVariable[] = [];
  /** The variable that carries a text: one the part has, else one of ours. */
  const variableOf = (text: string): string => {
    const had = [...part.environment, ...added].find(({ value }) => {
      const stored = value.is === 'secret' ? sets.get(value.set)?.values[value.key] : undefined;
      return stored?.is === 'text' && stored.text === text;
    });
    if (had) return had.name;
    const name = `HIDDEN_${added.length + 1}`;
    const set = keep(part.name, part, name, { is: 'text', text });
    added.push({ name, value: { is: 'secret', set, key: name }, source: part.source });
    return name;
  };
  const words = (list: readonly string[]): string[] =>
    // Kubernetes puts variables into a command line by itself.
    list.map((word, index) =>
      withPieces(word, hiddenPieces(word, list[index - 1], list[0], known), (piece) => `$(${variableOf(piece)})`),
    );
  const probe = (asked: Probe): Probe => {
    const list = asked.exec?.command;
    if (!list?.some((word, index) => hiddenPieces(word, list[index - 1], list[0], known).length > 0)) return asked;
    return { ...asked, exec: { command: shellWords(list, known, variableOf) } };
  };
  const probes = part.probes
    ? Object.fromEntries(Object.entries(part.probes).map(([name, asked]) => [name, asked ? probe(asked) : asked]))
    : undefined;
  const changed: Part = {
    ...part,
    ...(part.command ? { command: words(part.command) } : {}),
    ...(part.arguments ? { arguments: words(part.arguments) } : {}),
    ...(probes ? { probes } : {}),
  };
  if (JSON.stringify(changed) === JSON.stringify(part)) return part;
  notes.push(`${part.source}: a password in the command line of ${part.name} is read from a Secret instead`);
  return { ...changed, environment: [...part.environment, ...added] };
}

/** A probe's command line as a shell's, the only one that puts variables in. */
function shellWords(
  list: readonly string[],
  known: ReadonlySet<string>,
  variableOf: (text: string) => string,
): string[] {
  const [program = '', flag = '', script] = list;
  const isShell = /(?:^|\/)(?:ba|da|a)?sh$/.test(program) && /^-[a-z]*c$/.test(flag) && script !== undefined;
  const inShell = (text: string, pieces: ReturnType<typeof hiddenPieces>): string =>
    withPieces(text, pieces, (piece, at) => {
      const quotes = text.slice(0, at).replace(/\\'/g, '').split("'").length - 1;
      return quotes % 2 === 1 ? `'"\${${variableOf(piece)}}"'` : `\${${variableOf(piece)}}`;
    });
  if (isShell)
    return [program, flag, inShell(script, hiddenPieces(script, undefined, undefined, known)), ...list.slice(3)];
  const line = list.map((word, index) => {
    let [rest, at] = ['', 0];
    for (const { start, end } of hiddenPieces(word, list[index - 1], list[0], known)) {
      rest += `${quoted(word.slice(at, start))}"\${${variableOf(word.slice(start, end))}}"`;
      at = end;
    }
    if (word === '') return "''";
    return at === 0 ? quoted(word) : rest + (at < word.length ? quoted(word.slice(at)) : '');
  });
  return ['sh', '-c', `exec ${line.join(' ')}`];
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : word === '' ? '' : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Texts of Secrets that are passwords by their name. */
function knownPasswords(application: Application): Set<string> {
  const texts = application.secrets.flatMap(({ values }) =>
    Object.entries(values).flatMap(([key, value]) =>
      value.is === 'text' && typeof value.text === 'string' && whyHidden(key, value.text) !== undefined
        ? [value.text]
        : [],
    ),
  );
  const plain = application.parts.flatMap(({ environment }) =>
    environment.flatMap(({ name, value }) =>
      value.is === 'plain' && whyHidden(name, value.text) !== undefined ? [value.text] : [],
    ),
  );
  // A file of many lines is no password that somebody would have written into a command.
  return new Set([...texts, ...plain].filter((text) => text.length >= 3 && !text.includes('\n')));
}

function whyFileHidden(set: SettingSet, known: ReadonlySet<string>): string | undefined {
  for (const text of Object.values(set.values)) {
    if (typeof text !== 'string') continue;
    const why = looksHidden(text);
    if (why !== undefined) return why;
    if (FILE_LINE.test(text)) return 'it sets a password or a key';
    if ([...known].some((password) => password.length >= 6 && !/^[a-z]+$/.test(password) && text.includes(password)))
      return 'it holds a password of the application';
  }
  return undefined;
}

function differs(set: SecretSet | undefined, key: string, value: SecretValue): boolean {
  const had = set?.values[key];
  return had !== undefined && JSON.stringify(had) !== JSON.stringify(value);
}
