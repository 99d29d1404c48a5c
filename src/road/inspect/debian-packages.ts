import { run } from '../../base/index.ts';
import type { DebianPackage } from './contract.ts';

const PATHS_MAX = 500;

/** The Debian packages that files belong to, by dpkg; none where there is no dpkg. */
export async function debianPackages(paths: readonly string[]): Promise<DebianPackage[]> {
  // Since /usr was merged a file may be registered under its old path.
  const asked = [
    ...new Set(
      paths.flatMap((path) => [
        path,
        ...(/^\/usr\/(?:bin|sbin|lib)/.test(path)
          ? [path.slice(4)]
          : /^\/(?:bin|sbin|lib)/.test(path)
            ? [`/usr${path}`]
            : []),
      ]),
    ),
  ];
  if (asked.length === 0) return [];
  const owners = new Map<string, string[]>();
  try {
    const { stdout } = await run('dpkg-query', ['--search', ...asked.slice(0, PATHS_MAX)], { allowFailure: true });
    for (const line of stdout.split('\n')) {
      // `libc6:amd64: /lib/x86_64-linux-gnu/libc.so.6`; a diversion is told in words.
      const match = /^([a-z0-9][a-z0-9+.-]*(?::\w+)?): (\/.*)$/.exec(line);
      const [, owner = '', path = ''] = match ?? [];
      if (match) owners.set(owner, [...(owners.get(owner) ?? []), path]);
    }
    if (owners.size === 0) return [];
    const { stdout: versions } = await run(
      'dpkg-query',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are dpkg's.
      ['--show', '--showformat=${binary:Package} ${Package} ${Version}\\n', ...owners.keys()],
      {
        allowFailure: true,
      },
    );
    return versions
      .split('\n')
      .flatMap((line) => {
        const [full = '', name = '', version = ''] = line.split(' ');
        const files = owners.get(full) ?? owners.get(name);
        return files ? [{ name, version, files }] : [];
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}
