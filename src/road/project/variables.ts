import type { BackingService, FoundVariable, Variable } from './contract.ts';
import type { Folder } from './folder.ts';
import { whySecret } from './secret.ts';
import { serviceOfVariable } from './services.ts';
import { markOf } from './written-mark.ts';

/** Puts the readings of each variable together: the first fallback counts, every place is kept. */
export function variablesOf(found: readonly FoundVariable[], services: readonly BackingService[]): Variable[] {
  const byName = new Map<string, FoundVariable[]>();
  for (const reading of found) {
    const readings = byName.get(reading.name);
    if (readings) readings.push(reading);
    else byName.set(reading.name, [reading]);
  }
  return [...byName].map(([name, readings]) => {
    const fallback = readings.find((reading) => reading.fallback !== undefined)?.fallback;
    const service = serviceOfVariable(name, services, fallback);
    const random = readings.some((reading) => reading.random === true);
    return {
      name,
      fallback,
      sources: [...new Set(readings.map(({ source }) => source))],
      secret: whySecret(name, fallback) ?? (random ? 'app.json has it made up' : whySecretAddress(service)),
      service,
      ...(random ? { random } : {}),
      ...(readings.some((reading) => reading.optional === true) || isFileWay(name, fallback, byName)
        ? { optional: true as const }
        : {}),
    };
  });
}

/** `MYSQL_PASSWORD_FILE` beside `MYSQL_PASSWORD`: another way to say the same, and one is enough. */
function isFileWay(name: string, fallback: string | undefined, all: ReadonlyMap<string, unknown>): boolean {
  return fallback === undefined && /_FILE$/i.test(name) && all.has(name.slice(0, -'_FILE'.length));
}

function whySecretAddress(service: Variable['service']): string | undefined {
  if (service?.part !== 'password' && service?.part !== 'url') return undefined;
  return `it carries the ${service.part} of ${service.kind}`;
}

const EXAMPLES = ['.env.example', '.env.sample', '.env.template', '.env.dist', 'env.example', 'example.env'];
const OWN = ['.env.production', '.env'];

/**
 * The variables of `.env.example`, which is what the author tells others to set, and of the author's own `.env`: from
 * that one no value that must stay hidden is taken, and none that turns debugging on.
 */
export function fileVariables(folder: Folder): FoundVariable[] {
  const example = EXAMPLES.find((path) => folder.has(path));
  const own = OWN.find((path) => folder.has(path));
  const personal = own === undefined ? [] : entriesOf(folder, own);
  return [
    ...(example === undefined ? [] : entriesOf(folder, example)),
    ...personal.map((reading) =>
      whySecret(reading.name, reading.fallback) || /(?:^|_)(?:DEBUG|ENV|ENVIRONMENT)$/.test(reading.name)
        ? { ...reading, fallback: undefined }
        : reading,
    ),
  ];
}

function entriesOf(folder: Folder, path: string): FoundVariable[] {
  const text = folder.read(path) ?? '';
  // What wherry wrote for compose, and a copy of it that was filled in, are no word of the app's.
  if (markOf(text)) return [];
  return text.split('\n').flatMap((line, index) => {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:'([^']*)'|"([^"]*)"|(.*?))\s*(?:(?:^|\s)#.*)?$/.exec(line);
    if (!match?.[1] || /^NODE_ENV$/.test(match[1])) return [];
    const value = match[2] ?? match[3] ?? match[4] ?? '';
    return [{ name: match[1], fallback: value === '' ? undefined : value, source: `${path}:${index + 1}` }];
  });
}

/** Variables that a command line puts in itself: `$PORT`, `${WORKERS:-2}`; and PORT where gunicorn falls back to it. */
export function commandVariables(command: { readonly value: string; readonly source: string }): FoundVariable[] {
  const found: FoundVariable[] = [];
  for (const match of command.value.matchAll(/\$(?:\{([A-Za-z_]\w*)(?::?-([^}]*))?\}|([A-Za-z_]\w*))/g)) {
    const name = match[1] ?? match[3] ?? '';
    if (!/^(?:HOME|PATH|PWD|USER|HOSTNAME)$/.test(name)) {
      found.push({ name, fallback: match[2] || undefined, source: command.source });
    }
  }
  // docs.gunicorn.org, settings, bind: without one it listens on 0.0.0.0:$PORT where PORT is set, else on 127.0.0.1:8000.
  if (
    /(?:^|\s)gunicorn\s/.test(command.value) &&
    !/\s(?:--bind|-b)[\s=]|\s-b\S|\s(?:-c|--config)\b/.test(command.value)
  ) {
    found.push({ name: 'PORT', fallback: undefined, source: command.source });
  }
  return found;
}
