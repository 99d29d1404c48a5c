import type { Facts, Variable } from '../project/index.ts';
import { execForm } from './command.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { debianPackage } from './debian-python.ts';
import { AS_NOBODY, copyLines, dockerignore, heading, OWN_FOLDER } from './shared-lines.ts';

/** Servers by the program's name, each with its package. */
const SERVERS: Readonly<Record<string, string>> = {
  gunicorn: 'gunicorn',
  uvicorn: 'uvicorn',
  hypercorn: 'hypercorn',
  daphne: 'daphne',
  'waitress-serve': 'waitress',
};
// One retry: where one of several indexes is out of reach, pip's own five would be waited for at every package.
const PIP = '/venv/bin/pip --retries 1 install';
const CACHE = '--mount=type=cache,target=/root/.cache/pip';

/** One stage fills /venv, the image takes it over: no compiler and no package cache is left in it. */
export function pythonDockerfile(facts: Facts): GeneratedDockerfile {
  const version = facts.languageVersion;
  if (!version || !facts.start) throw new Error('a Python app without version or start has no Dockerfile');
  const base = `python:${version.value}-slim-bookworm`;
  const server = /(?:^|[\s/])(gunicorn|uvicorn|hypercorn|daphne|waitress-serve)\s/.exec(facts.start.value)?.[1];
  const serverPackage = server === undefined ? undefined : SERVERS[server];
  const named = new Set(facts.packages.map(({ value }) => value));
  const extra = serverPackage && !named.has(serverPackage) ? [serverPackage] : [];
  const install = installLine(facts, extra);
  const debian = [...new Set([...facts.packages.map(({ value }) => value), ...extra].flatMap(debianPackage))].sort();
  const wholeTree = install.needsTree ? ['COPY . .'] : copyLines(facts.manifestFiles);
  const lines = [
    ...heading(facts),
    `# Python ${version.value}: ${version.source}`,
    `FROM ${base} AS packages`,
    'WORKDIR /app',
    ...(facts.native.length > 0
      ? [
          `# ${facts.native.map((fact) => `${fact.value} (${fact.source})`).join(', ')}: compiled when installed`,
          'RUN apt-get update && apt-get install -y --no-install-recommends build-essential pkg-config python3-dev default-libmysqlclient-dev libpq-dev && rm -rf /var/lib/apt/lists/*',
        ]
      : []),
    ...(facts.manifestFiles.length > 0 || install.needsTree ? wholeTree : []),
    `# ${facts.packageManager?.value ?? 'pip'}: ${facts.packageManager?.source ?? 'default'}${extra.length > 0 ? `; ${extra.join(', ')} serves in production` : ''}`,
    `# Where no Python package index answers, the same packages are taken from Debian in the last stage.`,
    `RUN ${CACHE} python3 -m venv /venv \\`,
    ' && if /venv/bin/pip --retries 0 --timeout 5 download --quiet --no-deps --dest /tmp/probe pip; then \\',
    `      ${install.command}; \\`,
    '    else \\',
    `      echo "no Python package index in reach: Debian's packages instead: ${debian.join(' ')}" \\`,
    '      && rm -rf /venv && mkdir /venv && touch /venv/from-debian; \\',
    '    fi',
    '',
    `FROM ${base}`,
    'ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp PATH=/venv/bin:$PATH',
    'WORKDIR /app',
    'COPY --from=packages /venv /venv',
    'RUN if [ -e /venv/from-debian ]; then \\',
    `      apt-get update && apt-get install -y --no-install-recommends ${debian.join(' ')} \\`,
    '      && rm -rf /var/lib/apt/lists/*; \\',
    '    fi',
    ...(facts.native.some(({ value }) => value === 'mysqlclient' || value === 'flask-mysqldb')
      ? [
          'RUN if [ ! -e /venv/from-debian ]; then \\',
          '      apt-get update && apt-get install -y --no-install-recommends libmariadb3 && rm -rf /var/lib/apt/lists/*; \\',
          '    fi',
        ]
      : []),
    'COPY . .',
    ...(facts.build ? [`# build: ${facts.build.source}`, `RUN ${placeholders(facts)}${facts.build.value}`] : []),
    OWN_FOLDER,
    ...AS_NOBODY,
    `# port: ${facts.port.source}`,
    `EXPOSE ${facts.port.value}`,
    `# start: ${facts.start.source}`,
    `CMD ${execForm(facts.start.value)}`,
  ];
  return {
    text: `${lines.join('\n')}\n`,
    dockerignore: dockerignore([
      '__pycache__',
      '**/__pycache__',
      '*.pyc',
      '.venv',
      'venv',
      '.pytest_cache',
      '.tox',
      '*.sqlite3',
    ]),
    notes: [],
  };
}

/** What settings insist on when a build step loads them: any value does, none of them is kept in the image. */
function placeholders(facts: Facts): string {
  const needed = facts.variables.filter(({ fallback, optional }) => fallback === undefined && optional !== true);
  return needed.map((variable) => `${variable.name}=${placeholder(variable)} `).join('');
}

function placeholder({ name, service }: Variable): string {
  if (service?.part === 'port' || name.endsWith('PORT')) return '1';
  if (service?.part === 'url' && (service.kind === 'mysql' || service.kind === 'postgres'))
    return 'sqlite:////tmp/build';
  if (/UR[LI]$/.test(name)) return 'http://localhost';
  return 'build';
}

function installLine(facts: Facts, extra: readonly string[]): { command: string; needsTree: boolean } {
  const also = extra.length > 0 ? ` ${extra.join(' ')}` : '';
  const then = also ? ` && ${PIP}${also}` : '';
  const files = facts.manifestFiles;
  const requirements = files.find((path) => /requirements.*\.txt$|^requirements\//.test(path));
  switch (facts.packageManager?.value) {
    case 'uv':
      return {
        command: `${PIP} uv && UV_PROJECT_ENVIRONMENT=/venv /venv/bin/uv sync --frozen --no-dev --no-install-project${then}`,
        needsTree: false,
      };
    case 'poetry':
      return {
        command: `python3 -m venv /poetry && /poetry/bin/pip install poetry && VIRTUAL_ENV=/venv /poetry/bin/poetry install --only main --no-root${then}`,
        needsTree: false,
      };
    case 'pipenv': {
      const exact = files.includes('Pipfile.lock') ? ' --deploy' : ' --skip-lock';
      return {
        command: `python3 -m venv /pipenv && /pipenv/bin/pip install pipenv && VIRTUAL_ENV=/venv /pipenv/bin/pipenv install${exact}${then}`,
        needsTree: false,
      };
    }
    default:
      if (requirements !== undefined) return { command: `${PIP} -r ${requirements}${also}`, needsTree: false };
      // Installing the project itself needs its sources.
      if (files.some((path) => /^(?:pyproject\.toml|setup\.(?:py|cfg))$/.test(path))) {
        return { command: `${PIP} .${also}`, needsTree: true };
      }
      return { command: also ? `${PIP}${also}` : 'true', needsTree: false };
  }
}
