import { mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run, UserError } from '../../base/index.ts';
import { LIMITS, type Settings } from './settings.ts';

/**
 * Downloads one package with the host's own apt. Its lists serve when they are there; else they are fetched into the
 * store, so that the host's are never touched.
 * @throws UserError when this machine has no apt or the package cannot be had
 */
export async function downloadPackage(
  settings: Settings,
  name: string,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<{ file: string; version: string }> {
  await mkdir(directory, { recursive: true });
  const lists = join(settings.directory, 'apt-lists');
  const own = ['-o', `Dir::State::lists=${lists}`, '-o', 'Dir::Cache::pkgcache=', '-o', 'Dir::Cache::srcpkgcache='];
  const common = ['-q', '-o', 'APT::Sandbox::User=root'];
  const apt = async (args: readonly string[]) =>
    run('apt-get', args, {
      cwd: directory,
      env: { ...settings.environment, LC_ALL: 'C' },
      timeoutMs: LIMITS.programTimeoutMs,
      ...(signal ? { signal } : {}),
    });
  try {
    await apt([...common, 'download', name]);
  } catch (first) {
    signal?.throwIfAborted();
    try {
      await mkdir(join(lists, 'partial'), { recursive: true });
      await apt([...common, ...own, 'update']);
      await apt([...common, ...own, 'download', name]);
    } catch (error) {
      signal?.throwIfAborted();
      throw new UserError(
        `package ${name}`,
        'apt could not download it',
        'See whether apt-get update works on this machine.',
        { cause: error ?? first },
      );
    }
  }
  const file = (await readdir(directory)).find((each) => each.endsWith('.deb'));
  if (!file) throw new UserError(`package ${name}`, 'apt downloaded nothing');
  return { file: join(directory, file), version: decodeURIComponent(basename(file).split('_')[1] ?? '') };
}
