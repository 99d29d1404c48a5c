import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lineOf } from '../project/index.ts';
import type { Hit, Rule, Subject } from './contract.ts';
import { placeParts } from './patterns.ts';
import { calledPrograms } from './programs.ts';

const NAMES_TOLD_MAX = 5;
const LEVELS_MAX = 3;
const WHY_LOCK = 'Every build may install other versions, so the image of a rollback is not the one that ran before.';
const BREAKS = { rollback: 'a rebuilt image may carry other versions of its packages than the one that ran' };

/** II. Dependencies are declared, with versions, and nothing is expected of the machine. */
export const dependencies: readonly Rule[] = [
  {
    id: 'no-lockfile',
    factor: 'dependencies',
    severity: 'warning',
    title: 'no lockfile',
    why: WHY_LOCK,
    breaks: BREAKS,
    read: noLockfile,
  },
  {
    id: 'version-open',
    factor: 'dependencies',
    severity: 'warning',
    title: 'packages without a version',
    why: WHY_LOCK,
    breaks: BREAKS,
    read: openVersions,
  },
  {
    id: 'program-not-installed',
    factor: 'dependencies',
    severity: 'warning',
    title: 'a program is called that the image does not bring',
    why: 'A container holds only what its image installs; a program that is on every laptop is missing there.',
    read: programNotInstalled,
  },
];

/** A manifest, the lockfiles that pin it, and how to make one. */
const LOCKED: readonly {
  readonly manifest: RegExp;
  readonly locks: readonly string[];
  readonly fix: string;
  readonly needs: RegExp;
}[] = [
  {
    manifest: /^package\.json$/,
    locks: ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'bun.lockb'],
    fix: 'npm install --package-lock-only',
    needs: /"(?:dependencies|devDependencies)"\s*:\s*\{\s*"/,
  },
  { manifest: /^Pipfile$/, locks: ['Pipfile.lock'], fix: 'pipenv lock', needs: /\[packages\]\s*\n\s*\S/ },
  {
    manifest: /^pyproject\.toml$/,
    locks: ['uv.lock', 'poetry.lock', 'pdm.lock', 'requirements.txt', 'pylock.toml'],
    fix: 'uv lock',
    needs: /dependencies\s*=\s*\[\s*["']|\[tool\.poetry\.dependencies\]/,
  },
  { manifest: /^Gemfile$/, locks: ['Gemfile.lock'], fix: 'bundle lock', needs: /^\s*gem\s/m },
  { manifest: /^composer\.json$/, locks: ['composer.lock'], fix: 'composer update --no-install', needs: /"require"/ },
  { manifest: /^Cargo\.toml$/, locks: ['Cargo.lock'], fix: 'cargo generate-lockfile', needs: /\[dependencies\]/ },
  { manifest: /^go\.mod$/, locks: ['go.sum'], fix: 'go mod tidy', needs: /\brequire\b/ },
];

function* noLockfile({ folder, facts }: Subject): Iterable<Hit> {
  // An app of a workspace is pinned by the workspace's lockfile.
  if (facts.workspace) return;
  for (const { manifest, locks, fix, needs } of LOCKED) {
    const path = folder.paths.find((path) => manifest.test(path));
    if (
      !path ||
      !needs.test(folder.read(path) ?? '') ||
      locks.some((lock) => folder.has(lock) || isAbove(folder.directory, lock))
    )
      continue;
    yield { file: path, line: 1, message: `${path} has no lockfile`, fix: `${fix}, and commit ${locks[0] ?? 'it'}` };
  }
}

/** A workspace's lockfile lies at its top. */
function isAbove(directory: string, lock: string): boolean {
  let at = directory;
  for (let level = 0; level < LEVELS_MAX && !existsSync(join(at, '.git')); level++) {
    at = dirname(at);
    if (existsSync(join(at, lock)) && declaresWorkspace(at)) return true;
  }
  return false;
}

function declaresWorkspace(directory: string): boolean {
  if (existsSync(join(directory, 'pnpm-workspace.yaml'))) return true;
  return ['package.json', 'pyproject.toml', 'Cargo.toml'].some((name) => {
    const path = join(directory, name);
    return existsSync(path) && /["[.]workspaces?["\]]/.test(readFileSync(path, 'utf8'));
  });
}

function* openVersions({ folder }: Subject): Iterable<Hit> {
  for (const path of folder.paths.filter(
    (path) => /^requirements[\w-]*\.txt$/.test(path) && !/dev|test|lint/.test(path),
  )) {
    const lines = (folder.read(path) ?? '').split('\n');
    const open = lines.flatMap((line, index) => {
      const found = /^\s*([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*([^#;]*)/.exec(line);
      // An upper bound keeps a build from taking a new major version unseen; without one anything may come.
      return found?.[1] && !/[=~<]=?|@/.test((found[2] ?? '').replace(/>=?/g, ''))
        ? [{ name: found[1], line: index + 1 }]
        : [];
    });
    const [first] = open;
    if (!first) continue;
    const names = open.map(({ name }) => name);
    const more = names.length > NAMES_TOLD_MAX ? ` and ${names.length - NAMES_TOLD_MAX} more` : '';
    yield {
      file: path,
      line: first.line,
      message: `no version, or no upper bound, for ${names.slice(0, NAMES_TOLD_MAX).join(', ')}${more}`,
      fix: `Write what is installed now: pip freeze > ${path}`,
    };
  }
  const manifest = folder.read('package.json');
  for (const match of manifest?.matchAll(/"([@\w./-]+)"\s*:\s*"(\*|latest|x|>=?\s*[\d.]+|)"/g) ?? []) {
    if (manifest === undefined || inside(manifest, match.index) !== 'dependencies') continue;
    yield {
      file: 'package.json',
      line: lineOf(manifest, match.index),
      message: `${match[1]} is "${match[2]}": any version may come`,
      fix: `npm install ${match[1]}@^VERSION with the version in use (npm ls ${match[1]})`,
    };
  }
}

/** The key of the object that a position of a JSON text stands in. */
function inside(text: string, index: number): string | undefined {
  const open = text.lastIndexOf('{', index);
  return /"(\w+)"\s*:\s*$/.exec(text.slice(0, open))?.[1];
}

function* programNotInstalled(app: Subject): Iterable<Hit> {
  const told = new Set<string>();
  for (const { program, debian, source } of calledPrograms(app)) {
    if (told.has(program)) continue;
    told.add(program);
    const installed = app.dockerfiles.some(({ instructions }) =>
      instructions.some(
        ({ keyword, text }) =>
          keyword === 'RUN' && (text.includes(debian) || new RegExp(`\\b${program}\\b`).test(text)),
      ),
    );
    if (installed) continue;
    const into = app.dockerfiles[0]?.path ?? 'the Dockerfile (wherry init writes it)';
    yield {
      ...placeParts(source),
      message: `calls ${program}, which nothing installs`,
      fix: `In ${into}: RUN apt-get update && apt-get install -y --no-install-recommends ${debian} && rm -rf /var/lib/apt/lists/*`,
    };
  }
}
