import type { Fact, LanguageFacts } from './contract.ts';
import { type Folder, lineOf } from './folder.ts';
import type { GradleBuild } from './gradle.ts';
import { decidedModule, type JavaBuild, javaBuild } from './java-modules.ts';
import { javaProperties } from './java-properties.ts';
import { javaRoutes, managementRoutes } from './java-routes.ts';
import { javaVariables } from './java-variables.ts';
import { javaVersion } from './java-version.ts';
import type { Pom } from './maven.ts';
import { uniqueRoutes } from './routes.ts';
import { sourceFiles } from './source-files.ts';
import type { Source } from './written-addresses.ts';

const NOT_SERVING = /(?:^|\/)(?:test|tests|androidTest|integrationTest|buildSrc|jmh)\//;

interface Framework {
  readonly name: string;
  readonly groups: RegExp;
  readonly port: number | undefined;
}
const FRAMEWORKS: readonly Framework[] = [
  { name: 'spring-boot', groups: /^org\.springframework\.boot[:.]?/, port: 8080 },
  { name: 'quarkus', groups: /^io\.quarkus[:.]?/, port: 8080 },
  { name: 'micronaut', groups: /^io\.micronaut[:.]?/, port: 8080 },
  { name: 'helidon', groups: /^io\.helidon[:.]?/, port: 8080 },
  { name: 'javalin', groups: /^io\.javalin:/, port: 8080 },
  { name: 'ktor', groups: /^io\.ktor[:.]/, port: 8080 },
  { name: 'vert.x', groups: /^io\.vertx:/, port: 8080 },
  { name: 'dropwizard', groups: /^io\.dropwizard:/, port: 8080 },
  { name: 'spark', groups: /^com\.sparkjava:/, port: 4567 },
];

export function isJava(folder: Folder): boolean {
  return MANIFESTS.some((path) => folder.has(path));
}

const MANIFESTS = ['pom.xml', 'build.gradle.kts', 'build.gradle', 'settings.gradle.kts', 'settings.gradle'];

/** Java and Kotlin by Maven or Gradle, their wrappers first. */
export function readJava(folder: Folder): LanguageFacts {
  const built = javaBuild(folder);
  const { pom, gradle, module } = built;
  const dependencies = pom?.dependencies ?? gradle?.dependencies ?? [];
  const marks = [...dependencies, ...(pom?.parent ? [pom.parent] : []), ...(pom?.plugins ?? gradle?.plugins ?? [])];
  const framework = FRAMEWORKS.flatMap(({ name, groups, port }) => {
    const mark = marks.find(({ value }) => groups.test(value));
    return mark ? [{ name, port, source: mark.source }] : [];
  })[0];
  const properties = javaProperties(folder);
  const sources = sourceFiles(folder, /\.(?:java|kt)$/, NOT_SERVING, 'java');
  const has = (name: string): Fact<string> | undefined => dependencies.find(({ value }) => value === name);
  const written = writtenPort(properties, sources);
  const notes = [
    ...(properties.get('management.server.port')
      ? [
          `${properties.get('management.server.port')?.source}: health answers on a port of its own, so the probes ask the app's port instead`,
        ]
      : []),
  ];
  return {
    name: pom?.name ?? gradle?.name,
    version: pom?.version ?? gradle?.version,
    languageVersion: javaVersion(folder, pom, gradle),
    framework: framework && { value: framework.name, source: framework.source },
    packageManager: packageManagerOf(folder, pom !== undefined),
    manifestFiles: manifestFiles(folder),
    packages: dependencies,
    build: buildOf(folder, built, framework?.name),
    start() {
      decidedModule(built);
      return startOf(
        framework,
        pom,
        gradle,
        sources.filter(({ path }) => path.startsWith(module)),
      );
    },
    output: outputOf(built, framework?.name),
    migrate: undefined,
    variables: javaVariables(sources, properties, framework?.name),
    routes: uniqueRoutes([...managementRoutes(has, properties, framework?.name), ...sources.flatMap(javaRoutes)]),
    sources,
    native: [],
    port: written ?? (framework?.port === undefined ? undefined : { value: framework.port, source: 'default' }),
    notes,
  };
}

function packageManagerOf(folder: Folder, maven: boolean): Fact<string> {
  if (maven) return folder.has('mvnw') ? { value: 'mvnw', source: 'mvnw' } : { value: 'maven', source: 'pom.xml' };
  const file = MANIFESTS.find((path) => folder.has(path)) ?? 'build.gradle';
  return folder.has('gradlew') ? { value: 'gradlew', source: 'gradlew' } : { value: 'gradle', source: file };
}

function manifestFiles(folder: Folder): string[] {
  return [
    'pom.xml',
    'mvnw',
    'build.gradle',
    'build.gradle.kts',
    'settings.gradle',
    'settings.gradle.kts',
    'gradle.properties',
    'gradlew',
    'gradle/libs.versions.toml',
  ].filter((path) => folder.has(path));
}

