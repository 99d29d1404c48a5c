import type { Pod } from '../../kinds/index.ts';
import type { AdmissionRequest } from '../contract.ts';

/** The pod of a request that creates one; the verb's own copy, so an admission step may write to it. */
export function createdPod({ operation, target, object }: AdmissionRequest): Pod | undefined {
  const isPod = target.info.group === '' && target.info.resource === 'pods' && !target.subresource;
  return operation === 'CREATE' && isPod ? (object as Pod | undefined) : undefined;
}
