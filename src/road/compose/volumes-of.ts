import type { Volume } from '../model/index.ts';
import { isExternal } from './claim.ts';
import type { ComposeValue, Position } from './contract.ts';
import { labelFor, uniqueName } from './names.ts';
import { childOf, sourceOf, textOf } from './value.ts';

/** The volumes that parts share, while an application is read. */
export class Volumes {
  private readonly volumes = new Map<string, Volume>();
  private readonly taken = new Set<string>();

  /**
   * The volume known under `id`, made when it is first asked for.
   * @param users services that mount it; several, or several pods of one, need a disk that all of them may write
   * @returns its name
   */
  named(
    id: string,
    wanted: string,
    users: number,
    definition: ComposeValue | undefined,
    size: string,
    at: Position,
  ): string {
    const known = this.volumes.get(id);
    if (known) return known.name;
    const external = isExternal(definition);
    const given = textOf(childOf(definition, 'name')) ?? textOf(childOf(definition, 'external', 'name'));
    const name = uniqueName(labelFor(external ? (given ?? wanted) : wanted), this.taken);
    this.volumes.set(id, {
      name,
      size,
      ...(external ? { external } : users > 1 ? { shared: true } : {}),
      source: sourceOf(definition?.at ?? at),
    });
    return name;
  }

  all(): Volume[] {
    return [...this.volumes.values()];
  }
}
