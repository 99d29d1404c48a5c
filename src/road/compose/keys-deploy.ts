import { bytes, dropped, duration, list, type MapShape, map, number, oneOf, pairs, scalar, text } from './shape.ts';

const texts = list(text);
const UNDO = 'a release that does not get ready is undone by wherry deploy';

export const deployShape: MapShape = map(
  {
    mode: oneOf('replicated', 'global', 'replicated-job', 'global-job'),
    endpoint_mode: oneOf('vip', 'dnsrr'),
    replicas: number,
    labels: pairs,
    rollback_config: dropped(
      map({
        parallelism: number,
        delay: duration,
        failure_action: text,
        monitor: duration,
        max_failure_ratio: number,
        order: oneOf('start-first', 'stop-first'),
      }),
      'going back is a release like any other',
      'Go back with: wherry rollback',
    ),
    update_config: map({
      parallelism: number,
      delay: duration,
      failure_action: dropped(text, UNDO),
      monitor: dropped(duration, UNDO, 'Set gates in wherry.yaml.'),
      max_failure_ratio: dropped(number, UNDO, 'Set gates in wherry.yaml.'),
      order: oneOf('start-first', 'stop-first'),
    }),
    resources: map({
      limits: map({
        cpus: number,
        memory: bytes,
        pids: dropped(number, 'the limit is set for the whole node (kubelet podPidsLimit)'),
      }),
      reservations: map({
        cpus: number,
        memory: bytes,
        generic_resources: dropped(
          list(map({ discrete_resource_spec: map({ kind: text, value: scalar }) })),
          'generic resources are of Docker Swarm',
          'Take a device plugin and its resource.',
        ),
        devices: list(
          map(
            { capabilities: texts, count: scalar, device_ids: texts, driver: text, options: pairs },
            { required: ['capabilities'] },
          ),
        ),
      }),
    }),
    restart_policy: map({
      condition: oneOf('none', 'on-failure', 'any'),
      delay: dropped(duration, 'Kubernetes waits longer after each failure, from 10 s to 5 min'),
      max_attempts: number,
      window: dropped(duration, 'Kubernetes counts a container as well after 10 min'),
    }),
    placement: map({
      constraints: texts,
      preferences: list(map({ spread: text })),
      max_replicas_per_node: number,
    }),
  },
  { mayBeEmpty: true },
);
