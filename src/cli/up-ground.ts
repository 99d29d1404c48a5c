import { messageOf, UserError } from '../base/index.ts';
import type { HttpClient } from '../engine/client/index.ts';
import type { ImagePlan } from './up-image.ts';

/** Where an app is carried to: the machine's own cluster, or one that a kubeconfig knows. */
export interface Ground {
  /** `wherry`, or the context's name. */
  readonly label: string;
  readonly context: string;
  readonly client: HttpClient;
  readonly namespace: string;
  /** The image's name, complete but for its tag. */
  imageName(app: string): string;
  /** Whether the image is where the cluster will find it. */
  hasImage(name: string): Promise<boolean>;
  /** Builds it and puts it there. */
  provideImage(plan: ImagePlan, name: string, onProgress: (line: string) => void, signal: AbortSignal): Promise<void>;
  /** Digest of an image's manifest; undefined where this machine does not have it. */
  digestOf(name: string): Promise<string | undefined>;
  /**
   * Builds it with nothing from the cache, on base images that were asked for anew, and puts it there under a name that
   * tells it from the last build of the same source.
   */
  patchImage(
    plan: ImagePlan,
    name: string,
    onProgress: (line: string) => void,
    signal: AbortSignal,
  ): Promise<{ readonly reference: string; readonly digest: string | undefined }>;
  /**
   * Makes sure of an image that is not built here. The machine's own cluster may have no way out of its network, so what
   * it will run is fetched, or assembled, outside it; another cluster pulls for itself.
   */
  fetchImage(reference: string, onProgress: (line: string) => void, signal: AbortSignal): Promise<void>;
  /** The URL that a host of an Ingress is reached by. */
  urlOf(host: string): string;
  /** The machine's own cluster: its Ingress is reached by loopback. */
  readonly local: boolean;
  close(): void;
}

export interface GroundOptions {
  readonly context?: string;
  readonly registry?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Only look: a cluster of this machine that does not run is not started, and stands for an empty one. */
  readonly lookOnly?: boolean;
}

/** @throws UserError for --context without --registry, or a context that is not there. */
export async function findGround(options: GroundOptions, onProgress: (line: string) => void): Promise<Ground> {
  return options.context === undefined
    ? await localGround(options, onProgress)
    : await foreignGround(options, options.context);
}

async function localGround(options: GroundOptions, onProgress: (line: string) => void): Promise<Ground> {
  const { ensureCluster, listClusters, runningCluster } = await import('../engine/cluster/index.ts');
  const name = options.name ?? 'default';
  if (options.lookOnly && !(await listClusters()).some((each) => each.name === name && each.running)) {
    const { emptyGround } = await import('./empty-ground.ts');
    return emptyGround(name, options.namespace ?? 'default');
  }
  const cluster = options.lookOnly ? await runningCluster(name) : await ensureCluster({ name, onProgress });
  return {
    label: cluster.context,
    context: cluster.context,
    client: cluster.client,
    namespace: options.namespace ?? 'default',
    local: true,
    imageName: (app) => `localhost/${app}`,
    async hasImage(name) {
      return (await (await openStore()).get(name)) !== undefined;
    },
    async provideImage(plan, name, onLine, signal) {
      await buildInto(plan, name, onLine, signal);
    },
    digestOf,
    patchImage: buildPatched,
    async fetchImage(reference, onLine, signal) {
      const store = await openStore();
      await store.ensure(reference, { policy: 'IfNotPresent', onProgress: onLine, signal });
    },
    urlOf: (host) => cluster.ingressUrl(host),
    close: () => cluster.client.close(),
  };
}

