import type { Manifest } from '../road/manifests/index.ts';
import type { Release } from '../road/releases/index.ts';
import type { Place } from './place.ts';

const IMAGE_HASH_LENGTH = 12;

/**
 * What a folder would be released as, its choices that only a command line knows (replicas, host, where images are kept)
 * taken from the release before; secrets are those of the cluster.
 */
export async function folderObjects(folder: string, place: Place, like: Release): Promise<readonly Manifest[]> {
  const [{ readSource }, { planBuild }, { objectsOf }, { existingSecrets }] = await Promise.all([
    import('./app-source.ts'),
    import('./up-image.ts'),
    import('../road/manifests/index.ts'),
    import('../road/deploy/index.ts'),
  ]);
  const { application } = await readSource(folder, like.app);
  const hashes = new Map(application.builds.map((build) => [build.name, planBuild(build).context.hash]));
  const front = application.parts.find(({ name }) => name === application.front);
  const frontBuild = front && 'build' in front.image ? front.image.build : undefined;
  const sourceHash = frontBuild === undefined ? undefined : hashes.get(frontBuild);
  const prefix = /^(.*)\//.exec(like.image ?? '')?.[1] ?? 'localhost';
  const replicas = specOf<{ replicas?: number }>(like, 'Deployment')?.replicas;
  const rules = specOf<{ rules?: { host?: string }[] }>(like, 'Ingress')?.rules;
  const host = rules?.find((rule) => rule.host !== undefined)?.host;
  const { objects } = objectsOf(application, {
    namespace: like.namespace,
    ordering: 'runner',
    imageOf: (build) => `${prefix}/${build}:${hashes.get(build)?.slice(0, IMAGE_HASH_LENGTH)}`,
    secrets: await existingSecrets(
      place.client,
      like.namespace,
      like.app,
      application.secrets.map(({ name }) => name),
    ),
    ...(sourceHash === undefined ? {} : { sourceHash }),
    ...(front?.replicas !== undefined || replicas === undefined ? {} : { replicas }),
    ...(host === undefined ? {} : { host }),
    ...(rules?.some((rule) => rule.host === undefined) ? { defaultRoute: true } : {}),
  });
  return objects;
}

function specOf<T>(release: Release, kind: string): T | undefined {
  return release.objects.find((object) => object.kind === kind && object.metadata.name === release.app)?.spec as
    | T
    | undefined;
}
