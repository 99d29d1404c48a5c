import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../base/index.ts';
import { dockerfileFor } from '../image/index.ts';
import type { Facts } from '../project/index.ts';
import type { Build } from './contract.ts';

/** @throws UserError when neither the folder nor its language gives a Dockerfile. */
export function buildOf(facts: Facts, name: string): Build {
  const directory = facts.workspace?.value ?? facts.directory;
  const common = { name, target: undefined, arguments: {} };
  if (facts.dockerfile) {
    const dockerfile = join(facts.directory, facts.dockerfile.path);
    return { ...common, directory, dockerfile, text: undefined, dockerignore: undefined };
  }
  const generated = dockerfileFor(facts);
  if (!generated) throw new UserError(facts.directory, 'no Dockerfile can be written for this app', 'Bring your own.');
  const own = existsSync(join(directory, '.dockerignore'));
  return {
    ...common,
    directory,
    dockerfile: undefined,
    text: generated.text,
    dockerignore: own ? undefined : generated.dockerignore,
  };
}
