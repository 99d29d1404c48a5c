import { type KubeObject, StatusError } from '../kinds/index.ts';
import type { Context } from './context.ts';
import type { DeleteRequest, ListRequest, Target } from './contract.ts';
import { deleteObject } from './delete.ts';
import { list } from './list.ts';

const AT_ONCE = 16;

/** Deletes what the selection lists; what others deleted meanwhile is no fault. Answers the objects deleted. */
export async function deleteCollection(
  context: Context,
  target: Target,
  selection: ListRequest,
  request: DeleteRequest,
): Promise<readonly KubeObject[]> {
  const { items } = list(context, target, selection);
  const deleted: KubeObject[] = [];
  let next = 0;
  const work = async () => {
    for (let item = items[next++]; item; item = items[next++]) {
      const { name, namespace } = item.object.metadata;
      const one = { ...target, name, ...(namespace !== undefined && { namespace }) };
      try {
        deleted.push((await deleteObject(context, one, request)).object);
      } catch (error) {
        if (!(error instanceof StatusError) || error.code !== 404) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  return deleted;
}
