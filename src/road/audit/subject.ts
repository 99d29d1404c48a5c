import type { Facts, Folder } from '../project/index.ts';
import { blankComments } from './comments.ts';
import type { Dialect, Source, Subject, TextFile } from './contract.ts';
import { isDockerfile, parseDockerfile } from './dockerfile.ts';
import { startLinesOf } from './start-lines.ts';

const DIALECTS: readonly (readonly [RegExp, Dialect])[] = [
  [/\.(?:[cm]?[jt]s|[jt]sx)$/, 'node'],
  [/\.py$/, 'python'],
  [/\.go$/, 'go'],
  [/\.(?:java|kt|groovy)$/, 'java'],
  [/\.(?:rb|ru|rake)$/, 'ruby'],
  [/\.php$/, 'php'],
  [/\.rs$/, 'rust'],
  [/\.(?:cs|fs|vb)$/, 'dotnet'],
];
const ASIDE =
  /(?:^|\/)(?:cypress|playwright|jest|vitest|karma)\.\w*\.?[cm]?[jt]s$|(?:^|\/)(?:tests?|__tests__|specs?|e2e|cypress|fixtures?|testdata|__mocks__|mocks?|stubs?|examples?|samples?|docs?|stories|benchmarks?|bench|extras?|demos?|contrib|langs?|locales?|i18n|translations?)\/|(?:^|\/)src\/test\/|\.(?:test|spec|stories|mock|fixture|d)\.[cm]?[jt]sx?$|_test\.go$|(?:^|\/)(?:test_\w*|\w*_test|tests|conftest)\.py$|(?:Test|Tests|IT|Spec)\.(?:java|kt|cs)$|_(?:spec|test)\.rb$|Test\.php$/;
const BROWSER =
  /(?:^|\/)(?:public|static|assets|client|frontend|web-ui|components|hooks|storybook)\/|\.(?:jsx|tsx|vue|svelte)$|\.min\.js$/;
/** Runs in a browser, whatever folder it lies in. */
const BROWSER_CODE =
  /(?:from|require\()\s*['"](?:vue|vue-i18n|react|react-dom|preact|svelte|solid-js|@angular\/core|jquery)(?:\/[^'"]+)?['"]/;
const NOT_SERVING = /(?:^|\/)(?:scripts|tools|migrations|migrate|seeds?|seeders|alembic|bin)\//;
const CONFIGURES =
  /(?:^|\/)(?:webpack|vite|rollup|jest|vitest|babel|eslint|prettier|tailwind|postcss|next|nuxt|gulpfile|Gruntfile|karma|playwright|cypress|knexfile|setup|noxfile|fabfile|Rakefile)[\w.-]*\.(?:[cm]?[jt]s|py)$/;
const GENERATED = /[^\n]{5000}/;
const LOCKS =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|poetry\.lock|uv\.lock|Pipfile\.lock|Gemfile\.lock|composer\.lock|Cargo\.lock|go\.sum|packages\.lock\.json)$/;
const TEXT =
  /(?:^|\/)(?:\.env[\w.-]*|Dockerfile[\w.-]*|Containerfile|Procfile|Makefile|Gemfile|\.npmrc|\.pypirc|\.netrc|\.htpasswd|id_rsa|id_ed25519)$|\.(?:json5?|ya?ml|toml|ini|cfg|conf|properties|env|xml|config|sh|bash|sql|tf|tfvars|pem|key|gradle|kts|erb|ejs|html|csproj|service|prisma|txt)$/i;
const MANIFESTS =
  /(?:^|\/)(?:package\.json|pyproject\.toml|Pipfile|setup\.py|requirements[\w-]*\.txt|go\.mod|pom\.xml|build\.gradle(?:\.kts)?|libs\.versions\.toml|Gemfile|composer\.json|Cargo\.toml)$|\.csproj$/;
const SERVER_PARTS =
  /\.listen\(|createServer\(|\bapp\.run\(|FastAPI\(|Flask\(|ListenAndServe|http\.ResponseWriter|\.Map(?:Get|Post)\(|@RestController|@Controller\b|Sinatra|HttpServer::new|axum::|rocket::|WebApplication\.Create|wsgi_application|get_wsgi_application|Rails\.application|\bRoute::/;
const FRAMEWORKS =
  /\b(?:express|fastify|koa|hono|@nestjs\/core|@hapi\/hapi|next|flask|django|fastapi|starlette|gin-gonic|labstack\/echo|go-chi|gofiber|spring-boot-starter-web|quarkus|micronaut|rails|sinatra|laravel|symfony|slim|actix-web|axum|rocket|Microsoft\.NET\.Sdk\.Web)\b/;

export function dialectOf(path: string): Dialect | undefined {
  return DIALECTS.find(([pattern]) => pattern.test(path))?.[1];
}

/** Puts together what the rules read. */
export function subjectOf(facts: Facts, folder: Folder, tracked: ReadonlySet<string> | undefined): Subject {
  const sources: Source[] = [];
  const texts: TextFile[] = [];
  for (const path of folder.paths) {
    if (ASIDE.test(path) || LOCKS.test(path) || /\.min\.(?:js|css)$/.test(path)) continue;
    const dialect = dialectOf(path);
    if (!dialect && !TEXT.test(path)) continue;
    const text = folder.read(path);
    // Nobody writes such a line: it was made by a bundler, and what is wrong with it is wrong with its source.
    if (text === undefined || (dialect && GENERATED.test(text))) continue;
    const file = { path, text, code: blankComments(text, path, dialect) };
    texts.push(file);
    if (
      dialect &&
      !BROWSER.test(path) &&
      !(dialect === 'node' && BROWSER_CODE.test(file.code)) &&
      !NOT_SERVING.test(path) &&
      !CONFIGURES.test(path)
    ) {
      sources.push({ ...file, dialect });
    }
  }
  const manifests = folder.paths.filter((path) => MANIFESTS.test(path) && !ASIDE.test(path));
  const names = [
    ...facts.packages.map(({ value }) => value),
    ...manifests.map((path) => blankComments(folder.read(path) ?? '', path, undefined)),
  ].join('\n');
  const dockerfiles = folder.paths.filter(isDockerfile).flatMap((path) => {
    const text = folder.read(path);
    return text === undefined || ASIDE.test(path) ? [] : [parseDockerfile(path, text)];
  });
  const codeHas = (pattern: RegExp): boolean => sources.some(({ code }) => pattern.test(code));
  return {
    facts,
    folder,
    sources,
    texts,
    dockerfiles,
    startLines: startLinesOf(facts, folder, dockerfiles),
    tracked,
    uses: (pattern) => pattern.test(names),
    codeHas,
    serves: facts.routes.length > 0 || FRAMEWORKS.test(names) || codeHas(SERVER_PARTS),
  };
}
