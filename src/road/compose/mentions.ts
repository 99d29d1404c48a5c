import type { Draft } from './draft.ts';

/** That a service is named by another, and at which port, as far as it says so. */
export interface Mention {
  readonly by: string;
  readonly port: number | undefined;
}

/**
 * Who names whom in settings, files and commands, names put as Kubernetes has them: `http://api:3000`, `redis:6379`.
 * @returns by service
 */
export function mentionsOf(
  drafts: readonly Draft[],
  textOfVariable: (draft: Draft, name: string) => string,
): Map<string, Mention[]> {
  const found = new Map<string, Mention[]>();
  const patterns = new Map(drafts.map(({ name }) => [name, hostPatterns(name)]));
  for (const draft of drafts) {
    const texts = [
      ...[...draft.environment.keys()].map((name) => textOfVariable(draft, name)),
      ...(draft.command ?? []),
      ...(draft.arguments ?? []),
      ...draft.mounts.flatMap(({ from }) =>
        from.is === 'settings' ? draft.whole.sets.settingTexts(from.set).map(([, text]) => text) : [],
      ),
    ];
    for (const other of drafts) {
      if (other === draft) continue;
      for (const text of texts) {
        const port = portIn(text, other.name, patterns.get(other.name));
        if (port === undefined) continue;
        const mention: Mention = { by: draft.service, port: port === 0 ? undefined : port };
        found.set(other.service, [...(found.get(other.service) ?? []), mention]);
      }
    }
  }
  return found;
}

interface HostPatterns {
  readonly withPort: RegExp;
  readonly bare: RegExp;
}

/** With a port any word will do; a bare word is a host only where hosts stand. */
function hostPatterns(service: string): HostPatterns {
  const name = escaped(service);
  return {
    withPort: new RegExp(`(?:^|//|@|[\\s,;=("'])${name}:(\\d{1,5})(?=$|[/\\s,;?)"'#])`),
    bare: new RegExp(`(?:^|//|@|[,;=]|(?:^|\\s)(?:-h|--host)\\s+)${name}(?=$|[/,;?#]|\\s)`),
  };
}

/** @returns 0 where it is named without a port, undefined where it is not named */
function portIn(text: string, service: string, patterns: HostPatterns | undefined): number | undefined {
  if (!patterns || !text.includes(service)) return undefined;
  const port = Number(patterns.withPort.exec(text)?.[1] ?? 0);
  if (port > 0 && port <= 65_535) return port;
  return patterns.bare.test(text) ? 0 : undefined;
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/**
 * The text with a service's name, where it stands as a host, put as Kubernetes has it: `my_db` can be no name there.
 */
export function renamedHost(text: string, service: string, part: string): string {
  const name = escaped(service);
  return text.replace(
    new RegExp(`(^|//|@|[\\s,;=("'])${name}(?=$|[:/\\s,;?)"'#])`, 'g'),
    (_all, before: string) => `${before}${part}`,
  );
}

/** The same in a file, of which less is known: only where `//` or `@` stands before, or a port behind. */
export function renamedHostInFile(text: string, service: string, part: string): string {
  const name = escaped(service);
  return text
    .replace(new RegExp(`(//|@)${name}(?=$|[:/\\s;"'])`, 'gm'), (_all, before: string) => `${before}${part}`)
    .replace(new RegExp(`(^|[\\s"'=,])${name}(?=:\\d)`, 'gm'), (_all, before: string) => `${before}${part}`);
}
