import { UserError } from '../../base/index.ts';
import type { Fact, LanguageFacts } from './contract.ts';
import { dotnetRoutes } from './dotnet-routes.ts';
import { appSettings, dotnetVariables } from './dotnet-variables.ts';
import { type Folder, lineOf, placeOf } from './folder.ts';
import { uniqueRoutes } from './routes.ts';
import { factIn, sourceFact, sourceFiles } from './source-files.ts';
import type { Source } from './written-addresses.ts';

const DEFAULT_VERSION = '8.0';
const PROJECT = /\.(?:cs|fs|vb)proj$/;
const NOT_SERVING = /(?:^|\/)(?:obj|bin|tests?|Migrations)\/|(?:^|\/)[^/]*\.?Tests?\//;

export function isDotnet(folder: Folder): boolean {
  return projectsOf(folder).length > 0;
}

/** @throws UserError when several projects serve the web. */
export function readDotnet(folder: Folder): LanguageFacts {
  const projects = projectsOf(folder);
  const serving = projects.filter(({ web }) => web);
  const project = serving[0] ?? projects.find(({ runs }) => runs) ?? projects[0];
  if (!project) throw new Error('a folder without a .NET project is not read as one');
  const { path, directory } = project;
  const packages = projects.filter(({ test }) => !test).flatMap((each) => packagesOf(folder, each.path));
  const sources = sourceFiles(folder, /\.(?:cs|fs|vb)$/, NOT_SERVING, 'csharp');
  const settings = appSettings(folder, directory);
  const assembly = factIn(folder, path, /<AssemblyName>\s*([^<$]+?)\s*</);
  const name = assembly?.value ?? fileName(path);
  const framework = factIn(folder, path, /Sdk="(Microsoft\.NET\.Sdk\.Web)"/);
  return {
    name: { value: name, source: assembly?.source ?? path },
    version: factIn(folder, path, /<Version>\s*([^<$]+?)\s*</),
    languageVersion: dotnetVersion(folder, path),
    framework: framework && { value: 'aspnetcore', source: framework.source },
    packageManager: { value: 'nuget', source: path },
    manifestFiles: folder.paths.filter(
      (each) =>
        PROJECT.test(each) ||
        /^(?:Directory\.(?:Build|Packages)\.(?:props|targets)|global\.json|[Nn]u[Gg]et\.[Cc]onfig|packages\.lock\.json)$/.test(
          each,
        ),
    ),
    packages,
    build: {
      value: `dotnet publish ${path} --configuration Release --output /out -p:UseAppHost=false`,
      source: `${path}:1`,
    },
    start() {
      const [first, second] = serving;
      if (first && second) {
        throw new UserError(
          `${first.path}:1`,
          `two projects serve the web: ${first.path} and ${second.path}`,
          'Say which in wherry.yaml: build: dotnet publish PROJECT --configuration Release --output /out, start: dotnet NAME.dll',
        );
      }
      return { value: `dotnet ${name}.dll`, source: `${path}:1` };
    },
    output: { value: '/out', source: path },
    migrate: undefined,
    appliesMigrations: sourceFact(sources, /\.Database\s*\.(?:Migrate|MigrateAsync)\(/),
    variables: dotnetVariables(sources, settings),
    routes: uniqueRoutes(sources.flatMap(dotnetRoutes)),
    sources,
    native: [],
    port: writtenPort(sources, settings) ?? { value: 8080, source: 'default' },
    notes: [],
  };
}

interface Project {
  readonly path: string;
  /** With a slash at its end; empty for the top. */
  readonly directory: string;
  readonly web: boolean;
  readonly runs: boolean;
  readonly test: boolean;
}

/** The projects of the folder, nearest to the top first. */
function projectsOf(folder: Folder): Project[] {
  return folder.paths.flatMap((path) => {
    if (!PROJECT.test(path) || path.split('/').length > 4) return [];
    const text = folder.read(path) ?? '';
    const test =
      /<IsTestProject>\s*true/i.test(text) || /Include="(?:xunit|NUnit|MSTest|Microsoft\.NET\.Test\.Sdk)/i.test(text);
    const web = !test && /Sdk="Microsoft\.NET\.Sdk\.Web"/.test(text);
    const runs = !test && (web || /<OutputType>\s*Exe/i.test(text) || /Sdk="Microsoft\.NET\.Sdk\.Worker"/.test(text));
    return [{ path, directory: path.slice(0, path.lastIndexOf('/') + 1), web, runs, test }];
  });
}

function fileName(path: string): string {
  return (path.split('/').at(-1) ?? path).replace(PROJECT, '');
}

function packagesOf(folder: Folder, path: string): Fact<string>[] {
  const text = (folder.read(path) ?? '').replace(/<!--[\s\S]*?-->/g, (comment) => comment.replace(/[^\n]/g, ' '));
  return [...text.matchAll(/<PackageReference\s+[^>]*?Include="([^"]+)"/g)].map((match) => ({
    value: match[1] ?? '',
    source: placeOf(path, text, match.index),
  }));
}

function dotnetVersion(folder: Folder, path: string): Fact<string> {
  const said =
    factIn(folder, path, /<TargetFrameworks?>[^<]*?net(?:coreapp)?(\d+\.\d+)/) ??
    factIn(folder, 'Directory.Build.props', /<TargetFrameworks?>[^<]*?net(?:coreapp)?(\d+\.\d+)/) ??
    factIn(folder, 'global.json', /"version"\s*:\s*"(\d+\.\d+)/);
  return said ?? { value: DEFAULT_VERSION, source: 'default' };
}

function writtenPort(
  sources: readonly Source[],
  settings: ReadonlyMap<string, Fact<string>>,
): Fact<number> | undefined {
  for (const [key, { value, source }] of settings) {
    const port = /^(?:kestrel:endpoints:\w+:url|urls)$/.test(key)
      ? /^http:\/\/[^:]+:(\d+)/.exec(value)?.[1]
      : undefined;
    if (port) return { value: Number(port), source: source.split('#')[0] ?? source };
  }
  for (const { path, text } of sources) {
    const match =
      /(?:\.Run(?:Async)?|\.UseUrls|\.Urls\.Add)\(\s*"http:\/\/[^:"]+:(\d{2,5})|\.ListenAnyIP\(\s*(\d{2,5})/.exec(text);
    if (match) return { value: Number(match[1] ?? match[2]), source: `${path}:${lineOf(text, match.index)}` };
  }
  return undefined;
}
