import { randomInt } from 'node:crypto';
import type { Manifest } from '../manifests/index.ts';
import { type Application, type SecretValue, whyHidden } from '../model/index.ts';
import type { SecretFiles } from './contract.ts';
import { isMap } from './objects.ts';
import { fitsLine } from './setting-lines.ts';

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
/** Made when it is first needed. */
const RANDOM = '(random)';
/** Only its owner has it. */
const YOURS = '(yours)';

/** 32 letters and digits, as many as Laravel's key must have; none of them needs quoting in a URL, a shell or SQL. */
export function randomPassword(): string {
  return Array.from({ length: 32 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/**
 * The Secrets as files. `tokens` stand for random passwords; where one is part of a longer value, that value is put together
 * of others.
 */
export function secretFilesOf(
  objects: readonly Manifest[],
  application: Application,
  tokens: ReadonlySet<string>,
): SecretFiles[] {
  const owned = ownedKeys(application);
  const made = objects.map((object): SecretFiles => {
    const texts = Object.entries(isMap(object.data) ? (object.data as Record<string, string>) : {}).map(
      ([key, value]) => [key, Buffer.from(value, 'base64').toString()] as const,
    );
    const keys = new Map(texts.filter(([, text]) => tokens.has(text)).map(([key, text]) => [text, key]));
    const lines: [string, SecretValue][] = [];
    for (const [key, text] of texts) if (fitsLine(key, text)) lines.push([key, secretValue(text, tokens, keys)]);
    const { name, labels } = object.metadata;
    const own = [...(owned.get(name) ?? [])].filter((key) => !texts.some(([known]) => known === key));
    owned.delete(name);
    return {
      name,
      type: typeof object.type === 'string' ? object.type : 'Opaque',
      labels: labels ?? {},
      // What is put together of others comes after them.
      lines: lines.sort(([, a], [, b]) => Number(a.is === 'joined') - Number(b.is === 'joined')),
      files: texts.filter(([key, text]) => !fitsLine(key, text)),
      owned: own,
    };
  });
  const external = new Set(application.secrets.filter((set) => set.external).map(({ name }) => name));
  const others = [...owned].filter(([name]) => !external.has(name));
  return [
    ...made,
    ...others.map(([name, keys]) => ({ name, type: 'Opaque', labels: {}, lines: [], files: [], owned: [...keys] })),
  ];
}

function secretValue(text: string, tokens: ReadonlySet<string>, keys: ReadonlyMap<string, string>): SecretValue {
  if (tokens.has(text)) return { is: 'random' };
  let template = text;
  for (const [token, key] of keys) template = template.replaceAll(token, `\${${key}}`);
  return template === text ? { is: 'text', text } : { is: 'joined', template };
}

/** Keys that pods may do without, by Secret. */
function ownedKeys(application: Application): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { environment } of application.parts)
    for (const { value } of environment)
      if (value.is === 'secret' && value.optional)
        found.set(value.set, (found.get(value.set) ?? new Set()).add(value.key));
  return found;
}

/** The example beside an env file: what it holds, without any value that is secret. */
export function exampleText(secret: SecretFiles): string {
  const lines = secret.lines.map(([key, value]) => `${key}=${shown(key, value)}`);
  return [
    `# The Secret "${secret.name}". \`make secrets\` makes ${secret.name}.env from it, which git ignores: ${RANDOM} becomes a`,
    `# password, \${key} another value of this file, and ${YOURS} is what only you have.`,
    ...lines,
    ...secret.owned.map((key) => `# ${key}=${YOURS}`),
    '',
  ].join('\n');
}

/** The env file itself, with values. */
export function filledText(secret: SecretFiles, password: () => string): string {
  const known = new Map<string, string>();
  const lines = secret.lines.map(([key, value]) => {
    const text = filled(value, known, password);
    known.set(key, text);
    return `${key}=${text}`;
  });
  return [...lines, ...secret.owned.map((key) => `# ${key}=`), ''].join('\n');
}

function shown(key: string, value: SecretValue): string {
  if (value.is === 'random') return RANDOM;
  if (value.is === 'joined') return value.template;
  const text = String(value.text);
  return whyHidden(key, text) ? YOURS : text;
}

function filled(value: SecretValue, known: ReadonlyMap<string, string>, password: () => string): string {
  if (value.is === 'random') return password();
  if (value.is === 'text') return String(value.text);
  return value.template.replace(/\$\{([^}]+)\}/g, (_, key: string) => known.get(key) ?? '');
}
