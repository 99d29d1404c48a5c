import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../base/index.ts';
import { applicationOfCompose, type ReportLine, readCompose } from '../road/compose/index.ts';
import { type Manifest, objectsOf } from '../road/manifests/index.ts';
import { colors as pc } from './colors.ts';
import type { ConvertOptions } from './convert.ts';
import { processEnvironment } from './process-environment.ts';
import { yamlLines } from './yaml-lines.ts';

/** Prints or writes the objects, and tells what became of each key on standard error. */
export async function convertCompose(files: readonly string[], options: ConvertOptions): Promise<void> {
  const project = await readCompose(files, {
    environment: processEnvironment(),
    ...(options.profile ? { profiles: options.profile } : {}),
    ...(options.envFile ? { envFiles: options.envFile } : {}),
    ...(options.projectDirectory === undefined ? {} : { projectDirectory: options.projectDirectory }),
    ...(options.name === undefined ? {} : { name: options.name }),
  });
  const { application, report, imageNames } = applicationOfCompose(project);
  const imageOf = (build: string): string =>
    imageNames.get(build) ?? `${options.imagePrefix}${application.name}-${build}:latest`;
  const { objects, notes } = objectsOf(application, {
    namespace: options.namespace,
    imageOf,
    ordering: 'objects',
    host: options.host ?? `${application.name}.localhost`,
  });
  const builds = application.builds.map(
    ({ name, directory }) =>
      `image ${imageOf(name)} is built from ${directory}: wherry image build ${directory} --tag ${imageOf(name)}`,
  );
  const host =
    application.front === undefined || options.host !== undefined
      ? []
      : [`the Ingress answers to ${application.name}.localhost; choose another with --host`];
  const secrets =
    options.output === undefined && objects.some(({ kind }) => kind === 'Secret')
      ? ['Secrets are among the objects; keep them out of version control']
      : [];
  const allNotes = [...application.notes, ...notes, ...host, ...builds, ...secrets];
  if (options.output !== undefined) writeObjects(objects, options.output);
  if (options.json) console.log(JSON.stringify({ objects, report, notes: allNotes }, null, 2));
  else if (options.output === undefined) console.log(yamlOf(objects));
  if (!options.json) console.error(reportText(report, allNotes, options.verbose ?? false));
  if (options.strict && report.some(({ outcome }) => outcome === 'dropped')) process.exitCode = 1;
}

function yamlOf(objects: readonly Manifest[]): string {
  return objects.map(yamlLines).join('\n---\n');
}

/** Numbered, so that what applies a folder in the order of its names keeps theirs. */
function writeObjects(objects: readonly Manifest[], folder: string): void {
  if (existsSync(folder)) {
    const strange = readdirSync(folder).filter((name) => !/^\d+-[a-z]+-.+\.yaml$/.test(name));
    if (strange.length > 0) {
      throw new UserError(folder, `holds other files (${strange[0]})`, 'Name a folder of its own: -o k8s/');
    }
    if (readdirSync(folder).length > 0) {
      throw new UserError(folder, 'holds objects already', 'Remove it, or name another folder.');
    }
  }
  mkdirSync(folder, { recursive: true });
  const digits = String(objects.length).length;
  for (const [index, object] of objects.entries()) {
    const number = String(index + 1).padStart(digits, '0');
    const path = join(folder, `${number}-${object.kind.toLowerCase()}-${object.metadata.name}.yaml`);
    // Secrets are among them.
    writeFileSync(path, `${yamlOf([object])}\n`, { mode: object.kind === 'Secret' ? 0o600 : 0o644 });
  }
  console.error(
    `${objects.length} files written to ${folder}; Secrets are among them, so keep it out of version control`,
  );
}

const COLORS = { mapped: pc.green, changed: pc.yellow, dropped: pc.red } as const;

/** Columns for people; what means the same is only counted unless asked for. */
function reportText(report: readonly ReportLine[], notes: readonly string[], verbose: boolean): string {
  const shown = verbose ? report : report.filter(({ outcome }) => outcome !== 'mapped');
  const keyWidth = Math.min(52, Math.max(0, ...shown.map(({ key }) => key.length)));
  const sourceWidth = Math.max(0, ...shown.map(({ source }) => source.length));
  const lines = shown.flatMap(({ outcome, key, source, what, todo }) => [
    `${COLORS[outcome](outcome.padEnd(8))} ${key.padEnd(keyWidth)}  ${pc.dim(source.padEnd(sourceWidth))}  ${what}`,
    ...(todo === undefined ? [] : [`         ${' '.repeat(keyWidth)}  ${' '.repeat(sourceWidth)}  ${pc.dim(todo)}`]),
  ]);
  const count = (outcome: ReportLine['outcome']): number => report.filter((line) => line.outcome === outcome).length;
  return [
    ...lines,
    ...notes.map((note) => `note     ${note}`),
    `${count('mapped')} mapped, ${count('changed')} changed, ${count('dropped')} dropped${verbose ? '' : ' (--verbose shows all)'}`,
  ].join('\n');
}