async function foreignGround(options: GroundOptions, context: string): Promise<Ground> {
  const { registry } = options;
  if (registry === undefined) {
    throw new UserError(
      '--context',
      `cluster ${context} cannot see this machine's images`,
      'Name a registry that both reach: --registry HOST/PATH (the image is pushed there).',
    );
  }
  const { httpClient, kubeconfigPaths, readKubeconfig } = await import('../engine/client/index.ts');
  const settings = await readKubeconfig(kubeconfigPaths(process.env), context);
  const client = httpClient(settings);
  try {
    await client.request('GET', '/version');
  } catch (error) {
    throw new UserError(`context ${context}`, `does not answer: ${messageOf(error)}`, 'kubectl tells more.', {
      cause: error,
    });
  }
  return {
    label: settings.context,
    context: settings.context,
    client,
    namespace: options.namespace ?? settings.namespace,
    local: false,
    imageName: (app) => `${registry.replace(/\/+$/, '')}/${app}`,
    // What is deployed was pushed; the cluster keeps its own copy or asks the registry.
    hasImage: async () => true,
    async provideImage(plan, name, onLine, signal) {
      await buildInto(plan, name, onLine, signal);
      const { pushImage } = await import('../engine/images/index.ts');
      await pushImage({ store: await openStore(), reference: name, onProgress: onLine, signal });
    },
    digestOf,
    async patchImage(plan, name, onLine, signal) {
      const patched = await buildPatched(plan, name, onLine, signal);
      const { pushImage } = await import('../engine/images/index.ts');
      await pushImage({ store: await openStore(), reference: patched.reference, onProgress: onLine, signal });
      return patched;
    },
    fetchImage: async () => {},
    urlOf: (host) => `http://${host}`,
    close: () => client.close(),
  };
}

async function openStore() {
  const [{ openImageStore }, { imageStoreDirectory }, { silentLog }] = await Promise.all([
    import('../engine/images/index.ts'),
    import('../engine/cluster/index.ts'),
    import('../base/index.ts'),
  ]);
  return openImageStore({ directory: imageStoreDirectory(), log: silentLog });
}

async function digestOf(name: string): Promise<string | undefined> {
  return (await (await openStore()).get(name))?.digest;
}

const DIGEST_LENGTH = 8;

async function buildPatched(
  plan: ImagePlan,
  name: string,
  onProgress: (line: string) => void,
  signal: AbortSignal,
): Promise<{ reference: string; digest: string | undefined }> {
  const store = await openStore();
  for (const base of basesOf(plan.dockerfile)) await store.ensure(base, { policy: 'Always', onProgress, signal });
  const building = `${name}-patched`;
  await buildInto(plan, building, onProgress, signal, true);
  const digest = await digestOf(building);
  if (digest !== undefined && digest === (await digestOf(name))) {
    // The base is as it was, and so is all that was built on it.
    await store.remove(building);
    return { reference: name, digest };
  }
  const reference = `${name}-${(digest ?? '').replace('sha256:', '').slice(0, DIGEST_LENGTH)}`;
  await store.tag(building, reference);
  await store.remove(building);
  return { reference, digest };
}

/** Images that a Dockerfile begins from: neither its own stages nor what only an ARG decides. */
function basesOf(dockerfile: string): string[] {
  const stages = new Set<string>();
  const bases = new Set<string>();
  for (const [, image = '', stage] of dockerfile.matchAll(/^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/gim)) {
    if (!stages.has(image.toLowerCase()) && image !== 'scratch' && !image.includes('$')) bases.add(image);
    if (stage !== undefined) stages.add(stage.toLowerCase());
  }
  return [...bases];
}

async function buildInto(
  plan: ImagePlan,
  name: string,
  onProgress: (line: string) => void,
  signal: AbortSignal,
  noCache = false,
): Promise<void> {
  const [{ buildImage }, { withContext }] = await Promise.all([
    import('../engine/images/index.ts'),
    import('./up-image.ts'),
  ]);
  const store = await openStore();
  const dockerfile = plan.ownPath
    ? { path: plan.ownPath }
    : { text: plan.dockerfile, name: 'Dockerfile (written by wherry)' };
  await withContext(plan, (contextDirectory) =>
    buildImage({
      store,
      contextDirectory,
      dockerfile,
      tag: name,
      buildArgs: plan.buildArguments ?? {},
      ...(plan.target === undefined ? {} : { target: plan.target }),
      onProgress,
      noCache,
      signal,
    }),
  );
}
