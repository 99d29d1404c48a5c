import { gunzipSync, gzipSync } from 'node:zlib';
import { UserError } from '../../base/index.ts';
import type { Draft, Secret } from '../../engine/kinds/index.ts';
import type { Release } from './contract.ts';

export const RELEASE_TYPE = 'wherry.io/release';
export const APP_LABEL = 'wherry/app';
export const NUMBER_LABEL = 'wherry/release';
export const VERDICT_LABEL = 'wherry/verdict';
const KEY = 'release';
/** A Secret holds 1 MiB of values. */
const RECORD_BYTES_MAX = 1024 * 1024;
/** Begun, a record must have room for how it ends; otherwise its release could be neither finished nor taken back. */
const BEGUN_BYTES_MAX = 900_000;
const UNPACKED_BYTES_MAX = 256 * 1024 * 1024;

export function recordName(app: string, number: number): string {
  return `wherry-release-${app}-v${number}`;
}

/**
 * A release as the cluster keeps it: a Secret, since it carries passwords. A finished one is immutable. `isBegun`: it was
 * written before.
 */
export function toRecord(release: Release, isBegun: boolean): Draft<Secret> {
  const { app, namespace, number, verdict } = release;
  return {
    metadata: {
      name: recordName(app, number),
      namespace,
      labels: {
        'app.kubernetes.io/managed-by': 'wherry',
        [APP_LABEL]: app,
        [NUMBER_LABEL]: String(number),
        [VERDICT_LABEL]: verdict,
      },
    },
    type: RELEASE_TYPE,
    data: { [KEY]: packed(release, `release v${number} of ${app}`, isBegun ? RECORD_BYTES_MAX : BEGUN_BYTES_MAX) },
    ...(verdict === 'running' ? {} : { immutable: true }),
  };
}

/** @throws UserError when the Secret holds no release. */
export function fromRecord(secret: Secret): Release {
  return unpacked(secret, KEY) as Release;
}

/** Base64 of gzipped JSON. @throws UserError when that is larger than a Secret may be. */
export function packed(value: unknown, what: string, bytesMax = RECORD_BYTES_MAX): string {
  const bytes = gzipSync(JSON.stringify(value));
  if (bytes.length <= bytesMax) return bytes.toString('base64');
  throw new UserError(
    what,
    `has ${bytes.length} bytes when packed; at most ${bytesMax} fit into one object of the cluster`,
    'Take large files out of the app’s configuration: into its image, or a volume.',
  );
}

export function unpacked(secret: Secret, key: string): unknown {
  try {
    const bytes = Buffer.from(String(secret.data?.[key] ?? ''), 'base64');
    return JSON.parse(gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX }).toString());
  } catch (error) {
    throw new UserError(
      `secret ${secret.metadata.name}`,
      'is said to be a record of a release and cannot be read',
      'Somebody changed it. The others still count; take it away with kubectl delete secret.',
      { cause: error },
    );
  }
}
