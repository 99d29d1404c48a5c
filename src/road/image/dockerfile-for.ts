import type { Facts, Language } from '../project/index.ts';
import type { GeneratedDockerfile } from './contract.ts';
import { dotnetDockerfile } from './dotnet.ts';
import { goDockerfile } from './go.ts';
import { javaDockerfile } from './java.ts';
import { nodeDockerfile } from './node.ts';
import { phpDockerfile } from './php.ts';
import { pythonDockerfile } from './python.ts';
import { rubyDockerfile } from './ruby.ts';
import { rustDockerfile } from './rust.ts';
import { staticSiteDockerfile } from './static-site.ts';

const WRITERS: Readonly<Partial<Record<Language, (facts: Facts) => GeneratedDockerfile>>> = {
  node: nodeDockerfile,
  python: pythonDockerfile,
  go: goDockerfile,
  php: phpDockerfile,
  ruby: rubyDockerfile,
  java: javaDockerfile,
  rust: rustDockerfile,
  dotnet: dotnetDockerfile,
  static: staticSiteDockerfile,
};

/**
 * The Dockerfile a careful engineer would write for this app: several stages, packages apart from sources so that they
 * are kept, a numeric user that is not root, the app itself as process 1. Undefined for an app without a known language,
 * which brings its own.
 */
export function dockerfileFor(facts: Facts): GeneratedDockerfile | undefined {
  return facts.language && facts.start ? WRITERS[facts.language.value]?.(facts) : undefined;
}
