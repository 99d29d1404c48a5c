import type { Manifest } from '../road/manifests/index.ts';
import type { Release } from '../road/releases/index.ts';
import type { Place } from './place.ts';

/**
 * What a folder would be carried to the cluster as, its choices that only a command line knows (replicas, host, where the
 * image is kept) taken from the release before; secrets are those of the cluster.
 */
export async function folderObjects(folder: string, place: Place, like: Release): Promise<Manifest[]> {
  const [{ readProject }, { planImage }, { manifestsFor }, { existingSecrets }] = await Promise.all([
    import('../road/project/index.ts'),
    import('./up-image.ts'),
    import('../road/manifests/index.ts'),
    import('../road/deploy/index.ts'),
  ]);
  const facts = await readProject(folder);
  const { hash } = planImage(facts).context;
  const tagOf = (image: string): string =>
    image.replace(/(?::[\w.-]+)?(?:@sha256:[0-9a-f]+)?$/, `:${hash.slice(0, 12)}`);
  const replicas = facts.settings.replicas?.value ?? specOf<{ replicas?: number }>(like, 'Deployment')?.replicas;
  const rules = specOf<{ rules?: { host?: string }[] }>(like, 'Ingress')?.rules;
  const host = rules?.find((rule) => rule.host !== undefined)?.host;
  const { objects } = manifestsFor(facts, {
    name: like.app,
    namespace: like.namespace,
    image: tagOf(like.image ?? `localhost/${like.app}`),
    sourceHash: hash,
    secrets: await existingSecrets(place.client, like.namespace, like.app),
    ...(replicas === undefined ? {} : { replicas }),
    ...(host === undefined ? {} : { host }),
    ...(rules?.some((rule) => rule.host === undefined) ? { defaultRoute: true } : {}),
  });
  return [...objects];
}

function specOf<T>(release: Release, kind: string): T | undefined {
  return release.objects.find((object) => object.kind === kind && object.metadata.name === release.app)?.spec as
    | T
    | undefined;
}
