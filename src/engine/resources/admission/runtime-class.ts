import { forbidden, kinds } from '../../kinds/index.ts';
import type { Admission } from '../contract.ts';
import { createdPod } from './pod-admission.ts';

/** The overhead, node selector and tolerations of a pod's RuntimeClass become its own. */
export function runtimeClass(): Admission {
  return {
    name: 'RuntimeClass',
    mutate(request) {
      const pod = createdPod(request);
      if (!pod?.spec.runtimeClassName) return;
      const name = pod.spec.runtimeClassName;
      const found = request.read(kinds.runtimeclasses, undefined, name);
      if (!found) throw forbidden(kinds.pods, pod.metadata.name, `pod rejected: RuntimeClass "${name}" not found`);
      if (found.overhead?.podFixed) pod.spec.overhead = structuredClone(found.overhead.podFixed);
      for (const [key, value] of Object.entries(found.scheduling?.nodeSelector ?? {})) {
        const own = pod.spec.nodeSelector?.[key];
        if (own !== undefined && own !== value) {
          throw forbidden(
            kinds.pods,
            pod.metadata.name,
            `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
          );
        }
        pod.spec.nodeSelector = { ...pod.spec.nodeSelector, [key]: value };
      }
      const tolerations = found.scheduling?.tolerations ?? [];
      if (tolerations.length > 0)
        pod.spec.tolerations = [...(pod.spec.tolerations ?? []), ...structuredClone(tolerations)];
    },
  };
}
