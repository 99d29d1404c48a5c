import { isPlain, type Mutable, type Plain } from '../object.ts';
import { compareObjects, fieldSetOf } from './compare.ts';
import { difference, type FieldTree } from './field-tree.ts';
import type { Scope } from './managers.ts';

const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/** The manager of `kubectl apply --server-side`, which takes over what `kubectl apply` did before. */
export const KUBECTL = 'kubectl';

/**
 * The fields that a client-side apply set and nobody changed since: kubectl may take them without a conflict (upstream's
 * LastAppliedManager). Undefined when there was no such apply.
 */
export function fieldsLastApplied(live: Mutable, scope: Scope): FieldTree | undefined {
  const text = live.metadata.annotations?.[ANNOTATION];
  if (!text) return undefined;
  const config = parsed(text);
  if (!config) return undefined;
  // Only what the configuration names is compared, so what the live object has beyond it plays no part.
  const { changed, removed } = compareObjects(config, live, scope.schema, scope.owned);
  return difference(difference(fieldSetOf(config, scope.schema, scope.owned), changed), removed);
}

/** Keeps the annotation in step with a server-side apply, so that a client-side one can follow (LastAppliedUpdater). */
export function syncLastApplied(object: Mutable, config: Mutable): void {
  const annotations = object.metadata.annotations;
  if (annotations?.[ANNOTATION] === undefined) return;
  const { [ANNOTATION]: _, ...others } = config.metadata.annotations ?? {};
  const value = { ...config, metadata: { ...config.metadata, annotations: others } };
  object.metadata.annotations = { ...annotations, [ANNOTATION]: `${JSON.stringify(sorted(value))}\n` };
}

function parsed(text: string): Plain | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPlain(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Keys in order, as Go writes maps. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
