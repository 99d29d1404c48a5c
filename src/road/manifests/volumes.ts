import type { Volume } from '../model/index.ts';
import type { Manifest } from './contract.ts';
import type { Draft } from './draft.ts';
import { claimName } from './mounts.ts';
import { labelsOf, manifest } from './names.ts';

/** The claim of a volume; undefined for one that was made elsewhere. */
export function claimOf(draft: Draft, volume: Volume): Manifest | undefined {
  if (volume.external) return undefined;
  const { application, options } = draft;
  const metadata = {
    name: claimName(draft, volume.name),
    namespace: options.namespace,
    labels: labelsOf(application, 'storage'),
  };
  return manifest('v1', 'PersistentVolumeClaim', metadata, {
    spec: {
      accessModes: [volume.shared ? 'ReadWriteMany' : 'ReadWriteOnce'],
      ...(volume.storageClass === undefined ? {} : { storageClassName: volume.storageClass }),
      resources: { requests: { storage: volume.size } },
    },
  });
}
