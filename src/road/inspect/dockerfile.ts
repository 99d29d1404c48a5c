import { readFileSync } from 'node:fs';
import type { Facts, Language } from '../project/index.ts';
import type { ProcessFacts, PuppetFacts, UnitFacts } from './contract.ts';

const USER_ID = 10001;
const IMAGES: Readonly<Partial<Record<Language, string>>> = { node: 'node', python: 'python', ruby: 'ruby' };
/** In every image of Debian. */
const ALWAYS_THERE =
  /^(?:libc6|libgcc-s1|libc-bin|base-files|bash|dash|coreutils|zlib1g|libcrypt1|libselinux1|libpcre2-8-0|libtinfo6|libacl1|libattr1|libmd0|libzstd1|liblzma5|libbz2-1\.0|gcc-\d+-base)$/;

/**
 * A Dockerfile for a program of which only the file, or only a package, is known: Debian with its packages, its folder,
 * a user that is not root. Nothing that is secret stands in it.
 */
export function debianDockerfile(
  facts: Facts,
  process: ProcessFacts | undefined,
  unit: UnitFacts | undefined,
  puppet: PuppetFacts | undefined,
): string {
  const executable = process?.executable.value;
  const owner = process?.packages.find(
    ({ files }) =>
      executable !== undefined && files.some((file) => `/usr${file}` === executable || file === executable),
  );
  const fromPuppet = (puppet?.packages ?? []).map(({ value }) => value);
  const base = interpreterImage(facts, fromPuppet);
  // The interpreter comes with its image, and with it what it is linked to.
  const wanted = base ? [] : owner ? [owner] : (process?.packages ?? []).filter(({ name }) => !ALWAYS_THERE.test(name));
  const declared = (puppet?.packages ?? []).filter(({ value }) => !wanted.some(({ name }) => name === value));
  const needed = base === undefined && facts.language?.value === 'python' ? ['python3'] : [];
  const names = [
    ...new Set([...wanted.map(({ name }) => name), ...declared.map(({ value }) => value), ...needed]),
  ].sort();
  const hasFolder = facts.directory !== '/';
  const lines = [
    `# Written by wherry from ${[process && `/proc/${process.id}`, unit?.paths[0]].filter(Boolean).join(' and ')}.`,
    ...(hasFolder ? [`# Build it in ${facts.directory}.`] : []),
    ...(base && facts.languageVersion
      ? [`# ${facts.language?.value} ${facts.languageVersion.value}: ${facts.languageVersion.source}`]
      : []),
    `FROM ${base ?? `debian:${debianRelease()}-slim`}`,
  ];
  if (names.length > 0) {
    lines.push(
      ...wanted.map(({ name, version, files }) => `# ${name} ${version}: ${files[0] ?? ''}`),
      ...declared.map(({ value, source }) => `# ${value}: ${source}`),
      `RUN apt-get update && apt-get install -y --no-install-recommends ${names.join(' ')} && rm -rf /var/lib/apt/lists/*`,
    );
  }
  if (hasFolder) lines.push(`WORKDIR ${facts.directory}`, 'COPY . .');
  else if (process) lines.push(`WORKDIR ${process.workingDirectory.value}`);
  lines.push(
    `# user: ${process?.user.source ?? unit?.user?.source ?? 'default'} said ${process?.user.value ?? unit?.user?.value ?? 'root'}; a number is what Kubernetes can check`,
  );
  lines.push(`USER ${USER_ID}:${USER_ID}`);
  lines.push(`# port: ${facts.port.source}`, `EXPOSE ${facts.port.value}`);
  if (facts.start)
    lines.push(
      `# start: ${facts.start.source}`,
      `CMD ${execForm(base === undefined ? facts.start.value.replace(/^python(?= )/, 'python3') : facts.start.value)}`,
    );
  return `${lines.join('\n')}\n`;
}

function execForm(line: string): string {
  return /[^\w@%+=:,./\s-]/.test(line)
    ? JSON.stringify(['sh', '-c', `exec ${line}`])
    : JSON.stringify(line.split(/\s+/));
}

/** Debian's own modules of Python are found by Debian's Python only. */
function interpreterImage({ language, languageVersion }: Facts, packages: readonly string[]): string | undefined {
  const image = language && IMAGES[language.value];
  if (!image || !languageVersion || packages.some((name) => name.startsWith('python3'))) return undefined;
  return `${image}:${languageVersion.value}-slim-bookworm`.replace(
    /^node:(\d+)-slim-bookworm$/,
    'node:$1-bookworm-slim',
  );
}

/** What this machine runs, so that the same packages exist. */
function debianRelease(): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    if (!/^ID="?debian"?$/m.test(text)) return '12';
    return /^VERSION_ID="?(\d+)"?$/m.exec(text)?.[1] ?? '12';
  } catch {
    return '12';
  }
}
