import type { Fact, LanguageFacts, ProcessFact, StartFact } from './contract.ts';
import { type Folder, lineOf } from './folder.ts';
import { assetsBuild, railsNotes, railsVariables } from './rails.ts';
import { uniqueRoutes } from './routes.ts';
import { rubyRoutes } from './ruby-routes.ts';
import { rubyVariables } from './ruby-variables.ts';
import { factIn, sourceFiles, toolVersion } from './source-files.ts';
import type { Source } from './written-addresses.ts';

const DEFAULT_VERSION = '3.3';
const NOT_SERVING =
  /(?:^|\/)(?:test|spec|features|bin|node_modules|db\/(?:migrate|seeds)|lib\/tasks)\/|_(?:test|spec)\.rb$|^config\/environments\/(?:development|test)\.rb$/;
/** Each framework with the port of its own server, which is what the app's author expects. */
const FRAMEWORKS: readonly (readonly [string, number])[] = [
  ['rails', 3000],
  ['hanami', 2300],
  ['sinatra', 4567],
  ['grape', 9292],
  ['roda', 9292],
  ['rack', 9292],
];
/** Gems in C and what Debian calls the library each needs. */
const NATIVE = /^(?:pg|mysql2|trilogy|sqlite3|nokogiri|bcrypt|ffi|rmagick|ruby-vips|rdkafka|charlock_holmes|oj)$/;

export function isRuby(folder: Folder): boolean {
  return folder.has('Gemfile') || folder.has('config.ru') || MAIN_FILES.some((path) => folder.has(path));
}

const MAIN_FILES = ['app.rb', 'server.rb', 'main.rb', 'web.rb'];

export function readRuby(folder: Folder): LanguageFacts {
  const gems = gemsOf(folder);
  const named = FRAMEWORKS.find(([name]) => gems.some(({ value }) => value === name));
  const framework = named && gems.find(({ value }) => value === named[0]);
  const rails = named?.[0] === 'rails';
  const sources = sourceFiles(folder, /\.(?:rb|ru)$/, NOT_SERVING, 'ruby');
  const has = (name: string): Fact<string> | undefined => gems.find(({ value }) => value === name);
  const bundled = folder.has('Gemfile') ? 'bundle exec ' : '';
  const port = writtenPort(sources) ?? {
    value: named?.[1] ?? (folder.has('config.ru') ? 9292 : 8080),
    source: 'default',
  };
  return {
    name: factIn(folder, 'config/application.rb', /^\s*module\s+(\w+)/m),
    version: undefined,
    languageVersion: rubyVersion(folder),
    framework,
    packageManager: folder.has('Gemfile')
      ? { value: 'bundler', source: 'Gemfile' }
      : { value: 'none', source: 'default' },
    manifestFiles: ['Gemfile', 'Gemfile.lock', '.ruby-version'].filter((path) => folder.has(path)),
    packages: gems,
    build: rails ? assetsBuild(folder) : undefined,
    start: (chosen) => startOf(folder, has, rails, chosen, sources),
    migrate: migrationOf(folder, rails, bundled),
    processes: processesOf(folder, has),
    variables: [
      ...rubyVariables(sources, folder),
      ...(framework && rails ? railsVariables(folder, gems, framework) : []),
    ],
    routes: uniqueRoutes(sources.flatMap(rubyRoutes)),
    sources,
    native: gems.filter(({ value }) => NATIVE.test(value)),
    port,
    notes: [
      ...(folder.has('Gemfile') && !folder.has('Gemfile.lock')
        ? ['Gemfile:1: no Gemfile.lock, so every build may install other versions; bundle lock writes one']
        : []),
      ...(rails ? railsNotes(folder) : []),
    ],
  };
}

/** The gems of the Gemfile but those of groups that production leaves out. */
function gemsOf(folder: Folder): Fact<string>[] {
  const open: boolean[] = [];
  return (folder.read('Gemfile') ?? '').split('\n').flatMap((line, index) => {
    const group = /^\s*group\s+(.*?)\bdo\s*$/.exec(line)?.[1];
    if (group !== undefined) open.push(onlyDevelopment(group));
    else if (/\bdo\b(?:\s*\|[^|]*\|)?\s*$/.test(line)) open.push(open.at(-1) ?? false);
    else if (/^\s*end\b/.test(line)) open.pop();
    const name = /^\s*gem\s*\(?\s*['"]([^'"]+)['"]/.exec(line)?.[1];
    const inline = /\bgroups?:\s*(\[[^\]]*\]|:\w+)/.exec(line)?.[1];
    if (!name || open.at(-1) || (inline && onlyDevelopment(inline))) return [];
    return [{ value: name, source: `Gemfile:${index + 1}` }];
  });
}

function onlyDevelopment(groups: string): boolean {
  const names = [...groups.matchAll(/:(\w+)|%i\[([^\]]*)\]/g)].flatMap(
    (match) => match[1] ?? match[2]?.split(/\s+/) ?? [],
  );
  return names.length > 0 && names.every((name) => name === 'development' || name === 'test');
}

