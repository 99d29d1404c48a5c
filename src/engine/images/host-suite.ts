import { readdirSync, readFileSync } from 'node:fs';

/** The distribution whose packages this machine's apt can fetch. */
export interface HostSuite {
  /** `bookworm`. */
  readonly codename: string;
  /** `Debian 12`. */
  readonly title: string;
  /** The host's own sources of that distribution, in deb822 form; mirrors and keyrings are as the host has them. */
  readonly sources: string;
}

/**
 * Reads the host's release and those of its apt sources that belong to the distribution: a third party's repository
 * has no place in a base image, and its key would be missing there.
 * @returns undefined on a machine without apt
 */
export function hostSuite(): HostSuite | undefined {
  const release = textOf('/etc/os-release');
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(release)?.[1];
  const codename = field('VERSION_CODENAME');
  const id = field('ID');
  if (!codename || !id || textOf('/var/lib/dpkg/status') === '') return undefined;
  const title =
    id === 'debian'
      ? `Debian ${field('VERSION_ID') ?? codename}`
      : (field('NAME') ?? id) + ` ${field('VERSION_ID') ?? codename}`;
  const sources = [...stanzas(), ...lines()].filter((stanza) => belongs(stanza, codename)).map(stanzaText);
  return sources.length > 0 ? { codename, title, sources: sources.join('\n') } : undefined;
}

type Stanza = ReadonlyMap<string, string>;

function belongs(stanza: Stanza, codename: string): boolean {
  const suites = (stanza.get('Suites') ?? '').split(/\s+/);
  const components = (stanza.get('Components') ?? '').split(/\s+/);
  return (
    stanza.get('Types')?.split(/\s+/).includes('deb') === true &&
    stanza.get('Enabled') !== 'no' &&
    components.includes('main') &&
    suites.every((suite) => suite === codename || suite.startsWith(`${codename}-`) || suite.startsWith(`${codename}/`))
  );
}

const FIELDS = ['URIs', 'Suites', 'Components', 'Signed-By'];

function stanzaText(stanza: Stanza): string {
  const rest = FIELDS.flatMap((name) => (stanza.has(name) ? [`${name}: ${stanza.get(name)}`] : []));
  return `Types: deb\n${rest.join('\n')}\n`;
}

function stanzas(): Stanza[] {
  return sourceFiles('.sources').flatMap((path) =>
    textOf(path)
      .split(/\n\s*\n/)
      .map((text) => {
        const fields = new Map<string, string>();
        let last = '';
        for (const line of text.split('\n').filter((each) => !each.startsWith('#'))) {
          const found = /^([\w-]+):\s*(.*)$/.exec(line);
          if (found?.[1]) {
            last = found[1];
            fields.set(last, (found[2] ?? '').trim());
          } else if (/^\s/.test(line) && last) fields.set(last, `${fields.get(last)}\n${line}`.trim());
        }
        return fields;
      }),
  );
}

/** The older form, one line a source: `deb [signed-by=…] URI SUITE COMPONENT…`. */
function lines(): Stanza[] {
  return ['/etc/apt/sources.list', ...sourceFiles('.list')].flatMap((path) =>
    textOf(path)
      .split('\n')
      .flatMap((line) => {
        const found = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+?)\s*(?:#.*)?$/.exec(line);
        if (!found) return [];
        const signedBy = /signed-by=(\S+)/i.exec(found[1] ?? '')?.[1];
        return [
          new Map([
            ['Types', 'deb'],
            ['URIs', found[2] ?? ''],
            ['Suites', found[3] ?? ''],
            ['Components', found[4] ?? ''],
            ...(signedBy ? [['Signed-By', signedBy] as const] : []),
          ]),
        ];
      }),
  );
}

function sourceFiles(ending: string): string[] {
  const directory = '/etc/apt/sources.list.d';
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(ending))
      .sort()
      .map((name) => `${directory}/${name}`);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