function buildOf(
  folder: Folder,
  { pom, gradle, module }: JavaBuild,
  framework: string | undefined,
): Fact<string> | undefined {
  if (pom) {
    const wrapper = folder.has('mvnw');
    const framed = framework !== undefined && ['spring-boot', 'quarkus', 'micronaut', 'helidon'].includes(framework);
    const of = module ? ` -pl ${module} -am` : '';
    const libraries =
      framed || packsLibraries(pom) || pom.dependencies.length === 0
        ? ''
        : ' dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=target/lib';
    return {
      value: `${wrapper ? 'sh mvnw' : 'mvn'} -B -ntp -DskipTests${of} package${libraries}`,
      source: wrapper ? 'mvnw' : 'pom.xml',
    };
  }
  if (!gradle) return undefined;
  const wrapper = folder.has('gradlew');
  const task =
    framework === 'spring-boot'
      ? 'bootJar'
      : framework === 'quarkus'
        ? 'quarkusBuild'
        : isApplication(gradle)
          ? 'installDist'
          : 'jar';
  const of = module ? `:${module.replaceAll('/', ':')}:` : '';
  return {
    value: `${wrapper ? 'sh gradlew' : 'gradle'} --no-daemon ${of}${task}`,
    source: wrapper ? 'gradlew' : gradle.path,
  };
}

function isApplication(gradle: GradleBuild): boolean {
  return gradle.plugins.some(({ value }) =>
    /^(?:application|io\.micronaut\.application|io\.ktor\.plugin)$/.test(value),
  );
}

/** Where the build leaves what runs: a folder of jars, or the folder that is run whole. */
function outputOf({ pom, gradle, module }: JavaBuild, framework: string | undefined): Fact<string> | undefined {
  const below = `${module ? `${module}/` : ''}${pom ? 'target' : 'build'}`;
  const source = pom ? `${module ? `${module}/` : ''}pom.xml` : (gradle?.path ?? 'build.gradle');
  if (framework === 'quarkus') return { value: `${below}/quarkus-app`, source };
  if (gradle && framework !== 'spring-boot' && isApplication(gradle)) return { value: `${below}/install`, source };
  return { value: gradle ? `${below}/libs` : below, source };
}

/** Spring Boot 3.3 and later unpack a jar into one that starts by its name; earlier ones start by their loader. */
function startOf(
  framework: { readonly name: string; readonly source: string } | undefined,
  pom: Pom | undefined,
  gradle: GradleBuild | undefined,
  sources: readonly Source[],
): Fact<string> | undefined {
  if (framework?.name === 'spring-boot') {
    const version =
      pom?.parentVersion ?? gradle?.plugins.find(({ value }) => value === 'org.springframework.boot')?.version;
    const [major = 4, minor = 0] = (version ?? '').split('.').map(Number);
    const named = version !== undefined && /^\d/.test(version);
    if (named && (major < 3 || (major === 3 && minor < 2)))
      return { value: 'java org.springframework.boot.loader.JarLauncher', source: framework.source };
    if (named && major === 3 && minor === 2)
      return { value: 'java org.springframework.boot.loader.launch.JarLauncher', source: framework.source };
    return { value: 'java -jar app.jar', source: framework.source };
  }
  if (framework?.name === 'quarkus') return { value: 'java -jar quarkus-run.jar', source: framework.source };
  if (gradle && isApplication(gradle)) return { value: 'sh bin/start', source: gradle.path };
  const main = mainClass(sources);
  if (!main) return undefined;
  // Nothing packs the libraries into the jar: they stand beside it.
  return pom && !packsLibraries(pom)
    ? { value: `java -cp 'app.jar:lib/*' ${main.value}`, source: main.source }
    : { value: 'java -jar app.jar', source: main.source };
}

function packsLibraries(pom: Pom): boolean {
  return [...pom.plugins, ...(pom.parent ? [pom.parent] : [])].some(({ value }) =>
    /maven-shade-plugin|maven-assembly-plugin|spring-boot|micronaut|helidon/.test(value),
  );
}

function mainClass(sources: readonly Source[]): Fact<string> | undefined {
  for (const { path, text } of sources) {
    const match = /\bpublic\s+static\s+void\s+main\s*\(|^fun\s+main\s*\(/m.exec(text);
    if (!match) continue;
    const inPackage = /^\s*package\s+([\w.]+)/m.exec(text)?.[1];
    const file = (path.split('/').at(-1) ?? '').replace(/\.java$/, '').replace(/\.kt$/, 'Kt');
    return { value: inPackage ? `${inPackage}.${file}` : file, source: `${path}:${lineOf(text, match.index)}` };
  }
  return undefined;
}

function writtenPort(
  properties: ReadonlyMap<string, Fact<string>>,
  sources: readonly Source[],
): Fact<number> | undefined {
  for (const name of ['server.port', 'quarkus.http.port', 'micronaut.server.port']) {
    const fact = properties.get(name);
    const port = Number(/^(?:\$\{\w+:)?(\d{2,5})\}?$/.exec(fact?.value ?? '')?.[1]);
    if (fact && port) return { value: port, source: fact.source };
  }
  for (const { path, text } of sources) {
    const match =
      /\bnew\s+InetSocketAddress\(\s*(?:"[^"]*"\s*,\s*)?(\d{2,5})\s*\)|\.start\(\s*(\d{4,5})\s*\)|\.listen\(\s*(\d{2,5})\s*\)|^\s*port\(\s*(\d{2,5})\s*\)|\bport\s*=\s*(\d{4,5})\b/m.exec(
        text,
      );
    if (match)
      return {
        value: Number(match.slice(1).find(Boolean)),
        source: `${path}:${lineOf(text, match.index + match[0].search(/\S/))}`,
      };
  }
  return undefined;
}