function rubyVersion(folder: Folder): Fact<string> {
  const said =
    factIn(folder, '.ruby-version', /(\d+\.\d+)/) ??
    toolVersion(folder, /ruby/) ??
    factIn(folder, 'Gemfile.lock', /^RUBY VERSION\s+ruby\s+(\d+\.\d+)/m) ??
    factIn(folder, 'Gemfile', /^\s*ruby\s*\(?\s*['"]([^'"]*\d[^'"]*)['"]/m);
  const named = /^([^\d]*)(\d+)\.(\d+)(\.\d+)?/.exec(said?.value ?? '');
  if (!said || !named) return { value: DEFAULT_VERSION, source: 'default' };
  const [, operator = '', major = '', minor = '', patch] = named;
  // `>= 3.1` and `~> 3.1` let the minor version grow, `~> 3.1.2` does not.
  const grows = operator.includes('>=') || (operator.includes('~>') && patch === undefined);
  const [newestMajor, newestMinor] = DEFAULT_VERSION.split('.').map(Number);
  const fits = grows && Number(major) === newestMajor && Number(minor) <= (newestMinor ?? 0);
  return { value: fits ? DEFAULT_VERSION : `${major}.${minor}`, source: said.source };
}

type Has = (name: string) => Fact<string> | undefined;

function startOf(
  folder: Folder,
  has: Has,
  rails: boolean,
  port: number,
  sources: readonly Source[],
): StartFact | undefined {
  const bundled = folder.has('Gemfile') ? 'bundle exec ' : '';
  const puma = has('puma');
  const settings = ['config/puma.rb', 'puma.rb'].find((path) => folder.has(path));
  if (puma && settings) return { value: `${bundled}puma -C ${settings}`, source: settings };
  if (puma && (folder.has('config.ru') || rails)) {
    return { value: `${bundled}puma -b tcp://0.0.0.0:${port}`, source: puma.source };
  }
  const unicorn = has('unicorn');
  if (unicorn) return { value: `${bundled}unicorn -l 0.0.0.0:${port} -E production`, source: unicorn.source };
  const falcon = has('falcon');
  if (falcon) return { value: `${bundled}falcon serve --bind http://0.0.0.0:${port}`, source: falcon.source };
  if (rails)
    return { value: `${bundled}rails server -b 0.0.0.0 -p ${port} -e production`, source: 'config/application.rb' };
  if (folder.has('config.ru')) {
    return { value: `${bundled}rackup --host 0.0.0.0 --port ${port} --env production`, source: 'config.ru:1' };
  }
  const main = MAIN_FILES.find((path) => folder.has(path));
  if (!main) return undefined;
  // Sinatra's classic style serves from the file itself and listens on loopback unless told otherwise.
  const classic =
    has('sinatra') &&
    sources.some(({ path, text }) => path === main && !/<\s*Sinatra::(?:Base|Application)/.test(text));
  return { value: `${bundled}ruby ${main}${classic ? ` -o 0.0.0.0 -p ${port} -e production` : ''}`, source: main };
}

function migrationOf(folder: Folder, rails: boolean, bundled: string): Fact<string> | undefined {
  const first = folder.paths.find((path) => /^db\/migrate\/\d+_\w+\.rb$/.test(path));
  if (!first) return undefined;
  if (rails) return { value: `${bundled}rails db:migrate`, source: first };
  const task = ['Rakefile', 'rakefile'].find((path) => folder.has(path));
  return task ? { value: `${bundled}rake db:migrate`, source: task } : undefined;
}

function processesOf(folder: Folder, has: Has): ProcessFact[] {
  const jobs: readonly (readonly [string, string])[] = [
    ['sidekiq', 'bundle exec sidekiq'],
    ['solid_queue', 'bundle exec rake solid_queue:start'],
    ['good_job', 'bundle exec good_job start'],
    ['resque', 'QUEUE=* bundle exec rake resque:work'],
    ['delayed_job_active_record', 'bundle exec rake jobs:work'],
  ];
  const works = folder.paths.some((path) => /^app\/(?:jobs|workers|sidekiq)\/(?!application_job\.rb)/.test(path));
  for (const [name, command] of jobs) {
    const gem = has(name);
    if (gem && works) return [{ name: 'worker', command: { value: command, source: gem.source }, quantity: undefined }];
  }
  return [];
}

function writtenPort(sources: readonly Source[]): Fact<number> | undefined {
  const patterns = [
    /^\s*set\s*\(?\s*:port\s*,\s*(\d{2,5})\b/m,
    /\bPort:\s*(\d{2,5})\b/,
    /\bPort\s*=>\s*(\d{2,5})\b/,
    /\bTCPServer\.(?:new|open)\(\s*(?:['"][^'"]*['"]\s*,\s*)?(\d{2,5})/,
    /^\s*port\s*\(?\s*(\d{2,5})\b/m,
    /^\s*bind\s*\(?\s*['"]tcp:\/\/[^'"]*:(\d{2,5})['"]/m,
  ];
  for (const pattern of patterns) {
    for (const { path, text } of sources) {
      const match = pattern.exec(text);
      if (match)
        return { value: Number(match[1]), source: `${path}:${lineOf(text, match.index + match[0].search(/\S/))}` };
    }
  }
  return undefined;
}
