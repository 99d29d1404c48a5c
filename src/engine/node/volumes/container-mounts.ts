import { chmod, mkdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mount } from '../../runtime/index.ts';
import { ConfigError } from '../environment.ts';
import type { AnyContainer } from '../pod-spec.ts';
import type { ReadyVolume } from './pod-volumes.ts';

const PROPAGATION: Readonly<Record<string, 'rslave' | 'rshared'>> = {
  HostToContainer: 'rslave',
  Bidirectional: 'rshared',
};

/** A container's volumeMounts as mounts, parents before what lies in them. @throws ConfigError */
export async function containerMounts(
  container: AnyContainer,
  volume: (name: string) => ReadyVolume | undefined,
  environment: ReadonlyMap<string, string>,
): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const found = volume(mount.name);
    if (!found) throw new ConfigError(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
    const subPath = mount.subPathExpr ? expandStrictly(mount.subPathExpr, environment) : mount.subPath;
    const propagation = PROPAGATION[mount.mountPropagation ?? ''];
    mounts.push({
      source: subPath ? await subDirectory(found.path, subPath, container.name, mount.name) : found.path,
      target: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
      readOnly: (mount.readOnly ?? false) || found.readOnly,
      type: 'bind',
      ...(propagation ? { propagation } : {}),
    });
  }
  return mounts.sort((one, other) => one.target.split('/').length - other.target.split('/').length);
}

/** Every reference must be known, unlike in a command line. */
function expandStrictly(expression: string, environment: ReadonlyMap<string, string>): string {
  const missing: string[] = [];
  const path = expression.replace(/\$\$|\$\(([^)]*)\)/g, (match, name: string | undefined) => {
    if (match === '$$') return '$';
    const value = environment.get(name ?? '');
    if (value === undefined) missing.push(name ?? '');
    return value ?? '';
  });
  if (missing.length > 0) throw new ConfigError(`missing value for "${missing[0]}"`);
  checkSubPath(path);
  return path;
}

function checkSubPath(path: string): void {
  if (path.startsWith('/')) throw new ConfigError(`error SubPath \`${path}\` must not be an absolute path`);
  if (path.split('/').includes('..'))
    throw new ConfigError(`unable to provision SubPath \`${path}\`: must not contain '..'`);
}

/** Inside the volume, made like the volume itself when it is not there; symbolic links may not lead out. */
async function subDirectory(root: string, subPath: string, container: string, volumeName: string): Promise<string> {
  checkSubPath(subPath);
  const realRoot = await realpath(root);
  const mode = (await stat(realRoot)).mode & 0o777;
  let full = realRoot;
  for (const part of subPath.split('/').filter((name) => name !== '' && name !== '.')) {
    const next = join(full, part);
    const found = await realpath(next).catch(() => undefined);
    if (found === undefined) {
      await mkdir(next);
      await chmod(next, mode);
    }
    full = found ?? next;
    if (full !== realRoot && !full.startsWith(`${realRoot}/`)) {
      throw new ConfigError(`failed to prepare subPath for volumeMount "${volumeName}" of container "${container}"`);
    }
  }
  return full;
}
