import { createHash } from 'node:crypto';
import type { Facts, ServiceKind } from '../project/index.ts';
import type { Manifest } from './contract.ts';

export const SOURCE_ANNOTATION = 'wherry/source-hash';
export const CONFIGURATION_ANNOTATION = 'wherry/configuration-hash';
export const COMPONENT_LABEL = 'app.kubernetes.io/component';
export const INSTANCE_LABEL = 'app.kubernetes.io/instance';

/** Names of everything that belongs to one app. */
export interface Names {
  readonly app: string;
  readonly namespace: string;
  /** Labels of all its objects; with `component` those of one part. */
  labels(component: string): Record<string, string>;
  /** What selects the pods of one part; never changes, since a Deployment's selector cannot. */
  selector(component: string): Record<string, string>;
  /** Service, StatefulSet and Secret of a backing service. */
  service(kind: ServiceKind): string;
}

export function namesOf(facts: Facts, name: string, namespace: string): Names {
  const version = facts.version?.value
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  const selector = (component: string): Record<string, string> => ({
    'app.kubernetes.io/name': name,
    [INSTANCE_LABEL]: name,
    [COMPONENT_LABEL]: component,
  });
  return {
    app: name,
    namespace,
    selector,
    labels: (component) => ({
      ...selector(component),
      'app.kubernetes.io/part-of': name,
      'app.kubernetes.io/managed-by': 'wherry',
      ...(version && component === 'web' ? { 'app.kubernetes.io/version': version } : {}),
    }),
    service: (kind) => `${name}-${kind === 'redis' ? 'redis' : 'database'}`,
  };
}

/** The first eight hex digits of a SHA-256: enough to tell versions of one app's things apart. */
export function shortHash(...parts: string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:${part}`);
  return hash.digest('hex').slice(0, 8);
}

export function manifest(
  apiVersion: string,
  kind: string,
  names: Names,
  name: string,
  component: string,
  rest: Record<string, unknown>,
): Manifest {
  return { apiVersion, kind, metadata: { name, namespace: names.namespace, labels: names.labels(component) }, ...rest };
}

/** A Secret's data: base64, as the API keeps it, so that what is applied equals what is read back. */
export function encoded(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
}
