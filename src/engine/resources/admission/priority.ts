import { forbidden, kinds, type PriorityClass } from '../../kinds/index.ts';
import type { Admission } from '../contract.ts';
import { createdPod } from './pod-admission.ts';

/** Resolves a pod's priority class into its number (upstream's Priority plugin). */
export function priority(): Admission {
  return {
    name: 'Priority',
    mutate(request) {
      const pod = createdPod(request);
      if (!pod) return;
      const { spec } = pod;
      const found = spec.priorityClassName
        ? request.read(kinds.priorityclasses, undefined, spec.priorityClassName)
        : defaultClass(request.readAll(kinds.priorityclasses, undefined));
      if (spec.priorityClassName && !found) {
        throw forbidden(
          kinds.pods,
          pod.metadata.name,
          `no PriorityClass with name ${spec.priorityClassName} was found`,
        );
      }
      const value = found?.value ?? 0;
      if (spec.priority !== undefined && spec.priority !== value) {
        throw forbidden(
          kinds.pods,
          pod.metadata.name,
          `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
        );
      }
      if (found) spec.priorityClassName = found.metadata.name;
      spec.priority = value;
      const policy = found?.preemptionPolicy ?? 'PreemptLowerPriority';
      if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
        throw forbidden(
          kinds.pods,
          pod.metadata.name,
          `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
        );
      }
      spec.preemptionPolicy = policy;
    },
    validate({ operation, target, object, readAll }) {
      if (
        operation === 'DELETE' ||
        target.info.resource !== 'priorityclasses' ||
        target.info.group !== 'scheduling.k8s.io'
      )
        return;
      const made = object as PriorityClass | undefined;
      if (!made?.globalDefault) return;
      const other = readAll(kinds.priorityclasses, undefined).find(
        ({ globalDefault, metadata }) => globalDefault && metadata.name !== made.metadata.name,
      );
      if (other)
        throw forbidden(
          kinds.priorityclasses,
          made.metadata.name,
          `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
        );
    },
  };
}

/** The lowest of several, should two have become the default at once. */
function defaultClass(classes: readonly PriorityClass[]): PriorityClass | undefined {
  return classes.filter(({ globalDefault }) => globalDefault).sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
}
