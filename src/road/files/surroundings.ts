import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunError, run } from '../../base/index.ts';
import { markOf } from '../project/index.ts';
import { type FilesOptions, PIPELINES, type Pipeline } from './contract.ts';

const PIPELINE_SIGNS: Readonly<Record<Pipeline, string>> = {
  github: '.github/workflows',
  gitlab: '.gitlab-ci.yml',
  travis: '.travis.yml',
};
const COMPOSE_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** What an app's folder says of the files to be written: which pipelines, and what must not be touched. */
export async function surroundingsOf(directory: string): Promise<FilesOptions> {
  const isOwn = (name: string): boolean => {
    const path = join(directory, name);
    return existsSync(path) && markOf(readFileSync(path, 'utf8')) === undefined;
  };
  const own = ['Makefile', 'makefile', 'GNUmakefile'].some(isOwn);
  const common = { directory, pipelines: pipelinesIn(directory), ...(own ? { makefile: 'wherry.mk' } : {}) };
  const composeFile = COMPOSE_NAMES.find(isOwn);
  if (composeFile) return { ...common, composeFile };
  // An .env of the app's own is not mixed with wherry's.
  const environmentFile = isOwn('.env.example') || isOwn('.env') ? 'compose.env' : '.env';
  return { ...common, environmentFile, environmentIsIgnored: await isIgnored(directory, environmentFile) };
}

/** What the repository has already, else where it is kept, else all of them. */
function pipelinesIn(directory: string): readonly Pipeline[] {
  const there = PIPELINES.filter((pipeline) => existsSync(join(directory, PIPELINE_SIGNS[pipeline])));
  if (there.length > 0) return there;
  const settings = join(directory, '.git/config');
  const remotes = existsSync(settings) ? readFileSync(settings, 'utf8') : '';
  const kept = PIPELINES.filter((pipeline) => new RegExp(`url = .*\\b${pipeline}\\.`).test(remotes));
  return kept.length > 0 ? kept : PIPELINES;
}

/** As git sees it; where there is no git, nobody says. */
async function isIgnored(directory: string, path: string): Promise<boolean> {
  try {
    await run('git', ['check-ignore', '-q', path], { cwd: directory, timeoutMs: 10_000 });
    return true;
  } catch (error) {
    if (error instanceof RunError) return false;
    throw error;
  }
}
