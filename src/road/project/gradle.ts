import type { Fact } from './contract.ts';
import { type Folder, placeOf } from './folder.ts';
import { maskCode } from './mask-code.ts';

/** What build.gradle or build.gradle.kts says, the version catalogue included. */
export interface GradleBuild {
  readonly path: string;
  readonly name: Fact<string> | undefined;
  readonly version: Fact<string> | undefined;
  readonly javaVersion: Fact<string> | undefined;
  /** Plugin ids, with their versions where they are given. */
  readonly plugins: readonly (Fact<string> & { readonly version: string | undefined })[];
  /** `group:artifact` of what is not for tests only. */
  readonly dependencies: readonly Fact<string>[];
}

const LENGTH_MAX = 200_000;

/** The modules that the settings include: `include("app", ":lib:core")`. */
export function gradleModules(folder: Folder): Fact<string>[] {
  const path = ['settings.gradle.kts', 'settings.gradle'].find((name) => folder.has(name));
  const text =
    path === undefined
      ? ''
      : maskCode((folder.read(path) ?? '').slice(0, LENGTH_MAX).replace(/'([^'\n]*)'/g, '"$1"'), 'java');
  return [...text.matchAll(/^\s*include\b\s*\(?((?:\s*"[^"]+"\s*,?)+)/gm)].flatMap((match) =>
    [...(match[1] ?? '').matchAll(/"([^"]+)"/g)].map((name) => ({
      value: (name[1] ?? '').replace(/^:/, '').replaceAll(':', '/'),
      source: placeOf(path ?? '', text, match.index + match[0].search(/\S/)),
    })),
  );
}

/** @param below the module's folder with a slash at its end; empty for the top */
export function readGradle(folder: Folder, below = ''): GradleBuild | undefined {
  const path = [`${below}build.gradle.kts`, `${below}build.gradle`].find((name) => folder.has(name));
  if (!path) return undefined;
  const text = maskCode((folder.read(path) ?? '').slice(0, LENGTH_MAX).replace(/'([^'\n]*)'/g, '"$1"'), 'java');
  const find = (pattern: RegExp): Fact<string> | undefined => {
    const match = pattern.exec(text);
    const found = match?.slice(1).find((group) => group !== undefined);
    return match && found
      ? { value: found, source: placeOf(path, text, match.index + match[0].search(/\S/)) }
      : undefined;
  };
  const settings = ['settings.gradle.kts', 'settings.gradle'].find((name) => folder.has(name));
  const settingsText = settings === undefined ? '' : (folder.read(settings) ?? '');
  const rootName = /rootProject\.name\s*=\s*["']([^"']+)["']/.exec(settingsText);
  const catalogue = catalogueOf(folder);
  return {
    path,
    name:
      settings && rootName?.[1]
        ? { value: rootName[1], source: placeOf(settings, settingsText, rootName.index) }
        : undefined,
    version: find(/^\s*version\s*=?\s*"([^"]+)"/m),
    javaVersion: find(
      /JavaLanguageVersion\.of\(\s*"?(\d+)|\bjvmToolchain\(\s*(\d+)|(?:sourceCompatibility|targetCompatibility|release)(?:\.set\(|\s*=)\s*(?:JavaVersion\.(?:VERSION_|toVersion\())?"?(?:1[._])?(\d+)/,
    ),
    plugins: [
      ...text.matchAll(
        /\bid\s*\(?\s*"([\w.-]+)"\s*\)?(?:\s*version\s*"([^"]+)")?|^\s*(application|java|war)\s*$|\balias\(\s*libs\.plugins\.([\w.]+)/gm,
      ),
    ].map((match) => ({
      value: match[1] ?? match[3] ?? catalogue.plugins.get(match[4] ?? '') ?? match[4] ?? '',
      source: placeOf(path, text, match.index + match[0].search(/\S/)),
      version: match[2],
    })),
    dependencies: [
      ...text.matchAll(
        /^\s*(?:implementation|api|runtimeOnly|compileOnly|developmentOnly)\s*\(?\s*(?:(?:platform|enforcedPlatform)\s*\(\s*)?(?:"([\w.-]+:[\w.-]+)(?::[^"]*)?"|libs\.([\w.]+))/gm,
      ),
    ].flatMap((match) => {
      const value = match[1] ?? catalogue.libraries.get(match[2] ?? '');
      return value ? [{ value, source: placeOf(path, text, match.index + match[0].search(/\S/)) }] : [];
    }),
  };
}

/** gradle/libs.versions.toml: what `libs.name` stands for; dashes of an alias are dots in the build. */
function catalogueOf(folder: Folder): { libraries: Map<string, string>; plugins: Map<string, string> } {
  const text = folder.read('gradle/libs.versions.toml') ?? '';
  const libraries = new Map<string, string>();
  const plugins = new Map<string, string>();
  for (const line of text.split('\n')) {
    const alias = /^\s*"?([\w.-]+)"?\s*=/.exec(line)?.[1]?.replace(/[-_]/g, '.');
    if (!alias) continue;
    const group = /\bgroup\s*=\s*"([^"]+)"/.exec(line)?.[1];
    const name = /\bname\s*=\s*"([^"]+)"/.exec(line)?.[1];
    const module = /\bmodule\s*=\s*"([^"]+)"/.exec(line)?.[1] ?? (group && name ? `${group}:${name}` : undefined);
    const short = /=\s*"([\w.-]+:[\w.-]+):[^"]*"\s*$/.exec(line)?.[1];
    const id = /\bid\s*=\s*"([^"]+)"/.exec(line)?.[1];
    if (module ?? short) libraries.set(alias, module ?? short ?? '');
    if (id) plugins.set(alias, id);
  }
  return { libraries, plugins };
}
