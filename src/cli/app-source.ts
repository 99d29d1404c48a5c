import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../base/index.ts';
import type { ReportLine } from '../road/compose/index.ts';
import { type Application, applicationOf } from '../road/model/index.ts';
import { type Facts, labelOf, markOf, readProject } from '../road/project/index.ts';
import { describeFacts } from './describe-facts.ts';
import { processEnvironment } from './process-environment.ts';

/** An application and what it was read from. */
export interface AppSource {
  readonly application: Application;
  /** Of a folder. */
  readonly facts: Facts | undefined;
  /** Of a compose file: what became of each key. */
  readonly report: readonly ReportLine[];
  /** What it is, in one line. */
  readonly label: string;
  readonly notes: readonly string[];
}

/** As compose looks for them. */
const COMPOSE_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/**
 * Reads an app: a folder, or a compose file. A folder whose only word is a compose file is read by that; where there is
 * the code of one app too, the code speaks, and a note says how the compose file is taken instead.
 * @throws UserError when nothing is recognised, or `name` cannot name objects.
 */
export async function readSource(path: string, name: string | undefined): Promise<AppSource> {
  if (name !== undefined && labelOf(name) !== name) {
    throw new UserError(
      '--app',
      `"${name}" cannot name objects: at most 40 of a-z, 0-9 and -, first a letter`,
      `Try --app ${labelOf(name)}`,
      { exitStatus: 2 },
    );
  }
  const read = await readEither(path, name);
  if ('application' in read) return read;
  const { facts } = read;
  const application = applicationOf(facts, { name: name ?? facts.name.value });
  const beside = composeFileIn(path);
  const other = beside === undefined ? [] : [`${beside} is not read, since the code is; it is carried by its name`];
  return {
    application,
    facts,
    report: [],
    label: describeFacts(facts),
    notes: [...facts.notes, ...application.notes, ...other],
  };
}

/** The application of a compose file, where that is what a path means; undefined where the code speaks. */
export async function composeSource(path: string, name: string | undefined): Promise<AppSource | undefined> {
  // Without a compose file there is nothing to choose, and the folder need not be read for it.
  if (!namesComposeFile(path) && composeFileIn(path) === undefined) return undefined;
  const read = await readEither(path, name);
  return 'application' in read ? read : undefined;
}

/** What a path means, its folder read once: an application by its compose file, or the facts of code. */
async function readEither(path: string, name: string | undefined): Promise<AppSource | { readonly facts: Facts }> {
  if (namesComposeFile(path)) return await readComposeSource([path], name);
  if (composeFileIn(path) === undefined) return { facts: await readProject(path) };
  try {
    const facts = await readProject(path);
    // An app of a folder below is one part of what the compose file describes.
    return facts.directory === resolve(path) ? { facts } : await readComposeSource([], name, path);
  } catch (error) {
    // Code that is there but wrong is told of; a compose file speaks where there is no code, or code of several apps.
    const isOpen = error instanceof UserError && /^no app recognised|^\d+ apps in this folder/.test(error.fault);
    if (!isOpen) throw error;
    return await readComposeSource([], name, path);
  }
}

function namesComposeFile(path: string): boolean {
  return /\.ya?ml$/.test(path) && isFile(path);
}

function composeFileIn(path: string): string | undefined {
  return COMPOSE_NAMES.map((file) => join(path, file)).find(
    // One that wherry wrote from the code says nothing that the code does not.
    (file) => isFile(file) && markOf(readFileSync(file, 'utf8')) !== 'unchanged',
  );
}

async function readComposeSource(
  files: readonly string[],
  name: string | undefined,
  directory?: string,
): Promise<AppSource> {
  const { applicationOfCompose, readCompose } = await import('../road/compose/index.ts');
  const [first] = files;
  const project = await readCompose(files, {
    environment: processEnvironment(),
    projectDirectory: directory ?? dirname(first ?? '.'),
    ...(name === undefined ? {} : { name }),
  });
  const { application, report } = applicationOfCompose(project);
  const lost = report.filter(({ outcome }) => outcome === 'dropped');
  const notes = lost.map(({ key, source, what, todo }) => `${source}: ${key}: ${what}${todo ? `; ${todo}` : ''}`);
  const kinds = application.parts.map((part) => part.name).join(', ');
  return {
    application,
    facts: undefined,
    report,
    label: `${application.name}: ${application.parts.length} parts of ${project.files.join(', ')} (${kinds})`,
    notes: [...application.notes, ...notes],
  };
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
