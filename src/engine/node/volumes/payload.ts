/** One file of a volume that is written from the API. */
export interface PayloadFile {
  readonly content: Buffer;
  readonly mode: number;
  /** Owner, where it is not root. */
  readonly uid?: number;
}

/** Files by their path relative to the volume, `/` between names. */
export type Payload = ReadonlyMap<string, PayloadFile>;

/** A volume cannot be set up; the message goes into the FailedMount event. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

export interface KeyItem {
  readonly key: string;
  readonly path: string;
  readonly mode?: number;
}

/** All keys under their own names, or only the items named. @throws VolumeError when an item's key is missing */
export function keyedPayload(
  data: ReadonlyMap<string, Buffer>,
  items: readonly KeyItem[] | undefined,
  mode: number,
  optional: boolean,
  source: string,
): Payload {
  const files = new Map<string, PayloadFile>();
  if (!items || items.length === 0) {
    for (const [key, content] of data) files.set(key, { content, mode });
    return files;
  }
  for (const item of items) {
    const content = data.get(item.key);
    if (content) files.set(item.path, { content, mode: item.mode ?? mode });
    else if (!optional)
      throw new VolumeError(
        `${source} references non-existent ${source.startsWith('secret') ? 'secret' : 'config'} key: ${item.key}`,
      );
  }
  return files;
}

/** @throws VolumeError for a path that would leave the volume */
export function checkPaths(payload: Payload): void {
  for (const path of payload.keys()) {
    const parts = path.split('/');
    if (path.startsWith('/') || parts.includes('..') || path === '' || (parts[0] ?? '').startsWith('..')) {
      throw new VolumeError(`invalid path "${path}"`);
    }
  }
}
