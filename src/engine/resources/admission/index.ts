import type { Clock } from '../../../base/index.ts';
import type { Admission } from '../contract.ts';
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { podSecurity } from './pod-security.ts';
import { priority } from './priority.ts';
import { resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { persistentVolumeClaimResize, storageObjectInUseProtection } from './storage-objects.ts';
import { mutatingWebhooks, validatingWebhooks } from './webhooks.ts';

/** The steps that upstream turns on by default, in upstream's order. */
export function defaultAdmissions(options: { clock: Clock }): Admission[] {
  return [
    namespaceLifecycle(),
    limitRanger(),
    serviceAccount(),
    priority(),
    defaultTolerationSeconds(),
    defaultStorageClass(),
    storageObjectInUseProtection(),
    persistentVolumeClaimResize(),
    runtimeClass(),
    podSecurity(),
    defaultIngressClass(),
    mutatingWebhooks(options),
    validatingWebhooks(options),
    resourceQuota(options),
  ];
}
