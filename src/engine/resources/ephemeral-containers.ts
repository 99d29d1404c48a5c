import { copy, faults, type KubeObject, type Pod } from '../kinds/index.ts';
import { equal, type Mutable, type Plain } from './object.ts';
import type { UpdateRules } from './update-rules.ts';

/** pods/ephemeralcontainers: debugging containers may be added, never changed or taken away. */
export const ephemeralContainersRules: UpdateRules = {
  prepare(object: Mutable, old: KubeObject) {
    const before = old as unknown as Pod;
    const wanted = ((object.spec as Plain | undefined)?.ephemeralContainers ?? []) as unknown[];
    const spec = copy(before.spec) as unknown as Plain;
    if (wanted.length > 0) spec.ephemeralContainers = wanted;
    else delete spec.ephemeralContainers;
    object.spec = spec;
    object.status = copy(before.status);
    if (!equal(spec, before.spec) && before.metadata.generation) {
      object.metadata.generation = before.metadata.generation + 1;
    }
  },
  validate(object, old) {
    const now = (object as unknown as Pod).spec.ephemeralContainers ?? [];
    const before = (old as unknown as Pod).spec;
    const found = [];
    const names = new Set([...(before.containers ?? []), ...(before.initContainers ?? [])].map((one) => one.name));
    for (const [at, container] of now.entries()) {
      const path = `spec.ephemeralContainers[${at}]`;
      if (!container.name) found.push(faults.required(`${path}.name`));
      else if (names.has(container.name)) found.push(faults.duplicate(`${path}.name`, container.name));
      names.add(container.name);
      if (!container.image) found.push(faults.required(`${path}.image`));
      const known = before.ephemeralContainers?.find((one) => one.name === container.name);
      if (known && !equal(known, container)) {
        found.push(
          faults.forbiddenField(
            'spec.ephemeralContainers',
            `existing ephemeral containers ${JSON.stringify(container.name)} may not be changed`,
          ),
        );
      }
      const forbidden = ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'resources'] as const;
      for (const field of forbidden) {
        const value = (container as unknown as Plain)[field];
        if (value !== undefined && !equal(value, {})) {
          found.push(faults.forbiddenField(`${path}.${field}`, 'cannot be set for an Ephemeral Container'));
        }
      }
    }
    for (const known of before.ephemeralContainers ?? []) {
      if (!now.some((one) => one.name === known.name)) {
        found.push(
          faults.forbiddenField(
            'spec.ephemeralContainers',
            `existing ephemeral containers ${JSON.stringify(known.name)} may not be removed\n`,
          ),
        );
      }
    }
    return found;
  },
};
