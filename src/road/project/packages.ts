import { createRequire } from 'node:module';

// Each takes ten to thirty milliseconds to load, and most commands read no file that needs it.
const load = createRequire(import.meta.url);

export function semver(): typeof import('semver') {
  return load('semver') as typeof import('semver');
}

export function toml(): typeof import('smol-toml') {
  return load('smol-toml') as typeof import('smol-toml');
}

export function dockerfiles(): typeof import('dockerfile-ast') {
  return load('dockerfile-ast') as typeof import('dockerfile-ast');
}
