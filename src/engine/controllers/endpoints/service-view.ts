import type { Informer, Loop } from '../../client/index.ts';
import type { Pod, Service } from '../../kinds/index.ts';
import { follow, keyOf } from '../controller.ts';
import { endpointChanged } from './pod-endpoint.ts';

/** Whether a pod's labels carry everything a Service selects by; a Service without selector selects nothing. */
export function selects(service: Service, labels: Readonly<Record<string, string>> | undefined): boolean {
  const selector = Object.entries(service.spec.selector ?? {});
  return selector.length > 0 && selector.every(([name, value]) => labels?.[name] === value);
}

export function hasSelector(service: Service): boolean {
  return Object.keys(service.spec.selector ?? {}).length > 0;
}

/** Adds a Service to the loop when it or a pod it selects (or selected) changes in what endpoints show. */
export function followServices(loop: Loop, services: Informer<Service>, pods: Informer<Pod>): void {
  follow(services, loop);
  pods.onChange((now, before) => {
    const relabelled = now !== undefined && before !== undefined && now.metadata.labels !== before.metadata.labels;
    if (!relabelled && !endpointChanged(now, before)) return;
    const namespace = (now ?? before)?.metadata.namespace ?? '';
    for (const service of services.list(namespace)) {
      const selected =
        (now !== undefined && selects(service, now.metadata.labels)) ||
        (before !== undefined && selects(service, before.metadata.labels));
      if (selected) loop.add(keyOf(service));
    }
  });
}
