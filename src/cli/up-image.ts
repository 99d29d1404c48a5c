import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, UserError } from '../base/index.ts';
import { type BuildContext, copyContext, dockerfileFor, readContext } from '../road/image/index.ts';
import type { Facts } from '../road/project/index.ts';

/** What an app's image is made from, known before anything is built. */
export interface ImagePlan {
  readonly dockerfile: string;
  /** The folder's own Dockerfile; undefined when the text was written by wherry. */
  readonly ownPath: string | undefined;
  readonly dockerignore: string;
  readonly context: BuildContext;
  readonly notes: readonly string[];
}

/** @throws UserError when neither the folder nor its language gives a Dockerfile. */
export function planImage(facts: Facts): ImagePlan {
  const ownIgnore = textOf(join(facts.directory, '.dockerignore'));
  if (facts.dockerfile) {
    const ownPath = join(facts.directory, facts.dockerfile.path);
    const dockerfile = readFileSync(ownPath, 'utf8');
    const dockerignore = ownIgnore ?? '';
    // History changes with every commit and no Dockerfile of an app reads it; without this nothing would be unchanged.
    const context = readContext(facts.directory, `${dockerignore}\n.git\n`, dockerfile);
    return { dockerfile, ownPath, dockerignore, context, notes: [] };
  }
  const generated = dockerfileFor(facts);
  if (!generated) throw new UserError(facts.directory, 'no Dockerfile can be written for this app', 'Bring your own.');
  const dockerignore = ownIgnore ?? generated.dockerignore;
  const context = readContext(facts.directory, dockerignore, generated.text);
  return { dockerfile: generated.text, ownPath: undefined, dockerignore, context, notes: generated.notes };
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
