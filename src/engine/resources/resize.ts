import { copy, faults, type KubeObject, type Pod } from '../kinds/index.ts';
import { equal, type Mutable } from './object.ts';
import type { UpdateRules } from './update-rules.ts';

/** pods/resize: the CPU and memory of containers and their resize policy may change, nothing else. */
export const resizeRules: UpdateRules = {
  prepare(object: Mutable, old: KubeObject) {
    const before = old as unknown as Pod;
    const wanted = object as unknown as Pod;
    const spec = copy(before.spec);
    for (const list of ['containers', 'initContainers'] as const) {
      for (const container of spec[list] ?? []) {
        const asked = wanted.spec?.[list]?.find((one) => one.name === container.name);
        if (!asked) continue;
        if (asked.resources) container.resources = copy(asked.resources);
        if (asked.resizePolicy) container.resizePolicy = copy(asked.resizePolicy);
      }
    }
    object.spec = spec;
    object.status = copy(before.status);
    if (!equal(spec, before.spec) && before.metadata.generation) {
      object.metadata.generation = before.metadata.generation + 1;
    }
  },
  validate(object, old) {
    const [now, before] = [object as unknown as Pod, old as unknown as Pod];
    const found = [];
    for (const [at, container] of now.spec.containers.entries()) {
      const names = new Set([
        ...Object.keys(container.resources?.requests ?? {}),
        ...Object.keys(container.resources?.limits ?? {}),
      ]);
      const known = before.spec.containers[at]?.resources;
      for (const name of names) {
        if (name === 'cpu' || name === 'memory') continue;
        const same =
          container.resources?.requests?.[name] === known?.requests?.[name] &&
          container.resources?.limits?.[name] === known?.limits?.[name];
        if (!same)
          found.push(
            faults.forbiddenField(`spec.containers[${at}].resources`, 'only cpu and memory resources are mutable'),
          );
      }
    }
    return found;
  },
};
