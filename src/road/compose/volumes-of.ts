import type { Volume } from '../model/index.ts';
import { isExternal } from './claim.ts';
import type { ComposeValue } from './contract.ts';
import type { Draft } from './draft.ts';
import { labelFor, uniqueName } from './names.ts';
import { childOf, sourceOf, textOf } from './value.ts';
import type { VolumeMount } from './volume-uses.ts';

/** The volumes that parts share, while an application is read. */
export class Volumes {
  private readonly volumes = new Map<string, Volume>();
  private readonly taken = new Set<string>();

  /** The volume of that compose name, made when it is first asked for. @returns its name */
  named(source: string, definition: ComposeValue | undefined, size: string, draft: Draft, mount: VolumeMount): string {
    const known = this.volumes.get(source);
    if (known) return known.name;
    const external = isExternal(definition);
    const given = textOf(childOf(definition, 'name')) ?? textOf(childOf(definition, 'external', 'name'));
    const name = uniqueName(labelFor(external ? (given ?? source) : source), this.taken);
    this.volumes.set(source, {
      name,
      size,
      ...(external ? { external } : { shared: !this.isAlone(source, draft) }),
      source: sourceOf((definition ?? mount.value).at),
    });
    return name;
  }

  /** Only one pod ever writes: a job's, or of something that is never rolled side by side. */
  private isAlone(source: string, draft: Draft): boolean {
    const uses = draft.whole.volumeUses.get(source) ?? [];
    return uses.length <= 1 && draft.kind === 'job';
  }

  all(): Volume[] {
    return [...this.volumes.values()];
  }
}
