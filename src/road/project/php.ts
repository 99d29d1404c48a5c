import { UserError } from '../../base/index.ts';
import type { Fact, LanguageFacts, ProcessFact, Route } from './contract.ts';
import type { Folder } from './folder.ts';
import { lineOfKey, parseJson } from './json.ts';
import { semver } from './packages.ts';
import { BUILT_IN, extensionsOf, laravelExtensions } from './php-extensions.ts';
import { phpRoutes } from './php-routes.ts';
import { phpVariables } from './php-variables.ts';
import { roleOf, uniqueRoutes } from './routes.ts';
import { factIn, sourceFiles, toolVersion } from './source-files.ts';
import { fileVariables } from './variables.ts';

/** Newest first: the first that composer.json allows is taken. */
const VERSIONS = ['8.4', '8.3', '8.2', '8.1'];
const NOT_SERVING =
  /(?:^|\/)(?:tests?|vendor|var|storage|database\/(?:seeders|factories))\/|Test\.php$|(?:^|\/)_ide_helper/;
const FRAMEWORKS = [
  'laravel/framework',
  'laravel/lumen-framework',
  'symfony/framework-bundle',
  'slim/slim',
  'cakephp/cakephp',
  'codeigniter4/framework',
  'yiisoft/yii2',
];
const ROOTS = ['public', 'web', 'webroot', 'htdocs', 'www', 'html', 'public_html'];

interface Manifest {
  name?: unknown;
  version?: unknown;
  require?: Record<string, unknown>;
  autoload?: unknown;
  config?: { platform?: { php?: unknown } };
}

export function isPhp(folder: Folder): boolean {
  return folder.has('composer.json') || folder.paths.some((path) => /^(?:\w+\/)?index\.php$/.test(path));
}

/** @throws UserError when composer.json is broken. */
export function readPhp(folder: Folder): LanguageFacts {
  const text = folder.read('composer.json') ?? '{}';
  const parsed = parseJson('composer.json', text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new UserError('composer.json:1', 'not an object', 'composer init writes a fresh one.');
  }
  const manifest = parsed as Manifest;
  const at = (...keys: string[]): string => `composer.json:${lineOfKey(text, ...keys)}`;
  const required = Object.keys(manifest.require ?? {});
  const packages = required
    .filter((name) => name.includes('/'))
    .map((name) => ({ value: name.toLowerCase(), source: at('require', name) }));
  const sources = sourceFiles(folder, /\.php$/, NOT_SERVING, 'php');
  const named = FRAMEWORKS.flatMap((name) => packages.filter(({ value }) => value === name))[0];
  const framework = named ?? wordpress(folder);
  const root = rootOf(folder);
  const asked = required
    .filter((name) => name.startsWith('ext-'))
    .map((name) => ({ value: name.slice(4).toLowerCase(), source: at('require', name) }));
  const example = framework?.value === 'laravel/framework' ? fileVariables(folder) : [];
  const extensions = unique([...asked, ...extensionsOf(sources), ...laravelExtensions(example)]).filter(
    ({ value }) => !BUILT_IN.test(value),
  );
  const vendored = folder.has('.gitignore') && !/^\/?vendor\b/m.test(folder.read('.gitignore') ?? '');
  const composer = packages.length > 0 || manifest.autoload !== undefined;
  return {
    name:
      typeof manifest.name === 'string'
        ? { value: manifest.name.split('/').at(-1) ?? '', source: at('name') }
        : undefined,
    version: typeof manifest.version === 'string' ? { value: manifest.version, source: at('version') } : undefined,
    languageVersion: phpVersion(folder, manifest, at),
    framework,
    packageManager: composer
      ? { value: vendored ? 'vendored' : 'composer', source: vendored ? '.gitignore' : 'composer.json' }
      : { value: 'none', source: 'default' },
    manifestFiles: ['composer.json', 'composer.lock'].filter((path) => folder.has(path)),
    packages: [...packages, ...extensions.map(({ value, source }) => ({ value: `ext-${value}`, source }))],
    build: assetsBuild(folder),
    start: () => ({ value: 'apache2-foreground', source: 'default' }),
    migrate: migrationOf(folder, framework?.value, packages),
    output: root,
    processes: processesOf(folder, framework?.value, packages),
    variables: [...example, ...phpVariables(sources, folder), ...laravelKey(framework)],
    routes: uniqueRoutes([...sources.flatMap(phpRoutes), ...fileRoutes(folder, root.value, framework)]),
    sources,
    native: extensions,
    port: { value: 8080, source: 'default' },
    notes: [
      ...(packages.length > 0 && !folder.has('composer.lock')
        ? ['composer.json:1: no composer.lock, so every build may install other versions; composer update writes one']
        : []),
      ...example
        .filter(({ name, fallback }) => name === 'DB_CONNECTION' && fallback === 'sqlite')
        .map(
          ({ source }) => `${source}: the database is a file (sqlite), which ends with its pod; choose mysql or pgsql`,
        ),
    ],
  };
}

function unique(facts: readonly Fact<string>[]): Fact<string>[] {
  return facts.filter(({ value }, index) => facts.findIndex((other) => other.value === value) === index);
}

