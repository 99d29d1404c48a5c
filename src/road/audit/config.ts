import { lineOf, whySecret } from '../project/index.ts';
import type { Dockerfile, Hit, Rule, Subject, TextFile } from './contract.ts';
import { appendLine, ignores } from './ignore-files.ts';
import { FOR_DEVELOPMENT, FROM_ENVIRONMENT, hitAt, linesAround, patterns } from './patterns.ts';
import { entropyOf, isPlaceholder, KEY_SHAPES, looksLikeWords, masked } from './secrets.ts';

const ROTATED =
  'Everyone who can read the code or pull the image has it, and it cannot be changed without a new image.';
const SETTINGS_FOR_PEOPLE = /(?:^|\/)\.env\.(?:example|sample|template|dist|defaults?)$|(?:^|\/)env\.example$/;
const ENV_FILE = /(?:^|\/)\.env(?:\.[\w-]+)?$/;
/** Run by hand or on a laptop: a password here is that laptop's. */
const OF_THE_LAPTOP =
  /(?:^|\/)(?:docker-)?(?:compose|stack)[\w.-]*\.ya?ml$|(?:^|\/)(?:Makefile|Vagrantfile)$|\.sql$|\.md$/;

/** III. What differs between deploys comes from the environment; what is secret stands nowhere. */
export const config: readonly Rule[] = [
  {
    id: 'key-in-code',
    factor: 'config',
    severity: 'error',
    title: 'a key or token in the code',
    why: ROTATED,
    breaks: { rollback: 'an older image brings its old key back, also after the key was changed' },
    read: keysInCode,
  },
  {
    id: 'password-in-code',
    factor: 'config',
    severity: 'error',
    title: 'a password in the code',
    why: ROTATED,
    breaks: { rollback: 'an older image brings its old password back, also after the password was changed' },
    read: passwordsInCode,
  },
  {
    id: 'password-default',
    factor: 'config',
    severity: 'warning',
    title: 'a password as the fallback of a variable',
    why: 'When the Secret is missing or misspelled the app starts anyway, with a password that everybody knows.',
    read: passwordDefaults,
  },
  {
    id: 'env-file-tracked',
    factor: 'config',
    severity: 'error',
    title: 'a file of secrets under version control',
    why: 'Who has the repository has the passwords, for good: they stay in its history.',
    *read(app) {
      for (const { path, secret } of envFiles(app)) {
        if (!app.tracked?.has(path)) continue;
        yield {
          file: path,
          line: secret.line,
          message: `${path} is under version control and holds ${secret.name}`,
          fix: `git rm --cached ${path}; echo ${path} >> .gitignore; then change what was in it`,
        };
      }
    },
  },
  {
    id: 'env-file-not-ignored',
    factor: 'config',
    severity: 'warning',
    title: 'a file of secrets that git does not ignore',
    why: 'The next `git add .` puts the passwords into the history, for good.',
    *read(app) {
      for (const { path, secret } of envFiles(app)) {
        if (app.tracked?.has(path) || ignores(app.folder.read('.gitignore'), path)) continue;
        yield {
          file: path,
          line: secret.line,
          message: `${path} holds ${secret.name} and .gitignore does not name it`,
          fix: `echo ${path} >> .gitignore`,
          edits: [appendLine(app.folder, '.gitignore', path)],
        };
      }
    },
  },
  {
    id: 'env-file-in-image',
    factor: 'config',
    severity: 'error',
    title: 'a file of secrets is copied into the image',
    why: 'Who can pull the image has the passwords, and every cluster gets the same ones.',
    *read(app) {
      for (const { path, secret } of envFiles(app)) {
        const copying = app.dockerfiles.find((dockerfile) => copiesAll(dockerfile));
        if (!copying || ignores(app.folder.read('.dockerignore'), path)) continue;
        yield {
          file: path,
          line: secret.line,
          message: `${copying.path} copies the whole folder, ${path} with ${secret.name} in it`,
          fix: `echo ${path} >> .dockerignore`,
          edits: [appendLine(app.folder, '.dockerignore', path)],
        };
      }
    },
  },
  {
    id: 'config-per-environment',
    factor: 'config',
    severity: 'note',
    title: 'a settings file for each environment',
    why: 'The image then knows its environments by name; a new one (a preview, a second region) needs a new image.',
    read: perEnvironment,
  },
  {
    id: 'hosts-fixed',
    factor: 'config',
    severity: 'warning',
    title: 'host names fixed in the code',
    why: "The kubelet's probes carry the pod's address as Host: an app that refuses it never becomes ready.",
    read: patterns([
      {
        in: ['python'],
        find: /^ALLOWED_HOSTS\s*=\s*\[(?!\s*(?:['"]\*['"]\s*)?\])[^\]]*\]/gm,
        unlessLine: FROM_ENVIRONMENT,
        message: 'ALLOWED_HOSTS is a fixed list',
        fix: 'ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "*").split(",")',
      },
      {
        in: ['ruby'],
        find: /config\.hosts\s*(?:<<|=|\+=)\s*[[('"]/g,
        unlessLine: FROM_ENVIRONMENT,
        message: 'config.hosts is a fixed list',
        fix: 'config.hosts = ENV.fetch("ALLOWED_HOSTS", "").split(",").presence',
      },
    ]),
  },
];

function* keysInCode(app: Subject): Iterable<Hit> {
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

function* passwordsInCode(app: Subject): Iterable<Hit> {
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

function* passwordDefaults({ facts }: Subject): Iterable<Hit> {
  for (const { name, fallback, secret, sources } of facts.variables) {
    const [source] = sources;
    if (secret === undefined || !fallback || !source || /\.env|compose/.test(source)) continue;
    const inUrl = /^[a-z][\w+.-]*:\/\/[^:@/\s]*:([^@/\s]+)@/i.exec(fallback)?.[1];
    const isUrl = /^[a-z][\w+.-]*:\/\//i.test(fallback);
    if (isUrl ? inUrl === undefined : fallback.length < 3) continue;
    const place = /^(.*):(\d+)$/.exec(source);
    yield {
      file: place?.[1] ?? source,
      line: Number(place?.[2] ?? 1),
      message: `${name} falls back on ${isUrl ? 'an address with a password' : 'a written password'}`,
      fix: `Leave the fallback out, so that a missing ${name} is an error at start.`,
    };
  }
}

/** .env files with something secret in them. */
function envFiles(app: Subject): { path: string; secret: { name: string; line: number } }[] {
  return app.folder.paths
    .filter((path) => ENV_FILE.test(path) && !SETTINGS_FOR_PEOPLE.test(path))
    .flatMap((path) => {
      for (const [index, line] of (app.folder.read(path) ?? '').split('\n').entries()) {
        const found = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*["']?([^"'\s]+)/.exec(line);
        const [, name = '', value = ''] = found ?? [];
        if (found && whySecret(name, value) !== undefined && !isPlaceholder(value))
          return [{ path, secret: { name, line: index + 1 } }];
      }
      return [];
    });
}

export function copiesAll({ instructions }: Dockerfile): boolean {
  return instructions.some(
    ({ keyword, text }) =>
      (keyword === 'COPY' || keyword === 'ADD') && !/--from=/.test(text) && /^(?:--\S+\s+)*\.\/?\s/.test(text),
  );
}

function* perEnvironment({ folder }: Subject): Iterable<Hit> {
  const named =
    /^(?:(?:.*\/)?(?:config|settings|conf|env|environments)\/(?:.*\/)?|.*(?:settings|config|application|appsettings|environment)[._-]|.*\.env\.)(production|prod|staging|stage|live|uat|qa|preprod)(?:\.(?:json5?|ya?ml|toml|ini|py|[cm]?[jt]s|properties|php|cs))?$/i;
  const found = folder.paths.filter(
    // Rails keeps switches of the framework there, which its environment variable chooses.
    (path) =>
      named.test(path) &&
      !/(?:^|\/)(?:tests?|k8s|overlays|helm|charts|docs)\//.test(path) &&
      !/config\/environments\/\w+\.rb$/.test(path),
  );
  const [first] = found;
  if (!first) return;
  yield {
    file: first,
    line: 1,
    message: `settings by environment: ${found.slice(0, 5).join(', ')}`,
    fix: 'Read each value that differs from an environment variable; the values go to a ConfigMap of each environment.',
  };
}
