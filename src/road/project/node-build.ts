import type { Fact } from './contract.ts';
import type { Folder } from './folder.ts';
import type { FrameworkWay } from './node-frameworks.ts';
import type { NodeManifest } from './node-manifest.ts';
import { type Member, neededMembers, type Workspace } from './workspace.ts';

/** What builds an app that stands alone: its script, else what its framework or its TypeScript settings ask for. */
export function nodeBuild(
  folder: Folder,
  manifest: NodeManifest,
  manager: string,
  way: FrameworkWay | undefined,
  start: string | undefined,
): Fact<string> | undefined {
  for (const name of ['build', 'heroku-postbuild', 'build:prod']) {
    const script = manifest.text('scripts', name);
    if (script) return { value: `${manager} run ${name}`, source: script.source };
  }
  if (way?.build) return { value: way.build, source: way.source };
  const settings = folder.read('tsconfig.json');
  const target = /"outDir"\s*:\s*"(?:\.\/)?([^"]+?)\/?"/.exec(settings ?? '')?.[1];
  const compiled = target !== undefined && start?.includes(`${target}/`) === true;
  return compiled && manifest.package('typescript') ? { value: 'tsc', source: 'tsconfig.json' } : undefined;
}

/** What builds a member of a workspace and, before it, the members it needs; run from the workspace's folder. */
export function workspaceBuild(
  workspace: Workspace,
  path: string,
  manager: string,
  up: string,
): Fact<string> | undefined {
  const members = neededMembers(workspace, path).filter(({ manifest }) => manifest.scripts.build !== undefined);
  const own = members.at(-1);
  if (!own) return undefined;
  const named = own.manifest.text('scripts', 'build');
  const source = `${up}${named?.source ?? own.manifest.path}`;
  const name = String(own.manifest.fields.name ?? '');
  const { folder, manifest } = workspace;
  if (folder.has('turbo.json') && manifest.package('turbo') && name !== '') {
    return { value: `turbo run build --filter=${name}`, source };
  }
  return { value: members.map((member) => buildOf(manager, member)).join(' && '), source };
}

function buildOf(manager: string, { path, manifest }: Member): string {
  const name = String(manifest.fields.name ?? path);
  if (manager === 'pnpm') return `pnpm --filter ./${path} run build`;
  if (manager === 'yarn') return `yarn workspace ${name} run build`;
  return `npm run build --workspace=${path}`;
}
