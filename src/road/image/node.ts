import { posix, relative } from 'node:path';
import type { Facts } from '../project/index.ts';
import { execForm } from './command.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { nginxStage } from './nginx.ts';
import { nodePackageManager } from './node-package-managers.ts';
import { AS_NOBODY, copyLines, dockerignore, heading, OWN_FOLDER } from './shared-lines.ts';

/**
 * Stages: packages by the manifests alone (kept until those change), the build with everything, the image with neither;
 * built pages go to nginx. An app of a workspace is built from the workspace's folder and runs in its own.
 */
export function nodeDockerfile(facts: Facts): GeneratedDockerfile {
  const version = facts.languageVersion;
  if (!version || !facts.start) throw new Error('a Node.js app without version or start has no Dockerfile');
  const base = `node:${version.value}-bookworm-slim`;
  const pages = facts.output !== undefined && facts.start.value.startsWith('nginx ');
  const inWorkspace = facts.workspace && relative(facts.workspace.value, facts.directory).replaceAll('\\', '/');
  const work = inWorkspace ? `/app/${inWorkspace}` : '/app';
  const lines = [
    ...heading(facts),
    `# Node.js ${version.value}: ${version.source}`,
    `FROM ${base} AS dependencies`,
    ...packageLines(facts, work),
    ...buildLines(facts, work, pages),
  ];
  if (pages) {
    const from = facts.build ? 'build' : 'dependencies';
    const copy = [
      `# pages: ${facts.output?.source}`,
      `COPY --from=${from} ${posix.join(work, facts.output?.value ?? '.')} /usr/share/nginx/html`,
    ];
    lines.push(...nginxStage(facts, { copy, singlePage: true }));
  } else lines.push(...lastStage(facts, base, work));
  return { text: `${lines.join('\n')}\n`, dockerignore: ignored(facts, pages), notes: notesOf(facts) };
}

/** Where programs of packages lie: of the app itself and, in a workspace, of the whole. */
function programsIn(work: string): string {
  return [...new Set([work, '/app'])].map((folder) => `${folder}/node_modules/.bin`).join(':');
}

/** Whether packages of development must be there: to build, or for a command of the running app. */
function needsAll(facts: Facts): boolean {
  return facts.build !== undefined || facts.startNeedsDevelopment !== undefined || schemaOf(facts) !== undefined;
}

function isStandalone(facts: Facts): boolean {
  return facts.start?.value.includes('.next/standalone/') === true;
}

/** Whether the packages of development are taken away again in a stage of their own. */
function prunes(facts: Facts): boolean {
  return needsAll(facts) && facts.startNeedsDevelopment === undefined && !isStandalone(facts);
}

function schemaOf(facts: Facts): string | undefined {
  return facts.manifestFiles.find((path) => path.endsWith('.prisma'));
}

function packageLines(facts: Facts, work: string): string[] {
  const manager = nodePackageManager(facts);
  const compiled = facts.native.map((fact) => `${fact.value} (${fact.source})`).join(', ');
  const schema = schemaOf(facts);
  // Without packages nothing makes the folder that the last stage copies.
  const folder = facts.packages.length === 0 && !facts.workspace ? ' && mkdir -p node_modules' : '';
  return [
    `ENV NPM_CONFIG_UPDATE_NOTIFIER=false PATH=${programsIn(work)}:$PATH`,
    'WORKDIR /app',
    ...manager.prepare,
    ...(compiled
      ? [
          `# ${compiled} may be compiled when installed`,
          'RUN apt-get update && apt-get install -y --no-install-recommends build-essential python3 && rm -rf /var/lib/apt/lists/*',
        ]
      : []),
    `# ${facts.packageManager?.value ?? 'npm'}: ${facts.packageManager?.source ?? 'default'}`,
    ...copyLines(facts.manifestFiles),
    ...(facts.preparing
      ? [
          `# prepare (${facts.preparing.source}) is for the author's own checkout`,
          'RUN npm pkg delete scripts.prepare scripts.postprepare',
        ]
      : []),
    (needsAll(facts) ? manager.install : manager.installProduction) + folder,
    ...(schema
      ? [
          `# the client of ${schema}`,
          `RUN if command -v prisma >/dev/null; then prisma generate --schema ${schema}; fi`,
        ]
      : []),
    '',
  ];
}

function buildLines(facts: Facts, work: string, pages: boolean): string[] {
  // The standalone output brings the packages it needs along, below its own folder, which must be spared.
  const after = isStandalone(facts)
    ? `${standaloneFiles(work)} && rm -rf node_modules`
    : ' && find . -name node_modules -prune -exec rm -rf {} +';
  return [
    ...(facts.build
      ? [
          `# build: ${facts.build.source}`,
          'FROM dependencies AS build',
          'COPY . .',
          `RUN ${facts.build.value}${pages ? '' : after}`,
          '',
        ]
      : []),
    ...(prunes(facts) && !pages ? ['FROM dependencies AS packages', nodePackageManager(facts).prune(facts), ''] : []),
  ];
}

/** nextjs.org/docs, "output": static files and the public folder are not copied by the build. */
function standaloneFiles(work: string): string {
  return ` && cp -r ${work}/.next/static ${work}/.next/standalone/.next/static && if [ -d ${work}/public ]; then cp -r ${work}/public ${work}/.next/standalone/public; fi`;
}

function lastStage(facts: Facts, base: string, work: string): string[] {
  const { start } = facts;
  const packages = prunes(facts) ? 'packages' : 'dependencies';
  const copies = isStandalone(facts)
    ? ['COPY --from=build /app ./']
    : facts.workspace
      ? [`COPY --from=${packages} /app ./`, facts.build ? 'COPY --from=build /app ./' : 'COPY . .']
      : [
          `COPY --from=${packages} /app/node_modules ./node_modules`,
          facts.build ? 'COPY --from=build /app ./' : 'COPY . .',
        ];
  return [
    `FROM ${base}`,
    `ENV NODE_ENV=production PATH=${programsIn(work)}:$PATH`,
    'WORKDIR /app',
    ...copies,
    ...(work === '/app' ? [] : [`# ${facts.workspace?.source}`, `WORKDIR ${work}`]),
    OWN_FOLDER,
    ...AS_NOBODY,
    `# port: ${facts.port.source}`,
    `EXPOSE ${facts.port.value}`,
    `# start: ${start?.source ?? 'default'}`,
    `CMD ${execForm(start?.value ?? '')}`,
  ];
}

function ignored(facts: Facts, pages: boolean): string {
  const made = facts.build ? ['dist', '.next', '.nuxt', '.output', '.svelte-kit', '.turbo'] : [];
  return dockerignore([
    'node_modules',
    '**/node_modules',
    'npm-debug.log*',
    ...made.flatMap((name) => (facts.workspace ? [`**/${name}`] : [name])),
    'coverage',
    // What is built into pages is public by nature, and the build reads it from there.
    ...(pages ? ['!.env.production', '!**/.env.production'] : []),
  ]);
}

function notesOf(facts: Facts): string[] {
  const needed = facts.startNeedsDevelopment;
  return needed
    ? [
        `${needed.source}: ${facts.start?.value.includes(needed.value) ? 'the start command' : 'a command of the app'} needs ${needed.value}, a package of development, so all of those are in the image`,
      ]
    : [];
}
