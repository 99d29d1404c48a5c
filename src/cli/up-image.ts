import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, UserError } from '../base/index.ts';
import { type BuildContext, copyContext, dockerfileFor, readContext } from '../road/image/index.ts';
import type { Build } from '../road/model/index.ts';
import type { Facts } from '../road/project/index.ts';

/** What an image is made from, known before anything is built. */
export interface ImagePlan {
  readonly dockerfile: string;
  /** The folder's own Dockerfile; undefined when the text was written by wherry. */
  readonly ownPath: string | undefined;
  readonly dockerignore: string;
  readonly context: BuildContext;
  readonly target?: string | undefined;
  readonly buildArguments?: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** @throws UserError when neither the folder nor its language gives a Dockerfile. */
export function planImage(facts: Facts): ImagePlan {
  const own = facts.dockerfile && join(facts.directory, facts.dockerfile.path);
  const generated = own === undefined ? dockerfileFor(facts) : undefined;
  if (own === undefined && !generated) {
    throw new UserError(facts.directory, 'no Dockerfile can be written for this app', 'Bring your own.');
  }
  const plan = planBuild({
    name: facts.name.value,
    directory: own === undefined ? (facts.workspace?.value ?? facts.directory) : facts.directory,
    dockerfile: own,
    text: generated?.text,
    dockerignore: generated?.dockerignore,
    target: undefined,
    arguments: {},
  });
  return { ...plan, notes: generated?.notes ?? [] };
}

/**
 * What one build of an application reads; its hash changes with every file, argument and target.
 * @throws UserError when its Dockerfile is not there or the context is too large.
 */
export function planBuild(build: Build): ImagePlan {
  const ownIgnore = textOf(join(build.directory, '.dockerignore'));
  const dockerfile = build.dockerfile === undefined ? build.text : textOf(build.dockerfile);
  if (dockerfile === undefined) {
    throw new UserError(
      build.dockerfile ?? build.directory,
      'there is no such Dockerfile',
      'Write one there, or correct the path.',
    );
  }
  const dockerignore = ownIgnore ?? build.dockerignore ?? '';
  // What decides the image besides the files; nothing is added where nothing is said, so that hashes stay.
  const more = build.target === undefined && Object.keys(build.arguments).length === 0 ? '' : JSON.stringify(build);
  // History changes with every commit and no Dockerfile of an app reads it; without this nothing would be unchanged.
  const context = readContext(build.directory, `${dockerignore}\n.git\n`, dockerfile + more);
  return {
    dockerfile,
    ownPath: build.dockerfile,
    dockerignore,
    context,
    target: build.target,
    buildArguments: build.arguments,
    notes: [],
  };
}

/**
 * Calls `build` with a context folder. For an app without a Dockerfile of its own that is a copy of what its build reads,
 * so that nothing is written into the app's folder; it is taken away afterwards.
 */
export async function withContext<T>(plan: ImagePlan, build: (contextDirectory: string) => Promise<T>): Promise<T> {
  if (plan.ownPath) return await build(plan.context.directory);
  const staging = mkdtempSync(join(tmpdir(), 'wherry-build-'));
  try {
    copyContext(plan.context, staging);
    return await build(staging);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
