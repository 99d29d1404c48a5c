import { UserError } from '../../base/index.ts';
import type { Settings } from '../project/index.ts';
import type { Exposed, Part } from './contract.ts';

/**
 * The parts that wherry.yaml opens to clients outside the cluster, found by name, by what follows the app's name, or by role.
 * @throws UserError for a part that is not there, or that listens on nothing.
 */
export function exposedOf(wished: Settings['exposed'], app: string, parts: readonly Part[]): Exposed[] {
  return Object.entries(wished ?? {}).map(([word, { value, source }]) => {
    const open = parts.filter(({ ports }) => ports.length > 0);
    const part =
      open.find(({ name }) => name === word || name === `${app}-${word}`) ?? open.find(({ role }) => role === word);
    if (!part) {
      const known = open.map(({ name, role }) => `${role} (${name})`).join(', ');
      throw new UserError(source, `exposed names ${word}, and no part of that name listens`, `There are: ${known}.`);
    }
    return typeof value === 'number'
      ? { part: part.name, type: 'NodePort', nodePort: value }
      : { part: part.name, type: value };
  });
}
