import type { Facts } from '../project/index.ts';
import { execForm } from './command.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { debianPackage } from './debian-python.ts';
import { AS_NOBODY, dockerignore, heading } from './shared-lines.ts';

const CACHE = '--mount=type=cache,target=/root/.cache/pip';

/** One stage fills /venv, the image takes it over: no compiler and no package cache is left in it. */
export function pythonDockerfile(facts: Facts): GeneratedDockerfile {
  const version = facts.languageVersion;
  if (!version || !facts.start) throw new Error('a Python app without version or start has no Dockerfile');
  const base = `python:${version.value}-slim-bookworm`;
  const server = /^(gunicorn|uvicorn|hypercorn|daphne|waitress-serve)\b/.exec(facts.start.value)?.[1];
  const serverPackage = server === 'waitress-serve' ? 'waitress' : server;
  const named = new Set(facts.packages.map(({ value }) => value));
  const extra = serverPackage && !named.has(serverPackage) ? [serverPackage] : [];
  const install = installLine(facts, extra);
  const debian = [...new Set([...facts.packages.map(({ value }) => value), ...extra].flatMap(debianPackage))].sort();
  const wholeTree = install.needsTree ? ['COPY . .'] : [`COPY ${facts.manifestFiles.join(' ')} ./`];
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
    'ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/venv/bin:$PATH',
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

function installLine(facts: Facts, extra: readonly string[]): { command: string; needsTree: boolean } {
  const also = extra.length > 0 ? ` ${extra.join(' ')}` : '';
  // One retry: where one of several indexes is out of reach, pip's own five would be waited for at every package.
  const pip = '/venv/bin/pip --retries 1 install';
  switch (facts.packageManager?.value) {
    case 'uv':
      return {
        command: `${pip} uv && UV_PROJECT_ENVIRONMENT=/venv /venv/bin/uv sync --frozen --no-dev --no-install-project${extra.length > 0 ? ` && ${pip}${also}` : ''}`,
        needsTree: false,
      };
    case 'poetry':
      return {
        command: `python3 -m venv /poetry && /poetry/bin/pip install poetry && VIRTUAL_ENV=/venv /poetry/bin/poetry install --only main --no-root${extra.length > 0 ? ` && ${pip}${also}` : ''}`,
        needsTree: false,
      };
    case 'pipenv':
      return {
        command: `python3 -m venv /pipenv && /pipenv/bin/pip install pipenv && VIRTUAL_ENV=/venv /pipenv/bin/pipenv install --deploy${extra.length > 0 ? ` && ${pip}${also}` : ''}`,
        needsTree: false,
      };
    default:
      if (facts.manifestFiles.includes('requirements.txt')) {
        return { command: `${pip} -r requirements.txt${also}`, needsTree: false };
      }
      if (facts.manifestFiles.includes('pyproject.toml')) return { command: `${pip} .${also}`, needsTree: true };
      return { command: extra.length > 0 ? `${pip}${also}` : 'true', needsTree: false };
  }
}
