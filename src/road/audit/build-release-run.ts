import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lineOf } from '../project/index.ts';
import type { Hit, Rule, Subject } from './contract.ts';
import { copiesAll } from './dockerfile.ts';
import { appendLine } from './ignore-files.ts';
import { isPlaceholder } from './secrets.ts';

const LEVELS_MAX = 3;
const LEFT_OUT = ['.git', '.env', '.env.*', 'node_modules', '__pycache__', '.venv'];
/** Official images of languages, whose version an app's own files may tell. */
const LANGUAGE_IMAGES: Readonly<Record<string, string>> = {
  node: 'node',
  python: 'python',
  golang: 'go',
  ruby: 'ruby',
  php: 'php',
  rust: 'rust',
};

/** V. A build makes an image once; a release is that image with its configuration; running adds nothing. */
export const buildReleaseRun: readonly Rule[] = [
  {
    id: 'image-latest',
    factor: 'build-release-run',
    severity: 'warning',
    title: 'an image without a version',
    why: 'What `latest` names changes: two nodes may run different images under one name, and a rebuild may bring another major version.',
    breaks: {
      'two-replicas': 'two nodes may run different images under the same name',
      rollback: 'the name that is rolled back to names another image by now',
    },
    read: imageLatest,
  },
  {
    id: 'secret-into-image',
    factor: 'build-release-run',
    severity: 'error',
    title: 'a secret is put into the image',
    why: 'Each layer keeps it, also when a later one deletes it; who can pull the image has it.',
    breaks: { rollback: 'an older image brings its old secret back' },
    read: secretIntoImage,
  },
  {
    id: 'dockerignore-missing',
    factor: 'build-release-run',
    severity: 'warning',
    title: 'the whole folder is copied into the image',
    why: 'The history, packages of the laptop and files of secrets go along; the image is larger and its cache never holds.',
    *read(app) {
      if (app.folder.has('.dockerignore') || ignoredAbove(app.folder.directory)) return;
      for (const dockerfile of app.dockerfiles) {
        if (
          dockerfile.path.includes('/') ||
          app.folder.has(`${dockerfile.path}.dockerignore`) ||
          !copiesAll(dockerfile)
        )
          continue;
        const copy = dockerfile.instructions.find(
          ({ keyword, text }) => /^(?:COPY|ADD)$/.test(keyword) && /^(?:--\S+\s+)*\.\/?\s/.test(text),
        );
        yield {
          file: dockerfile.path,
          line: copy?.line ?? 1,
          message: 'COPY . takes everything: there is no .dockerignore',
          fix: `Write .dockerignore with the lines: ${LEFT_OUT.join(' ')}`,
          edits: [appendLine(app.folder, '.dockerignore', LEFT_OUT.join('\n'))],
        };
        return;
      }
    },
  },
  {
    id: 'build-at-start',
    factor: 'build-release-run',
    severity: 'warning',
    title: 'something is built or installed when the container starts',
    why: 'Every pod builds anew: it starts late, needs the package registry to be up, and may come out different from its neighbour.',
    breaks: {
      'two-replicas': 'replicas that were built at different hours run different packages',
      restart: 'a pod that restarts while the package registry is away does not come back',
    },
    read: buildAtStart,
  },
];

/** In a repository of several apps the context, and its .dockerignore, is often the top. */
function ignoredAbove(directory: string): boolean {
  let at = directory;
  for (let level = 0; level < LEVELS_MAX && !existsSync(join(at, '.git')); level++) {
    at = dirname(at);
    if (existsSync(join(at, '.dockerignore'))) return true;
  }
  return false;
}

