import type { Facts } from '../project/index.ts';
import { execForm } from './command.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { AS_NOBODY, dockerignore, heading } from './shared-lines.ts';

interface PackageManager {
  /** Set up before the first use. */
  prepare: readonly string[];
  /** Install exactly what the lockfile says; without one, what the manifest allows. */
  install: (locked: boolean) => string;
  /** The same without packages of development. */
  installProduction: (locked: boolean) => string;
  prune: string;
}

const CACHE = '--mount=type=cache,target=/root/.npm';
const MANAGERS: Readonly<Record<string, PackageManager>> = {
  npm: {
    prepare: [],
    install: (locked) => `RUN ${CACHE} npm ${locked ? 'ci' : 'install'} --no-audit --no-fund`,
    installProduction: (locked) => `RUN ${CACHE} npm ${locked ? 'ci' : 'install'} --omit=dev --no-audit --no-fund`,
    prune: 'RUN npm prune --omit=dev --no-audit --no-fund',
  },
  pnpm: {
    prepare: [`RUN ${CACHE} npm install --global pnpm`],
    install: (locked) => `RUN pnpm install${locked ? ' --frozen-lockfile' : ''}`,
    installProduction: (locked) => `RUN pnpm install --prod${locked ? ' --frozen-lockfile' : ''}`,
    prune: 'RUN CI=true pnpm prune --prod',
  },
  yarn: {
    prepare: [],
    install: (locked) => `RUN yarn install${locked ? ' --frozen-lockfile' : ''}`,
    installProduction: (locked) => `RUN yarn install --production${locked ? ' --frozen-lockfile' : ''}`,
    prune: 'RUN yarn install --production --ignore-scripts --prefer-offline',
  },
};

/** Stages: packages by the manifest alone (kept until it changes), the build with everything, the image with neither. */
export function nodeDockerfile(facts: Facts): GeneratedDockerfile {
  const version = facts.languageVersion;
  const manager = MANAGERS[facts.packageManager?.value ?? 'npm'] ?? MANAGERS.npm;
  if (!version || !facts.start || !manager) throw new Error('a Node.js app without version or start has no Dockerfile');
  const base = `node:${version.value}-bookworm-slim`;
  const locked = facts.manifestFiles.some((path) => /lock|shrinkwrap/.test(path));
  const packages = `COPY ${facts.manifestFiles.join(' ')} ./`;
  const needed = facts.startNeedsDevelopment;
  // Without packages nothing makes the folder that the last stage copies.
  const folder = facts.packages.length === 0 ? ' && mkdir -p node_modules' : '';
  const lines = [
    ...heading(facts),
    `# Node.js ${version.value}: ${version.source}`,
    `FROM ${base} AS dependencies`,
    'ENV NPM_CONFIG_UPDATE_NOTIFIER=false',
    'WORKDIR /app',
    ...manager.prepare,
    ...(facts.native.length > 0
      ? [
          `# ${facts.native.map((fact) => `${fact.value} (${fact.source})`).join(', ')} may be compiled when installed`,
          'RUN apt-get update && apt-get install -y --no-install-recommends build-essential python3 && rm -rf /var/lib/apt/lists/*',
        ]
      : []),
    `# ${facts.packageManager?.value ?? 'npm'}: ${facts.packageManager?.source ?? 'default'}`,
    packages,
    (facts.build || needed ? manager.install(locked) : manager.installProduction(locked)) + folder,
    '',
  ];
  if (facts.build) {
    lines.push(
      `# build: ${facts.build.source}`,
      'FROM dependencies AS build',
      'COPY . .',
      `RUN ${facts.build.value} && rm -rf node_modules`,
      '',
    );
    if (!needed) lines.push('FROM dependencies AS packages', manager.prune + folder, '');
  }
  const packagesStage = facts.build && !needed ? 'packages' : 'dependencies';
  lines.push(
    `FROM ${base}`,
    'ENV NODE_ENV=production',
    'WORKDIR /app',
    `COPY --from=${packagesStage} /app/node_modules ./node_modules`,
    facts.build ? 'COPY --from=build /app ./' : 'COPY . .',
    ...AS_NOBODY,
    `# port: ${facts.port.source}`,
    `EXPOSE ${facts.port.value}`,
    `# start: ${facts.start.source}`,
    `CMD ${execForm(facts.start.value)}`,
  );
  const notes = needed
    ? [
        `${needed.source}: the start command needs ${needed.value}, a package of development, so all of those are in the image`,
      ]
    : [];
  return {
    text: `${lines.join('\n')}\n`,
    dockerignore: dockerignore([
      'node_modules',
      '**/node_modules',
      'npm-debug.log*',
      ...(facts.build ? ['dist'] : []),
      'coverage',
    ]),
    notes,
  };
}
