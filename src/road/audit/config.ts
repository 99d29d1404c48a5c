import type { Hit, Rule, Subject } from './contract.ts';
import { copiesAll } from './dockerfile.ts';
import { envFiles } from './env-files.ts';
import { appendLine, ignores, isIgnored } from './ignore-files.ts';
import { keysInCode, passwordsInCode } from './passwords.ts';
import { FROM_ENVIRONMENT, patterns } from './patterns.ts';

const ROTATED =
  'Everyone who can read the code or pull the image has it, and it cannot be changed without a new image.';

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
        if (app.tracked?.has(path) || isIgnored(app.folder, path)) continue;
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