function phpVersion(folder: Folder, manifest: Manifest, at: (...keys: string[]) => string): Fact<string> {
  const pinned = manifest.config?.platform?.php;
  const exact = typeof pinned === 'string' ? /^\d+\.\d+/.exec(pinned)?.[0] : undefined;
  if (exact) return { value: exact, source: at('config', 'platform', 'php') };
  const file = factIn(folder, '.php-version', /(\d+\.\d+)/) ?? toolVersion(folder, /php/);
  if (file) return { value: /^\d+\.\d+/.exec(file.value)?.[0] ?? file.value, source: file.source };
  const constraint = manifest.require?.php;
  if (typeof constraint === 'string') {
    const range = semver().validRange(composerRange(constraint));
    const fitting = range && VERSIONS.find((version) => semver().satisfies(`${version}.999`, range));
    if (fitting) return { value: fitting, source: at('require', 'php') };
    const least = range ? semver().minVersion(range) : null;
    if (least) return { value: `${least.major}.${least.minor}`, source: at('require', 'php') };
  }
  return { value: VERSIONS[0] ?? '8.4', source: 'default' };
}

/** Composer's constraints in npm's words: `|` and `,`, and `~8.2`, which lets the minor version grow. */
function composerRange(constraint: string): string {
  return constraint
    .replace(/\s*\|\|?\s*/g, ' || ')
    .replace(/\s*,\s*/g, ' ')
    .replace(/~(\d+)\.(\d+)(?!\.?\d)/g, '^$1.$2');
}

function wordpress(folder: Folder): Fact<string> | undefined {
  const path = ['wp-load.php', 'wp-settings.php'].find((name) => folder.has(name));
  return path ? { value: 'wordpress', source: path } : undefined;
}

/** The folder that is served, `.` for the top; the index.php in it is the source. */
function rootOf(folder: Folder): Fact<string> {
  for (const root of ROOTS) {
    if (folder.has(`${root}/index.php`)) return { value: root, source: `${root}/index.php` };
  }
  return { value: '.', source: folder.has('index.php') ? 'index.php' : 'default' };
}

/** Laravel signs and encrypts with it and refuses to start without. */
function laravelKey(framework: Fact<string> | undefined): LanguageFacts['variables'] {
  return framework?.value === 'laravel/framework'
    ? [{ name: 'APP_KEY', fallback: undefined, source: framework.source }]
    : [];
}

function assetsBuild(folder: Folder): Fact<string> | undefined {
  const text = folder.read('package.json');
  if (text === undefined) return undefined;
  const { scripts } = parseJson('package.json', text) as { scripts?: { build?: unknown } };
  if (typeof scripts?.build !== 'string') return undefined;
  return { value: 'npm run build', source: `package.json:${lineOfKey(text, 'scripts', 'build')}` };
}

function migrationOf(
  folder: Folder,
  framework: string | undefined,
  packages: readonly Fact<string>[],
): Fact<string> | undefined {
  const first = folder.paths.find((path) => /^(?:database\/migrations|migrations|db\/migrations)\/.*\.php$/.test(path));
  if (!first) return undefined;
  if (framework === 'laravel/framework') return { value: 'php artisan migrate --force', source: 'artisan' };
  const doctrine = packages.find(({ value }) => value === 'doctrine/doctrine-migrations-bundle');
  if (doctrine) {
    return {
      value: 'php bin/console doctrine:migrations:migrate --no-interaction --allow-no-migration',
      source: doctrine.source,
    };
  }
  const phinx = packages.find(({ value }) => value === 'robmorgan/phinx');
  return phinx ? { value: 'vendor/bin/phinx migrate -e production', source: phinx.source } : undefined;
}

function processesOf(folder: Folder, framework: string | undefined, packages: readonly Fact<string>[]): ProcessFact[] {
  if (framework !== 'laravel/framework') return [];
  const job = folder.paths.find((path) => /^app\/Jobs\/.+\.php$/.test(path));
  const horizon = packages.find(({ value }) => value === 'laravel/horizon');
  const schedule = factIn(folder, 'routes/console.php', /\b(Schedule::)/);
  const worker = horizon
    ? { value: 'php artisan horizon', source: horizon.source }
    : job && { value: 'php artisan queue:work --tries=3', source: job };
  return [
    ...(worker ? [{ name: 'worker', command: worker, quantity: undefined }] : []),
    ...(schedule
      ? [
          {
            name: 'clock',
            command: { value: 'php artisan schedule:work', source: schedule.source },
            quantity: undefined,
          },
        ]
      : []),
  ];
}

/** Without a front controller each file is its own route. */
function fileRoutes(folder: Folder, root: string, framework: Fact<string> | undefined): Route[] {
  if (framework) return [];
  const below = root === '.' ? '' : `${root}/`;
  return folder.paths
    .filter((path) => path.startsWith(below) && /^[\w-]+\.php$/.test(path.slice(below.length)))
    .map((path) => {
      const file = `/${path.slice(below.length)}`;
      const route = file === '/index.php' ? '/' : file;
      return { method: 'GET', path: route, source: `${path}:1`, role: roleOf('GET', route.replace(/\.php$/, '')) };
    });
}
