import type { Fact } from './contract.ts';
import type { Folder } from './folder.ts';
import type { GradleBuild } from './gradle.ts';
import type { Pom } from './maven.ts';
import { factIn, toolVersion } from './source-files.ts';

/** Versions that have images and are kept up for years. */
const LONG_TERM = [8, 11, 17, 21, 25];
const DEFAULT_VERSION = '21';

/** Java's version as the folder's files, Maven or Gradle say it, raised to one that is kept up. */
export function javaVersion(folder: Folder, pom: Pom | undefined, gradle: GradleBuild | undefined): Fact<string> {
  const said =
    factIn(folder, '.java-version', /(?:1\.)?(\d+)/) ??
    factIn(folder, '.sdkmanrc', /^java=(?:1\.)?(\d+)/m) ??
    toolVersion(folder, /java/) ??
    factIn(folder, 'system.properties', /^java\.runtime\.version=(?:1\.)?(\d+)/m) ??
    [
      'maven.compiler.release',
      'java.version',
      'maven.compiler.target',
      'maven.compiler.source',
      'release',
      'jvmTarget',
      'jdk.version',
    ]
      .map((name) => pom?.value(name))
      .find((fact) => /^(?:1\.)?\d+$/.test(fact?.value ?? '')) ??
    gradle?.javaVersion;
  const number = Number(/(?:^|-)(?:1\.)?(\d+)/.exec(said?.value ?? '')?.[1]);
  const kept = LONG_TERM.find((version) => version >= number);
  if (!said || !number) return { value: DEFAULT_VERSION, source: 'default' };
  // A newer Java compiles for an older one and runs what it compiled.
  return { value: String(kept ?? number), source: said.source };
}
