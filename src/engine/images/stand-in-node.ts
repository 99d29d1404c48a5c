import { chmod, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, UserError } from '../../base/index.ts';
import { LIMITS } from './settings.ts';
import { baseTitle, buildRecipe, install } from './stand-in-recipe.ts';
import type { StandIn, StandInRequest } from './stand-in-types.ts';
import { assembleBase } from './stand-ins.ts';

/** Names of the long-term releases, as images are tagged by them. */
const CODENAMES: Readonly<Record<string, string>> = { hydrogen: '18', iron: '20', jod: '22', krypton: '24', lts: '24' };

/** A script in front of the command, as the official image has it: `node` is put before a flag or a file. */
const ENTRYPOINT = `#!/bin/sh
set -e
if [ "\${1#-}" != "\${1}" ] || [ -z "$(command -v "\${1}")" ] || { [ -f "\${1}" ] && ! [ -x "\${1}" ]; }; then
  set -- node "$@"
fi
exec "$@"
`;

/** Node.js from the npm packages that carry its program and npm, on a minimal Debian. */
export const nodeStandIn: StandIn = async (request) => {
  const { tag } = request;
  const wanted = /^\d+(?:\.\d+){0,2}/.exec(tag)?.[0] ?? CODENAMES[tag.split('-')[0] ?? ''] ?? 'latest';
  const packageName = `node-linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}`;
  const [node, npm] = await Promise.all([
    programAndNpm(request, packageName, wanted),
    assembleBase(request.store, request.options),
  ]).then(([programs]) => programs);
  // Tags without a variant promise compilers and tools for packages with native parts.
  const full = !/slim|alpine/.test(tag);
  const { config } = await buildRecipe(
    request,
    `${full ? install(['curl', 'git', 'openssh-client']) : ''}
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
COPY files/ /usr/local/
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx && ln -s node /usr/local/bin/nodejs && node --version && npm --version
ENV NODE_VERSION=${node.version}
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
`,
    async (context) => {
      const files = join(context, 'files');
      await mkdir(join(files, 'bin'), { recursive: true });
      await mkdir(join(files, 'lib/node_modules'), { recursive: true });
      await rename(join(node.directory, 'bin/node'), join(files, 'bin/node'));
      await chmod(join(files, 'bin/node'), 0o755);
      await rename(npm.directory, join(files, 'lib/node_modules/npm'));
      await writeFile(join(files, 'bin/docker-entrypoint.sh'), ENTRYPOINT);
      await chmod(join(files, 'bin/docker-entrypoint.sh'), 0o755);
    },
  );
  const lacks = [/alpine/.test(tag) ? 'not Alpine: no apk' : '', full ? 'without compilers' : ''].filter(Boolean);
  const note = `${baseTitle()} packages and the npm package ${packageName} ${node.version}`;
  return { config, note: lacks.length > 0 ? `${note} (${lacks.join(', ')})` : note };
};

async function programAndNpm(request: StandInRequest, packageName: string, wanted: string) {
  const node = await unpackedPackage(request, packageName, wanted, 'node');
  return [node, await unpackedPackage(request, 'npm', npmFor(node.version), 'npm')] as const;
}

/** The major version of npm that came with a version of Node.js. */
function npmFor(version: string): string {
  return Number(version.split('.')[0]) >= 24 ? '11' : '10';
}

async function unpackedPackage(
  { store, scratch, options, name }: StandInRequest,
  packageName: string,
  range: string,
  label: string,
): Promise<{ directory: string; version: string }> {
  const directory = join(scratch, label);
  await mkdir(directory);
  options.onProgress?.(`${name}: fetching the npm package ${packageName}@${range}`);
  try {
    await run(
      'npm',
      ['pack', `${packageName}@${range}`, '--silent', '--ignore-scripts', '--pack-destination', directory],
      {
        cwd: directory,
        env: { ...store.library.settings.environment },
        timeoutMs: LIMITS.programTimeoutMs,
        ...(options.signal ? { signal: options.signal } : {}),
      },
    );
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new UserError(
      name,
      `no registry in reach, and npm could not fetch ${packageName}@${range}`,
      'See whether npm reaches its registry, and whether that version exists.',
      { cause: error },
    );
  }
  // A range brings every version in it when several are named; the archive of the newest is the last.
  const archive = (await readdir(directory))
    .filter((file) => file.endsWith('.tgz'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  if (!archive) throw new UserError(name, `npm fetched nothing for ${packageName}@${range}`);
  await run('tar', ['--extract', '--gzip', '--file', archive, '--no-same-owner'], {
    cwd: directory,
    timeoutMs: 300_000,
  });
  const { version }: { version: string } = JSON.parse(await readFile(join(directory, 'package/package.json'), 'utf8'));
  return { directory: join(directory, 'package'), version };
}
