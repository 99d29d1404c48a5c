import { ageSince } from '../age.ts';
import type { Behaviour, KubeObject } from '../contract.ts';
import { invalidAll, required } from '../faults.ts';
import type { RuntimeClass } from '../generated/types.ts';
import { isDnsLabel } from '../names.ts';
import { immutable } from '../object-meta.ts';

const runtime = (object: KubeObject) => object as unknown as RuntimeClass;

export const runtimeClass: Behaviour = {
  unconditionalUpdate: false,
  cells: (object, now) => [
    runtime(object).metadata.name,
    runtime(object).handler,
    ageSince(runtime(object).metadata.creationTimestamp, now),
  ],
  validate(object) {
    const { handler } = runtime(object);
    return handler ? invalidAll('handler', handler, isDnsLabel(handler)) : [required('handler')];
  },
  validateUpdate: (object, old) => immutable(runtime(object).handler, runtime(old).handler, 'handler'),
};
