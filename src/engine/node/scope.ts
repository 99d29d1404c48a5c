import { join } from 'node:path';
import type { EventRecorder, Informer, LoopContext } from '../client/index.ts';
import {
  type ConfigMap,
  type Kind,
  type KubeObject,
  kinds,
  type Pod,
  type Secret,
  type Service,
  StatusError,
} from '../kinds/index.ts';
import type { NodeOptions } from './contract.ts';

/** What every part of a node works with. */
export interface Scope {
  readonly context: LoopContext;
  readonly options: NodeOptions;
  readonly recorder: EventRecorder;
  readonly pods: Informer<Pod>;
  readonly configMaps: Informer<ConfigMap>;
  readonly secrets: Informer<Secret>;
  readonly services: Informer<Service>;
  readonly hollow: boolean;
}

export function createScope(context: LoopContext, options: NodeOptions): Scope {
  return {
    context,
    options,
    recorder: context.recorder('kubelet'),
    pods: context.informers.of(kinds.pods),
    configMaps: context.informers.of(kinds.configmaps),
    secrets: context.informers.of(kinds.secrets),
    services: context.informers.of(kinds.services),
    hollow: options.network === undefined,
  };
}

/** From the informer; what is not there yet is asked of the API, since informers of two kinds may arrive in any order. */
export async function lookUp<T extends KubeObject>(
  scope: Scope,
  informer: Informer<T>,
  kind: Kind<T>,
  namespace: string | undefined,
  name: string,
): Promise<T | undefined> {
  const known = informer.get(namespace, name);
  if (known) return known;
  try {
    return await scope.context.client.get(kind, namespace, name);
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  }
}

export function podDirectory(scope: Scope, uid: string): string {
  return join(scope.options.directory, 'pods', uid);
}

export function podLogDirectory(scope: Scope, pod: Pod): string {
  const { namespace = '', name, uid } = pod.metadata;
  return join(scope.options.directory, 'logs', `${namespace}_${name}_${uid}`);
}

export function containerLogPath(scope: Scope, pod: Pod, container: string, attempt: number): string {
  return join(podLogDirectory(scope, pod), container, `${attempt}.log`);
}

/** An API time of the form `2026-11-20T13:00:00Z`. */
export function apiTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** Names a ConfigMap or Secret that something of a pod is made of. */
export function watchKey(resource: 'configmaps' | 'secrets', namespace: string | undefined, name: string): string {
  return `${resource}/${namespace ?? ''}/${name}`;
}
