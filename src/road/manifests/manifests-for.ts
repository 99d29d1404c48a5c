import { applicationOf } from '../model/index.ts';
import type { Facts } from '../project/index.ts';
import type { ManifestOptions, Manifests } from './contract.ts';
import { objectsOf } from './objects-of.ts';

/**
 * The objects that run the app of a folder, for wherry's own runner.
 * @throws UserError when the SQL file is too large to be carried in an object.
 */
export function manifestsFor(facts: Facts, options: ManifestOptions): Manifests {
  const { name, image, ...rest } = options;
  const application = applicationOf(facts, { name });
  const { objects, notes } = objectsOf(application, { ...rest, imageOf: () => image, ordering: 'runner' });
  return { objects, notes: [...application.notes, ...notes] };
}