function* imageLatest(app: Subject): Iterable<Hit> {
  for (const { path, instructions, text } of app.dockerfiles) {
    const stages = new Set<string>();
    for (const { keyword, text: from, line, start, end } of instructions) {
      if (keyword !== 'FROM') continue;
      const [, image = '', stage] = /^(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(from) ?? [];
      if (stage) stages.add(stage.toLowerCase());
      if (stages.has(image.toLowerCase()) || image === 'scratch' || image.includes('$') || !isOpen(image)) continue;
      const pinned = pinnedName(app, image);
      const at = text.slice(start, end).indexOf(image);
      yield {
        file: path,
        line,
        message: `FROM ${image} takes whatever is newest on the day of the build`,
        fix: `FROM ${pinned ?? `${bare(image)}:VERSION`}${stage ? ` AS ${stage}` : ''}`,
        ...(pinned && at >= 0 ? { edits: [{ path, at: start + at, remove: image, insert: pinned }] } : {}),
      };
    }
  }
  for (const path of app.folder.paths.filter((path) => /^(?:docker-)?compose[\w.-]*\.ya?ml$/.test(path))) {
    const text = app.folder.read(path) ?? '';
    for (const match of text.matchAll(/^\s+image:\s*["']?([^\s"'#]+)/gm)) {
      const image = match[1] ?? '';
      if (image.includes('$') || !isOpen(image)) continue;
      // The service is built from this folder: the name is its own.
      if (/^\s*build:/m.test(neighbours(text, match.index + (/^\s*\n/.exec(match[0])?.[0].length ?? 0)))) continue;
      yield {
        file: path,
        line: lineOf(text, match.index + match[0].length),
        message: `image: ${image} takes whatever is newest on the day of the pull`,
        fix: `image: ${bare(image)}:VERSION, with the version whose data you have`,
      };
    }
  }
}

/** The lines around one that are as deep as it or deeper: the other keys of its service. */
function neighbours(text: string, index: number): string {
  const lines = text.split('\n');
  const at = lineOf(text, index) - 1;
  const depth = lines[at]?.search(/\S/) ?? 0;
  const belongs = (line: string | undefined): boolean =>
    line !== undefined && (line.trim() === '' || line.search(/\S/) >= depth);
  let [first, last] = [at, at];
  while (belongs(lines[first - 1])) first--;
  while (belongs(lines[last + 1])) last++;
  return lines
    .slice(first, last + 1)
    .filter((line) => line.search(/\S/) === depth)
    .join('\n');
}

const bare = (image: string): string => image.replace(/:[^:/]+$/, '');

function isOpen(image: string): boolean {
  if (image.includes('@sha256:')) return false;
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
}

/** The version that the app's own files name; a default of ours would change what they run. */
function pinnedName({ facts }: Subject, image: string): string | undefined {
  const name = bare(image).split('/').at(-1) ?? '';
  const language = Object.hasOwn(LANGUAGE_IMAGES, name) ? LANGUAGE_IMAGES[name] : undefined;
  const version = facts.languageVersion;
  if (!language || !version || version.source === 'default' || facts.language?.value !== language) return undefined;
  return `${bare(image)}:${version.value}`;
}

const SECRET_FILE =
  /(?:^|[\s/])(?:\.env(?!\.(?:example|sample|template))(?:\.[\w-]+)?|id_(?:rsa|ed25519|ecdsa)|[\w.-]+\.(?:pem|p12|pfx|jks|keystore)|\.npmrc|\.pypirc|\.netrc|\.aws\/?\S*|\.ssh\/?\S*|credentials(?:\.json)?|service[-_]account\S*\.json|secrets?\.(?:json|ya?ml|env))(?=\s)/;
const SECRET_NAME =
  /\b([A-Z_]*(?:PASSWORD|PASSWD|SECRET(?:_KEY)?|TOKEN|API_?KEY|PRIVATE_KEY|ACCESS_KEY))\s*=\s*["']?([^\s"']+)/i;

function* secretIntoImage(app: Subject): Iterable<Hit> {
  for (const { path, instructions } of app.dockerfiles) {
    for (const { keyword, text, line } of instructions) {
      if (/^(?:COPY|ADD)$/.test(keyword) && !/--from=/.test(text)) {
        // The last word is where it goes; a certificate authority's public part is no secret.
        const name = SECRET_FILE.exec(text)?.[0].trim();
        const settings = name === '.npmrc' ? app.folder.read('.npmrc') : undefined;
        if (settings !== undefined && !/_auth|_password|token/i.test(settings)) continue;
        if (name && !/\b(?:ca|cert|chain|bundle|public)[\w.-]*\.pem$/i.test(name))
          yield {
            file: path,
            line,
            message: `${keyword} puts ${name} into the image`,
            fix: `Leave it out (echo '${name}' >> .dockerignore); at build: RUN --mount=type=secret,id=${idOf(name)} …`,
          };
      } else if (keyword === 'ENV' || keyword === 'ARG') {
        const [, name = '', value = ''] = SECRET_NAME.exec(text) ?? [];
        if (name && !isPlaceholder(value) && !value.startsWith('$'))
          yield {
            file: path,
            line,
            message: `${keyword} ${name} is written into the image`,
            fix: `Delete the value; the manifests give ${name} from a Secret when the container starts.`,
          };
      }
    }
  }
}

const idOf = (name: string): string =>
  (name.split('/').at(-1) ?? name).replace(/^\.+/, '').replace(/\W+/g, '-') || 'secret';

const BUILDS =
  /\b((?:npm|pnpm|yarn)\s+(?:ci|install|i|run\s+build|build)|pip3?\s+install|poetry\s+install|pipenv\s+install|bundle\s+install|composer\s+install|manage\.py\s+collectstatic|(?:rails|rake)\s+assets:precompile|go\s+(?:build|run)|cargo\s+(?:build|run)|mvn\s+\S|\.?\/?gradlew?\s+\S|mvnw\s+\S|dotnet\s+(?:build|run|publish)|git\s+(?:pull|clone)|apt(?:-get)?\s+install|apk\s+add|webpack|vite\s+build|next\s+build|tsc)\b/;

function* buildAtStart({ startLines }: Subject): Iterable<Hit> {
  for (const { text, file, line } of startLines) {
    const plain = text.replace(/",\s*"/g, ' ');
    const what = BUILDS.exec(plain)?.[1];
    if (!what || (/^tsc$/.test(what) && /tsc-watch/.test(plain))) continue;
    yield {
      file,
      line,
      message: `the start runs ${what}`,
      fix: `Move it to the image's build: RUN ${what}; the start only starts.`,
    };
  }
}
