import { badRequest, type Pod } from '../../kinds/index.ts';
import type { Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';

/** The pod of a subresource, with a node to ask. @throws StatusError 404, 400 while it is not scheduled */
export function podOf(context: ApiContext, { info, namespace, name }: Target): Pod {
  const pod = context.resources.get({
    info,
    ...(namespace !== undefined && { namespace }),
    ...(name && { name }),
  }) as Pod;
  if (!pod.spec.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  return pod;
}
