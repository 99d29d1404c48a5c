import type { IngressSpec } from '../../engine/kinds/index.ts';
import {
  ENVIRONMENTS,
  type Environment,
  type FilePlan,
  type OutputFile,
  type SecretFiles,
  type Workload,
} from './contract.ts';
import { BASE_TAG } from './plan-files.ts';
import { exampleText, filledText } from './secret-lines.ts';
import { yamlText } from './yaml-text.ts';

/** How many pods serve, by environment. */
const REPLICAS: Readonly<Record<Environment, (usual: number) => number>> = {
  development: () => 1,
  staging: (usual) => usual,
  production: (usual) => Math.max(usual, 3),
};
/** What the front part asks for; the base's own numbers stand where nothing is said. */
const RESOURCES: Readonly<Partial<Record<Environment, object>>> = {
  development: { requests: { cpu: '10m', memory: '64Mi' } },
  production: { requests: { cpu: '100m', memory: '128Mi' } },
};

export function namespaceOf(plan: FilePlan, environment: Environment): string {
  return `${plan.name}-${environment}`;
}

/** `k8s/overlays/ENVIRONMENT`: what differs there, and the secrets' examples. */
export function overlayFiles(plan: FilePlan): OutputFile[] {
  return ENVIRONMENTS.flatMap((environment) => {
    const folder = `k8s/overlays/${environment}`;
    const namespace = namespaceOf(plan, environment);
    return [
      { path: `${folder}/kustomization.yaml`, text: yamlText(kustomizationOf(plan, environment)) },
      {
        path: `${folder}/namespace.yaml`,
        text: yamlText({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }),
      },
      ...plan.settings
        .filter(({ lines }) => lines.length > 0)
        .map(({ name }) => ({
          path: `${folder}/settings/${name}.env`,
          text: `# What differs in ${environment} from k8s/base/settings/${name}.env, one NAME=value a line.\n`,
        })),
      ...plan.secrets.flatMap((secret) => secretFilesIn(folder, environment, secret, plan.password)),
    ];
  });
}

function secretFilesIn(
  folder: string,
  environment: Environment,
  secret: SecretFiles,
  password: () => string,
): OutputFile[] {
  const at = `${folder}/secrets/${secret.name}`;
  const files: OutputFile[] = [];
  if (hasLines(secret)) {
    files.push({ path: `${at}.env.example`, text: exampleText(secret) });
    // The machine that runs `wherry init` is where development is; other environments make theirs where they deploy.
    if (environment === 'development')
      files.push({ path: `${at}.env`, text: filledText(secret, password), mode: 0o600, kind: 'once' });
  }
  for (const [key, text] of secret.files) {
    files.push({
      path: `${at}.${key}.example`,
      text: `# ${secret.name}.${key} beside this file holds the key "${key}" of the Secret "${secret.name}"; git ignores it.\n`,
    });
    files.push({ path: `${at}.${key}`, text, mode: 0o600, kind: 'once' });
  }
  return files;
}

function kustomizationOf(plan: FilePlan, environment: Environment): object {
  const counted = plan.workloads.filter((workload) => isCounted(workload, plan));
  const patches = [...hostPatches(plan, environment), ...resourcePatches(plan, environment)];
  return {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace: namespaceOf(plan, environment),
    resources: ['../../base', 'namespace.yaml'],
    ...(plan.builds.length > 0
      ? {
          images: plan.builds.map(({ image }) => ({
            name: image,
            newTag: environment === 'development' ? BASE_TAG : (plan.version ?? environment),
          })),
        }
      : {}),
    ...(counted.length > 0
      ? { replicas: counted.map(({ name, replicas }) => ({ name, count: REPLICAS[environment](replicas) })) }
      : {}),
    ...(plan.settings.some(({ lines }) => lines.length > 0)
      ? {
          configMapGenerator: plan.settings
            .filter(({ lines }) => lines.length > 0)
            .map(({ name }) => ({ name, behavior: 'merge', envs: [`settings/${name}.env`] })),
        }
      : {}),
    ...(plan.secrets.length > 0 ? { secretGenerator: plan.secrets.map(generatorOf) } : {}),
    ...(patches.length > 0 ? { patches } : {}),
  };
}

/** Names stay as they are: a Secret that the cluster holds is then found again by whoever deploys next. */
function generatorOf(secret: SecretFiles): object {
  const { name, type, labels, files } = secret;
  return {
    name,
    type,
    ...(hasLines(secret) ? { envs: [`secrets/${name}.env`] } : {}),
    ...(files.length > 0 ? { files: files.map(([key]) => `${key}=secrets/${name}.${key}`) } : {}),
    options: { disableNameSuffixHash: true, ...(Object.keys(labels).length > 0 ? { labels } : {}) },
  };
}

function hasLines({ lines, owned }: SecretFiles): boolean {
  return lines.length > 0 || owned.length > 0;
}

function isCounted(workload: Workload, plan: FilePlan): boolean {
  return !workload.single && workload.name === plan.front?.name;
}

/** Hosts of the base, each with the environment's in the place of the usual one. */
function hostPatches(plan: FilePlan, environment: Environment): object[] {
  return plan.objects.flatMap((object) => {
    if (object.kind !== 'Ingress') return [];
    const operations = ((object.spec as IngressSpec | undefined)?.rules ?? []).flatMap(({ host }, index) => {
      const own = host === plan.host ? plan.hosts[environment] : undefined;
      const below = host?.endsWith(`.${plan.host}`)
        ? host.slice(0, -plan.host.length) + plan.hosts[environment]
        : undefined;
      const value = own ?? below;
      return value === undefined || value === host ? [] : [{ op: 'replace', path: `/spec/rules/${index}/host`, value }];
    });
    if (operations.length === 0) return [];
    return [{ target: { kind: 'Ingress', name: object.metadata.name }, patch: yamlText(operations) }];
  });
}

function resourcePatches({ front }: FilePlan, environment: Environment): object[] {
  const resources = RESOURCES[environment];
  if (!front || !resources) return [];
  const patch = {
    apiVersion: 'apps/v1',
    kind: front.kind,
    metadata: { name: front.name },
    spec: { template: { spec: { containers: [{ name: front.container, resources }] } } },
  };
  return [{ patch: yamlText(patch) }];
}
