import { badRequest, copy, requestEntityTooLarge, StatusError } from '../kinds/index.ts';
import { isPlain } from './object.ts';

const OPERATIONS_MAX = 10_000;
const OPERATIONS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

/**
 * RFC 6902. Never writes to `target`.
 * @throws StatusError 400 when it is no JSON patch, 413 with too many operations, 422 when an operation fails
 */
export async function jsonPatch(target: unknown, patch: unknown): Promise<unknown> {
  if (!Array.isArray(patch))
    throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  if (patch.length > OPERATIONS_MAX) {
    throw requestEntityTooLarge(
      `The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${patch.length}`,
    );
  }
  const { applyPatch } = await import('rfc6902');
  const whole = { document: copy(target) };
  for (const operation of patch) {
    if (!isPlain(operation) || typeof operation.path !== 'string' || !OPERATIONS.has(String(operation.op)))
      throw failed();
    if (operation.op === 'test' || operation.op === 'replace' || operation.op === 'add') {
      if (!('value' in operation)) throw failed();
    }
    // The document hangs below a key of its own, so that a path of '' can replace it whole.
    const moved = {
      ...operation,
      path: `/document${operation.path}`,
      ...(typeof operation.from === 'string' && { from: `/document${operation.from}` }),
    };
    const [fault] = applyPatch(whole, [moved as never]);
    if (fault) throw failed();
  }
  return whole.document;
}

/** 422 in the words of upstream's generic response. */
function failed(): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'the server rejected our request due to an error in our request',
    reason: 'Invalid',
    details: {},
    code: 422,
  });
}
