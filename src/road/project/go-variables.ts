import type { FoundVariable } from './contract.ts';
import { placeOf } from './folder.ts';
import type { Source } from './written-addresses.ts';

/** Set by the platform or the tool chain, not by whoever runs the app. */
const NOT_OURS = /^(?:PATH|HOME|USER|PWD|SHELL|LANG|TZ|TMPDIR|HOSTNAME|CI|GO[A-Z]+|KUBERNETES_\w+)$/;
const READ = String.raw`(?:os|syscall)\.(?:Getenv|LookupEnv)`;
/** `"8080"`, a raw string, `8080`, `true`, `5*time.Second` up to the next comma or bracket. */
const VALUE = String.raw`(?:"((?:\\.|[^"\\])*)"|${'`([^`]*)`'}|(-?\d[\d_]*(?:\.\d+)?)\b(?!\s*\*)|(true|false)\b)`;

/**
 * The environment variables that Go code reads: os.Getenv and os.LookupEnv, the app's own functions around them
 * (`getEnv("PORT", "8080")`), struct tags of env, envconfig and cleanenv, viper, command-line libraries.
 */
export function goVariables(sources: readonly Source[]): FoundVariable[] {
  const readers = ownReaders(sources);
  const flagDefaults = boundFlags(sources);
  return sources.flatMap(({ path, text }) => {
    const found: FoundVariable[] = [];
    const add = (name: string | undefined, fallback: string | undefined, index: number, optional = false): void => {
      if (name && /^[A-Za-z_]\w*$/.test(name) && !NOT_OURS.test(name)) {
        found.push({ name, fallback, source: placeOf(path, text, index), ...(optional ? { optional } : {}) });
      }
    };
    for (const match of text.matchAll(new RegExp(String.raw`${READ}\(\s*"(\w+)"\s*\)`, 'g')))
      add(match[1], fallbackAfter(text, match.index, match[0].length), match.index);
    if (readers.length > 0) {
      const call = new RegExp(
        String.raw`\b(?:${readers.join('|')})(?:\[\w+\])?\(\s*"(\w+)"\s*(?:,\s*${VALUE}\s*)?[,)]`,
        'g',
      );
      for (const match of text.matchAll(call)) {
        const plain = match[2] ?? match[3] ?? match[4]?.replaceAll('_', '') ?? match[5];
        // A default that is worked out leaves the variable optional.
        const worked = plain === undefined && match[0].endsWith(',');
        const duration = worked ? durationOf(text.slice(match.index + match[0].length)) : undefined;
        add(match[1], plain ?? duration, match.index, worked && duration === undefined);
      }
    }
    structTags(text, add);
    viper(text, flagDefaults, add);
    for (const match of text.matchAll(
      /\bEnvVars?:\s*\[\]string\{\s*"(\w+)"|\bEnvVar:\s*"(\w+)"|\.Envar\("(\w+)"\)|cli\.EnvVars\(\s*"(\w+)"/g,
    ))
      add(match[1] ?? match[2] ?? match[3] ?? match[4], undefined, match.index);
    return found;
  });
}

type Add = (name: string | undefined, fallback: string | undefined, index: number, optional?: boolean) => void;

/** `5 * time.Second` as time.ParseDuration reads it: `5s`. */
function durationOf(text: string): string | undefined {
  const match = /^\s*(?:(\d+)\s*\*\s*)?time\.(Millisecond|Second|Minute|Hour)\s*\)/.exec(text);
  const units: Readonly<Record<string, string>> = { Millisecond: 'ms', Second: 's', Minute: 'm', Hour: 'h' };
  return match ? `${match[1] ?? '1'}${units[match[2] ?? ''] ?? 's'}` : undefined;
}

/** Flags that viper was given (`BindPFlags`), each with its default; undefined where that is worked out. */
function boundFlags(sources: readonly Source[]): ReadonlyMap<string, string | undefined> {
  const flags = new Map<string, string | undefined>();
  if (!sources.some(({ text }) => /\bviper\.BindPFlags?\(/.test(text))) return flags;
  const defined = new RegExp(
    String.raw`\.(?:String|Bool|U?[iI]nt(?:\d\d?)?|Float\d\d|Duration|StringSlice)(?:Var)?(?:\((?:\s*&[\w.]+\s*,)?|P\((?:\s*&[\w.]+\s*,)?(?=\s*"[\w.-]+"\s*,\s*"\w?"\s*,))\s*"([\w.-]+)"\s*,\s*(?:(?<=P\([^)\n]*)"\w?"\s*,\s*)?(?:${VALUE}\s*,)?`,
    'g',
  );
  for (const { text } of sources) {
    for (const match of text.matchAll(defined)) {
      const [, name = '', quoted, raw, number, truth] = match;
      // Loggers name their fields by calls that look the same, without a default.
      if (flags.get(name) === undefined) flags.set(name, quoted ?? raw ?? number?.replaceAll('_', '') ?? truth);
    }
  }
  return flags;
}

/** Functions of the app that hand their first parameter to os.Getenv. */
function ownReaders(sources: readonly Source[]): string[] {
  const names = new Set<string>();
  const head = /\bfunc\s+(\w+)(?:\[[^\]]*\])?\(\s*(\w+)\b[^)]*\)[^{\n]*\{/g;
  for (const { text } of sources) {
    for (const match of text.matchAll(head)) {
      const body = text.slice(match.index + match[0].length, match.index + match[0].length + 600).split('\n}')[0] ?? '';
      if (new RegExp(String.raw`(?:${READ}|\b(?:${[...names, 'os\\.Getenv'].join('|')}))\(\s*${match[2]}\b`).test(body))
        names.add(match[1] ?? '');
    }
  }
  names.delete('');
  return [...names];
}

/** `cmp.Or(os.Getenv("PORT"), "8080")`, or `port := os.Getenv("PORT")` with `if port == "" { port = "8080" }` after it. */
function fallbackAfter(text: string, index: number, length: number): string | undefined {
  const after = text.slice(index + length, index + length + 300);
  if (/cmp\.Or\(\s*$/.test(text.slice(Math.max(0, index - 40), index))) return /^\s*,\s*"([^"]*)"/.exec(after)?.[1];
  const line = text.slice(Math.max(text.lastIndexOf('\n', index) + 1, index - 200), index);
  const name = /([\w.]+)(?:\s*,\s*\w+)?\s*:?=\s*$/.exec(line)?.[1];
  if (!name) return undefined;
  const escaped = name.replaceAll('.', '\\.');
  const condition = String.raw`(?:${escaped}\s*==\s*""|len\(${escaped}\)\s*==\s*0|!\s*\w+|""\s*==\s*${escaped})`;
  return new RegExp(String.raw`^[^\n]{0,20}(?:\n\s*)?(?:;\s*)?(?:if\s+)?${condition}\s*\{\s*${escaped}\s*=\s*${VALUE}`)
    .exec(after)
    ?.slice(1)
    .find((value) => value !== undefined);
}

/** `env:"PORT" envDefault:"8080"`, `envconfig:"PORT" default:"8080"`, `env:"PORT,default=8080"`, `env:"PORT" env-default:"8080"`. */
function structTags(text: string, add: Add): void {
  for (const match of text.matchAll(/`([^`\n]{0,300}\b(?:env|envconfig):"[^`\n]{0,300})`/g)) {
    const tag = match[1] ?? '';
    const [name = '', ...options] = (/\b(?:env|envconfig):"([^"]*)"/.exec(tag)?.[1] ?? '').split(/,\s*/);
    const option = options.find((each) => each.startsWith('default='))?.slice('default='.length);
    add(name, option ?? /\b(?:envDefault|env-default|default):"([^"]*)"/.exec(tag)?.[1], match.index);
  }
}

function viper(text: string, flags: ReadonlyMap<string, string | undefined>, add: Add): void {
  const prefix = /\bSetEnvPrefix\(\s*"(\w+)"\s*\)/.exec(text)?.[1];
  const nameOf = (key: string): string => [...(prefix ? [prefix] : []), key].join('_').toUpperCase();
  for (const match of text.matchAll(/\bBindEnv\(\s*"([\w.-]+)"\s*(?:,\s*"(\w+)")?/g)) {
    add(match[2] ?? nameOf(match[1] ?? ''), undefined, match.index);
  }
  if (!/\bAutomaticEnv\(\)/.test(text)) return;
  // Dots and dashes of a key are part of the variable's name unless a replacer turns them to underscores.
  const replaces = /\bSetEnvKeyReplacer\(/.test(text);
  const keys = new Set<string>();
  const keyed = new RegExp(
    String.raw`\bviper\.(?:SetDefault\(\s*"([\w.-]+)"\s*,\s*${VALUE}|Get\w*\(\s*"([\w.-]+)"\s*\))`,
    'g',
  );
  for (const match of text.matchAll(keyed)) {
    const key = match[1] ?? match[6] ?? '';
    if (keys.has(key) || (/[.-]/.test(key) && !replaces)) continue;
    keys.add(key);
    const plain = match[2] ?? match[3] ?? match[4] ?? match[5];
    add(nameOf(key.replace(/[.-]/g, '_')), plain ?? (flags.get(key) || undefined), match.index, flags.has(key));
  }
}
