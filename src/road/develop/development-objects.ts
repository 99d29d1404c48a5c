import type { Container, DeploymentSpec, PodSpec } from '../../engine/kinds/index.ts';
import type { DevelopedPart, DevelopmentWay } from './contract.ts';
import { RUN_FOLDER, SUPERVISOR } from './supervisor.ts';

/** An object as it is applied. */
interface Applied {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

const SEED_FOLDER = '/wherry-source';
const SOURCE_VOLUME = 'wherry-source';
const RUN_VOLUME = 'wherry-dev';
/** One by one: times and mode of the target itself belong to root and cannot be set by the app's user. */
const COPY = `for each in "$1"/* "$1"/.[!.]*; do
  if [ -e "$each" ] || [ -L "$each" ]; then cp -a "$each" "$2/" || exit 1; fi
done`;

/**
 * The objects of an app with the parts that are developed changed: one pod each, its folder of sources copied from the
 * image into a place that the app's user may write, the supervisor in front of the app's command, and no probe that
 * would end a container while its author thinks. Disruption budgets are left out.
 */
export function developmentObjects<T extends Applied>(
  objects: readonly T[],
  parts: readonly DevelopedPart[],
  way: DevelopmentWay & { is: 'sync' },
): T[] {
  return objects
    .filter(({ kind }) => kind !== 'PodDisruptionBudget')
    .map((object) => {
      const part = parts.find(({ deployment }) => deployment === object.metadata.name);
      return object.kind === 'Deployment' && part ? developed(object, part, way) : object;
    });
}

function developed<T extends Applied>(object: T, part: DevelopedPart, way: DevelopmentWay & { is: 'sync' }): T {
  const spec = object.spec as DeploymentSpec;
  const pod = spec.template.spec;
  const [app, ...sidecars] = pod?.containers ?? [];
  if (!pod || !app) return object;
  const next: PodSpec = {
    ...pod,
    terminationGracePeriodSeconds: 2,
    initContainers: [...(pod.initContainers ?? []), seedContainer(app, way.root)],
    containers: [appContainer(app, part, way), ...sidecars],
    volumes: [...(pod.volumes ?? []), { name: SOURCE_VOLUME, emptyDir: {} }, { name: RUN_VOLUME, emptyDir: {} }],
  };
  return { ...object, spec: { ...spec, replicas: 1, template: { ...spec.template, spec: next } } };
}

function seedContainer(app: Container, root: string): Container {
  return {
    name: 'wherry-source',
    image: app.image ?? '',
    command: ['sh', '-c', COPY, 'wherry-dev', root, SEED_FOLDER],
    ...(app.securityContext ? { securityContext: app.securityContext } : {}),
    ...(app.resources?.requests ? { resources: { requests: app.resources.requests } } : {}),
    volumeMounts: [{ name: SOURCE_VOLUME, mountPath: SEED_FOLDER }],
  };
}

function appContainer(app: Container, part: DevelopedPart, way: DevelopmentWay & { is: 'sync' }): Container {
  const { livenessProbe: _, startupProbe: __, lifecycle: ___, args: ____, readinessProbe, resources, ...rest } = app;
  return {
    ...rest,
    command: ['sh', '-c', SUPERVISOR, 'wherry-dev', ...part.command],
    workingDir: part.workingDirectory,
    // A compiler needs more memory than what it compiles.
    ...(resources ? { resources: way.build === undefined ? resources : { requests: resources.requests ?? {} } } : {}),
    ...(way.build === undefined ? {} : { env: [...(app.env ?? []), { name: 'WHERRY_BUILD', value: way.build }] }),
    ...(readinessProbe
      ? { readinessProbe: { ...readinessProbe, periodSeconds: 2, failureThreshold: 3, initialDelaySeconds: 0 } }
      : {}),
    volumeMounts: [
      { name: SOURCE_VOLUME, mountPath: way.root },
      { name: RUN_VOLUME, mountPath: RUN_FOLDER },
      ...(app.volumeMounts ?? []),
    ],
  };
}
