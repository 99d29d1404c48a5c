import { UserError } from '../../base/index.ts';
import type { Fact } from './contract.ts';
import type { Folder } from './folder.ts';
import { type GradleBuild, gradleModules, readGradle } from './gradle.ts';
import { type Pom, readPom } from './maven.ts';

/** The build of the app that serves: of a build in several modules, the one with a main function. */
export interface JavaBuild {
  readonly pom: Pom | undefined;
  readonly gradle: GradleBuild | undefined;
  /** Relative path of the module that serves; empty for a build in one. */
  readonly module: string;
  /** Further candidates; more than one cannot be decided. */
  readonly candidates: readonly Fact<string>[];
}

const MAIN = /\bpublic\s+static\s+void\s+main\s*\(|^fun\s+main\s*\(/m;

export function javaBuild(folder: Folder): JavaBuild {
  const root = readPom(folder);
  const gradleRoot = root ? undefined : readGradle(folder);
  const modules = root ? root.modules : gradleModules(folder);
  if (modules.length === 0) return { pom: root, gradle: gradleRoot, module: '', candidates: [] };
  const candidates = servingModules(folder, modules);
  const module = candidates.length === 1 ? (candidates[0]?.value ?? '') : '';
  const paths = modules.map(({ value }) => value);
  if (root) {
    const poms = paths.flatMap((path) => readPom(folder, `${path}/pom.xml`) ?? []);
    const chosen = (module && readPom(folder, `${module}/pom.xml`)) || root;
    const pom: Pom = {
      ...chosen,
      version: chosen.version ?? root.version,
      parent: root.parent,
      parentVersion: root.parentVersion,
      // What another module talks to, the one that serves talks to through it.
      dependencies: unique([root, chosen, ...poms].flatMap(({ dependencies }) => dependencies)),
      plugins: [...chosen.plugins, ...root.plugins],
      value: (name) => chosen.value(name) ?? root.value(name),
    };
    return { pom, gradle: undefined, module, candidates };
  }
  const builds = paths.flatMap((path) => readGradle(folder, `${path}/`) ?? []);
  const chosen = (module && readGradle(folder, `${module}/`)) || gradleRoot;
  const all = [...(gradleRoot ? [gradleRoot] : []), ...(chosen ? [chosen] : []), ...builds];
  const gradle = chosen && {
    ...chosen,
    name: module ? { value: module.split('/').at(-1) ?? module, source: chosen.path } : chosen.name,
    version: chosen.version ?? gradleRoot?.version,
    javaVersion: chosen.javaVersion ?? gradleRoot?.javaVersion,
    dependencies: unique(all.flatMap(({ dependencies }) => dependencies)),
    // `apply false` at the top names the version that the modules apply.
    plugins: chosen.plugins.map((plugin) => ({
      ...plugin,
      version: plugin.version ?? gradleRoot?.plugins.find(({ value }) => value === plugin.value)?.version,
    })),
  };
  return { pom: undefined, gradle, module, candidates };
}

/** @throws UserError when several modules have a main function. */
export function decidedModule({ candidates }: JavaBuild): void {
  const [first, second] = candidates;
  if (!first || !second) return;
  throw new UserError(
    first.source,
    `several modules could serve: ${first.value} and ${second.value} (${second.source})`,
    `Say which in wherry.yaml, with the command that builds it: start: java -jar ${first.value}/target/NAME.jar`,
  );
}

function servingModules(folder: Folder, modules: readonly Fact<string>[]): Fact<string>[] {
  const main = modules.filter(({ value }) =>
    folder.paths.some(
      (path) =>
        path.startsWith(`${value}/src/main/`) && /\.(?:java|kt)$/.test(path) && MAIN.test(folder.read(path) ?? ''),
    ),
  );
  if (main.length < 2) return main;
  // Of several, those that a plug-in packs to be run.
  const packed = main.filter(({ value }) =>
    ['pom.xml', 'build.gradle', 'build.gradle.kts'].some((file) =>
      /spring-boot-maven-plugin|quarkus-maven-plugin|org\.springframework\.boot|io\.quarkus|io\.micronaut\.application|^\s*application\s*$/m.test(
        folder.read(`${value}/${file}`) ?? '',
      ),
    ),
  );
  return packed.length > 0 ? packed : main;
}

function unique(facts: readonly Fact<string>[]): Fact<string>[] {
  const seen = new Set<string>();
  return facts.filter(({ value }) => !seen.has(value) && seen.add(value));
}
