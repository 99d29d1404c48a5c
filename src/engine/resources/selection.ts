import {
  exactField,
  fieldMatcher,
  type KubeObject,
  parseFieldSelector,
  parseLabelSelector,
  type ResourceInfo,
} from '../kinds/index.ts';
import type { ListRequest } from './contract.ts';

/** What a list or a watch is narrowed to. */
export interface Selection {
  /** Undefined: everything. */
  readonly matches: ((object: KubeObject) => boolean) | undefined;
  /** Set when only one name can match. */
  readonly name: string | undefined;
}

/**
 * Matchers over objects in the version asked for.
 * @throws StatusError 400 for selectors that cannot be read or name fields that cannot be selected.
 */
export function selectionOf(info: ResourceInfo, request: ListRequest, targetName?: string): Selection {
  const labels = request.labelSelector ? parseLabelSelector(request.labelSelector) : undefined;
  const terms = request.fieldSelector ? parseFieldSelector(request.fieldSelector) : [];
  const fields = terms.length > 0 ? fieldMatcher(terms, info) : undefined;
  const name = targetName ?? exactField(terms, 'metadata.name');
  if (!labels && !fields && targetName === undefined) return { matches: undefined, name };
  return {
    matches: (object) =>
      (targetName === undefined || object.metadata.name === targetName) &&
      (!labels || labels(object.metadata.labels)) &&
      (!fields || fields(object)),
    name,
  };
}
