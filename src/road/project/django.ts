import type { Fact, FoundVariable, StartFact } from './contract.ts';
import { type Folder, placeOf } from './folder.ts';
import { gunicorn, moduleOf, uvicorn } from './python-start.ts';
import type { Source } from './written-addresses.ts';

/** What Django's own lay-out tells. */
export interface Django {
  readonly start: (port: number) => StartFact | undefined;
  readonly migrate: Fact<string> | undefined;
  /** collectstatic, where the settings name a folder for it. */
  readonly build: Fact<string> | undefined;
  readonly variables: readonly FoundVariable[];
  readonly notes: readonly string[];
}

/** docs.djangoproject.com, "How to deploy Django": WSGI or ASGI module, settings, static files, migrations. */
export function readDjango(folder: Folder, sources: readonly Source[], packages: ReadonlySet<string>): Django {
  const manage = folder.paths.find((path) => /(?:^|\/)manage\.py$/.test(path));
  const below = manage?.split('/').slice(0, -1).join('/') ?? '';
  const settings = sources.filter(({ path, text }) => isSettings(path, text));
  const staticRoot = firstMatch(settings, /^STATIC_ROOT\s*=/m);
  const notes = [
    ...hostsNotes(settings),
    ...staticNotes(settings, staticRoot, packages),
    ...(manage === undefined ? ['no manage.py found, so nothing migrates the database'] : []),
  ];
  return {
    start: (port) => startOf(sources, below, packages, port),
    migrate: manage === undefined ? undefined : { value: `python ${manage} migrate --noinput`, source: `${manage}:1` },
    build:
      staticRoot && manage !== undefined
        ? { value: `python ${manage} collectstatic --noinput`, source: staticRoot }
        : undefined,
    variables: productionSettings(settings, sources, below),
    notes,
  };
}

function isSettings(path: string, text: string): boolean {
  return /(?:^|\/)settings(?:\.py|\/\w+\.py)$/.test(path) || /^(?:INSTALLED_APPS|ROOT_URLCONF)\s*=/m.test(text);
}

function firstMatch(sources: readonly Source[], pattern: RegExp): string | undefined {
  for (const { path, text } of sources) {
    const match = pattern.exec(text);
    if (match) return placeOf(path, text, match.index);
  }
  return undefined;
}

function startOf(
  sources: readonly Source[],
  below: string,
  packages: ReadonlySet<string>,
  port: number,
): Fact<string> | undefined {
  const find = (name: string): Source | undefined =>
    sources.find(({ path }) => path === `${name}.py` || path.endsWith(`/${name}.py`));
  const wsgi = find('wsgi');
  const asgi = find('asgi');
  // Channels and daphne are there for sockets, which WSGI has not.
  const sockets = packages.has('channels') || packages.has('daphne');
  const chosen = asgi && (sockets || !wsgi) ? asgi : wsgi;
  if (!chosen) return undefined;
  const inside = below && chosen.path.startsWith(`${below}/`) ? chosen.path.slice(below.length + 1) : chosen.path;
  const target = `${moduleOf(inside, '').module}:application`;
  const folder = inside === chosen.path ? '' : below;
  const value = chosen === asgi ? uvicorn(target, folder, port) : gunicorn(target, folder, port);
  return { value, source: `${chosen.path}:1` };
}

/** An empty list lets in localhost while DEBUG is on and nobody when it is off; a probe asks by the pod's address. */
function hostsNotes(settings: readonly Source[]): string[] {
  const set = settings.flatMap(({ path, text }) =>
    [...text.matchAll(/^ALLOWED_HOSTS\s*(?::[^=\n]*)?=\s*(\[[^\]]*\](?:[^\n]*)|[^\n]*)/gm)].map((match) => ({
      source: placeOf(path, text, match.index),
      value: match[1] ?? '',
    })),
  );
  if (set.length === 0) return conditionalHosts(settings);
  const open = set.some(({ value }) => /environ|getenv|env[.(]|config\(|\*|\bsettings\.|[A-Z_]{4,}\b/.test(value));
  const [first] = set;
  if (open || !first) return [];
  const hosts = [...first.value.matchAll(/['"]([^'"]+)['"]/g)].map((match) => match[1] ?? '');
  const lets = hosts.length === 0 ? 'lets in nobody once DEBUG is off' : `lets in only ${hosts.join(', ')}`;
  return [
    `${first.source}: ALLOWED_HOSTS ${lets}, so probes and other hosts get 400; read it from the environment or put in '*' behind an ingress that knows its hosts`,
  ];
}

/** Set below a condition of the platform it was written for: elsewhere the list stays empty. */
function conditionalHosts(settings: readonly Source[]): string[] {
  return settings.flatMap(({ path, text }) => {
    const match = /^[ \t]+ALLOWED_HOSTS\s*=/m.exec(text);
    const condition = match && /(?:^|\n)if ([^\n:]+):(?:(?!\n\S)[\s\S])*$/.exec(text.slice(0, match.index))?.[1];
    // What production sets, by whatever name it goes, holds where it runs.
    if (!match || !condition || /DEBUG|prod/i.test(condition)) return [];
    return [
      `${placeOf(path, text, match.index)}: ALLOWED_HOSTS is set only if ${condition.trim()}; else it lets in nobody once DEBUG is off, so probes and other hosts get 400; read it from the environment`,
    ];
  });
}

function staticNotes(
  settings: readonly Source[],
  staticRoot: string | undefined,
  packages: ReadonlySet<string>,
): string[] {
  if (packages.has('whitenoise') || settings.some(({ text }) => /STATICFILES_STORAGE|storages\.backends/.test(text))) {
    return [];
  }
  return staticRoot === undefined
    ? []
    : [
        `${staticRoot}: static files are collected, but nothing serves them in production; whitenoise in MIDDLEWARE does`,
      ];
}

/** Where manage.py and the server's module name settings of development and there are some of production. */
function productionSettings(settings: readonly Source[], sources: readonly Source[], below: string): FoundVariable[] {
  const production = settings.find(({ path }) => /(?:^|\/)settings\/(?:production|prod)\.py$/.test(path));
  if (!production) return [];
  const named = sources
    .filter(({ path }) => /(?:^|\/)(?:wsgi|asgi|manage)\.py$/.test(path))
    .flatMap(({ text }) => /DJANGO_SETTINGS_MODULE['"]\s*,\s*['"]([\w.]+)['"]/.exec(text)?.[1] ?? []);
  if (named.length > 0 && named.every((module) => /\.(?:production|prod)$/.test(module))) return [];
  const inside = below ? production.path.slice(below.length + 1) : production.path;
  const module = moduleOf(inside, '').module;
  return [{ name: 'DJANGO_SETTINGS_MODULE', fallback: module, source: `${production.path}:1` }];
}
