import type { Toleration } from '../../kinds/index.ts';
import type { Admission } from '../contract.ts';
import { createdPod } from './pod-admission.ts';

const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const SECONDS = 300;

/** A pod stays five minutes on a node that is away, unless it says otherwise. */
export function defaultTolerationSeconds(): Admission {
  return {
    name: 'DefaultTolerationSeconds',
    mutate(request) {
      const pod = createdPod(request);
      if (!pod) return;
      const given = pod.spec.tolerations ?? [];
      const tolerates = (key: string) =>
        given.some(
          (toleration) =>
            (toleration.key === key || !toleration.key) && (toleration.effect === 'NoExecute' || !toleration.effect),
        );
      const added: Toleration[] = KEYS.filter((key) => !tolerates(key)).map((key) => ({
        key,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: SECONDS,
      }));
      if (added.length > 0) pod.spec.tolerations = [...given, ...added];
    },
  };
}
