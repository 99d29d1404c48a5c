import { lineOf, whySecret } from '../project/index.ts';
import type { Hit, Subject, TextFile } from './contract.ts';
import { ENV_FILE, SETTINGS_FOR_PEOPLE } from './env-files.ts';
import { FOR_DEVELOPMENT, FROM_ENVIRONMENT, hitAt, linesAround } from './patterns.ts';
import { entropyOf, isPlaceholder, KEY_SHAPES, looksLikeWords, masked } from './secrets.ts';

/** Run by hand or on a laptop: a password here is that laptop's. */
const OF_THE_LAPTOP =
  /(?:^|\/)(?:docker-)?(?:compose|stack)[\w.-]*\.ya?ml$|(?:^|\/)(?:Makefile|Vagrantfile)$|\.sql$|\.md$/;

/** Keys of known services, by their shape. */
export function* keysInCode(app: Subject): Iterable<Hit> {
  for (const file of app.texts) {
    if (ENV_FILE.test(file.path) || SETTINGS_FOR_PEOPLE.test(file.path)) continue;
    for (const { what, find } of KEY_SHAPES) {
      for (const match of file.code.matchAll(find)) {
        if (/EXAMPLE|X{6}|0{8}|123456789/i.test(match[0])) continue;
        // A header without a body: code that looks for keys rather than one.
        if (
          what === 'a private key' &&
          !/^[\s"'\\n+]*[A-Za-z0-9+/=]{16}/.test(file.text.slice(match.index + match[0].length))
        )
          continue;
        yield hitAt(
          file,
          match.index,
          what === 'a private key' ? 'a private key' : `${what} (${masked(match[0])})`,
          'Have it revoked, then read the new one from the environment: the manifests take it from a Secret.',
        );
      }
    }
  }
}

const WITH_PASSWORD = /\b([a-z][a-z0-9+.-]*):\/\/([^\s:@/'"`<>]*):([^\s@/'"`<>]+)@([\w.-]+)/gi;
const ASSIGNED =
  /(?<![\w$.>-])(?:(?:[\w$]+(?:\.|\[['"]|->))*|['"]?)([A-Za-z_][\w-]*)['"]?\]?\s*(?::\s*(?:str|string|String)\s*)?(?:=>|:=|[:=])\s*(['"])((?:(?!\2)[^\\\n]|\\.){4,}?)\2/g;
const SAYS_PASSWORD = /(?:pass(?:word|wd|phrase)?|pwd)$/i;
const ABOUT =
  /(?:field|label|name|header|param|type|input|placeholder|hint|message|error|text|title|column|url|uri|path|file|regex|pattern|prefix|policy|hash|algorithm|min|max|length|reset|forgot|confirm|repeat|old|new|show|toggle|is|has|validate)[_-]?(?:pass|secret|token|key)|(?:field|label|header|param|type|hint|message|error|text|title|column|url|uri|path|file|regex|pattern|prefix|hash|id|name|ttl|expiry|length)$/i;

/** Passwords in addresses, and values given to names that say password, secret, key or token. */
export function* passwordsInCode(app: Subject): Iterable<Hit> {
  for (const file of app.texts) {
    if (ENV_FILE.test(file.path) || SETTINGS_FOR_PEOPLE.test(file.path) || OF_THE_LAPTOP.test(file.path)) continue;
    // The checks of Kubernetes objects tell of their Secrets.
    if (FOR_DEVELOPMENT.test(file.path) || isObject(file)) continue;
    const seen = new Set<number>();
    for (const match of file.code.matchAll(WITH_PASSWORD)) {
      const [, scheme = '', user = '', password = '', host = ''] = match;
      const line = lineOf(file.text, match.index);
      if (isPlaceholder(password) || /^(?:user(?:name)?|.*\$.*)$/i.test(user) || /^example\./.test(host)) continue;
      if (readsEnvironment(file, match.index) || seen.has(line)) continue;
      seen.add(line);
      yield hitAt(
        file,
        match.index,
        `the address of ${scheme}://${user}@${host} has its password in it`,
        'Read the whole address from the environment (DATABASE_URL); the manifests take it from a Secret.',
      );
    }
    for (const match of file.code.matchAll(ASSIGNED)) {
      const [whole, name = '', , value = ''] = match;
      const index = match.index + Math.max(0, whole.indexOf(name));
      const line = lineOf(file.text, index);
      if (seen.has(line) || !isSecretAssignment(name, value) || readsEnvironment(file, index)) continue;
      seen.add(line);
      yield hitAt(
        file,
        index,
        `${name} is written in the ${/\.(?:[cm]?[jt]sx?|py|go|java|kt|rb|php|rs|cs)$/.test(file.path) ? 'code' : 'settings'}`,
        `Read it from the environment (${environmentName(name)}); the manifests take it from a Secret.`,
      );
    }
    // Settings of the kind KEY=value and key: value, without quotes.
    if (
      /\.(?:properties|ini|cfg|conf|ya?ml|toml)$/.test(file.path) &&
      !/(?:^|\/)(?:k8s|kubernetes|manifests|deploy|\.github)\//.test(file.path)
    ) {
      for (const match of file.code.matchAll(/^[ \t]*([\w.-]+)[ \t]*[:=][ \t]*([^\s'"#][^\s#]{3,})[ \t]*$/gm)) {
        const [, key = '', value = ''] = match;
        const name = key.split('.').at(-1) ?? key;
        const line = lineOf(file.text, match.index);
        if (seen.has(line) || !isSecretAssignment(name, value) || inDevelopmentSection(file, match.index)) continue;
        seen.add(line);
        yield hitAt(
          file,
          match.index,
          `${key} is written in the settings`,
          `Write \${${environmentName(key)}} there; the manifests take it from a Secret.`,
        );
      }
    }
  }
}

/** Below `development:` or `[test]`. */
function inDevelopmentSection({ code }: TextFile, index: number): boolean {
  const above = [...code.slice(0, index).matchAll(/^(?:\[([\w.-]+)\]|(\w[\w-]*):[ \t]*(?:&\w+[ \t]*)?$)/gm)].at(-1);
  return /^(?:dev|development|test|testing|local)$/.test(above?.[1] ?? above?.[2] ?? '');
}

const isObject = ({ path, code }: TextFile): boolean =>
  /\.ya?ml$/.test(path) && /^apiVersion:/m.test(code) && /^kind:/m.test(code);

function isSecretAssignment(name: string, value: string): boolean {
  const plain = name.replaceAll('-', '_').replace(/([a-z])([A-Z])/g, '$1_$2');
  const isPassword = SAYS_PASSWORD.test(plain);
  if (!isPassword && whySecret(plain, undefined) === undefined) return false;
  if (ABOUT.test(plain) || isPlaceholder(value)) return false;
  // A word of another language; passwords in code are typed by programmers.
  if (/[^\x20-\x7e]/.test(value)) return false;
  // Of a secret itself, words joined by dashes are as likely a secret as anything.
  const joined =
    /(?:^|_)secret(?:_key)?$/i.test(plain) && /^[a-z0-9]+(?:[-_.][a-z0-9]+)+$/i.test(value) && value.length >= 8;
  if (joined && value.toLowerCase() !== plain.toLowerCase()) return true;
  // A label (`password: 'Your password'`), a field's name, a path: words, no secret.
  if (/\s/.test(value.trim()) || (looksLikeWords(value) && !(isPassword && /\d/.test(value)))) return false;
  if (value.toLowerCase().replace(/[^a-z]/g, '') === plain.toLowerCase().replace(/[^a-z]/g, '')) return false;
  if (isPassword) return true;
  // A key or token is long and has no pattern; a short word beside such a name is something about it.
  return (
    (value.length >= 8 && /\d/.test(value) && entropyOf(value) >= 2.7) ||
    (value.length >= 6 && /secret/i.test(plain)) ||
    /insecure|^dev/i.test(value)
  );
}

function readsEnvironment(file: TextFile, index: number): boolean {
  return FROM_ENVIRONMENT.test(linesAround(file.code, index));
}

function environmentName(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/\W+/g, '_')
    .toUpperCase();
}
