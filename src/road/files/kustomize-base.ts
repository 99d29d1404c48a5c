import { COMPONENT_LABEL, type Manifest, PART_LABEL } from '../manifests/index.ts';
import type { FilePlan, OutputFile } from './contract.ts';
import { settingText } from './setting-lines.ts';
import { yamlText } from './yaml-text.ts';

/** `k8s/base`: one file a group of objects, and the kustomization that names them. */
export function baseFiles(plan: FilePlan): OutputFile[] {
  const groups = groupsOf(plan.objects);
  const files = [...groups].map(([group, objects]) => ({ path: `k8s/base/${group}.yaml`, text: yamlText(...objects) }));
  const settings = plan.settings.flatMap(({ name, lines, files: own }) => [
    ...(lines.length > 0 ? [{ path: `k8s/base/settings/${name}.env`, text: settingText(lines) }] : []),
    ...own.map(([key, text]) => ({ path: `k8s/base/settings/${name}.${key}`, text, kind: 'copy' as const })),
  ]);
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [...groups.keys()].map((group) => `${group}.yaml`),
    ...(plan.settings.length > 0
      ? {
          configMapGenerator: plan.settings.map(({ name, labels, lines, files: own }) => ({
            name,
            ...(lines.length > 0 ? { envs: [`settings/${name}.env`] } : {}),
            ...(own.length > 0 ? { files: own.map(([key]) => `${key}=settings/${name}.${key}`) } : {}),
            options: { labels },
          })),
        }
      : {}),
  };
  return [...files, ...settings, { path: 'k8s/base/kustomization.yaml', text: yamlText(kustomization) }];
}

const RIGHTS = new Set(['ServiceAccount', 'Role', 'RoleBinding']);

/** By what the part is to the application: `web`, `database`, `worker`. */
function groupsOf(objects: readonly Manifest[]): Map<string, Manifest[]> {
  const groups = new Map<string, Manifest[]>();
  for (const object of objects) {
    const group = groupOf(object);
    groups.set(group, [...(groups.get(group) ?? []), object]);
  }
  return groups;
}

function groupOf({ kind, metadata }: Manifest): string {
  if (RIGHTS.has(kind)) return 'rights';
  const component = metadata.labels?.[COMPONENT_LABEL] ?? 'others';
  // What has no role of its own goes by its name.
  return component === 'part' ? (metadata.labels?.[PART_LABEL] ?? component) : component;
}
