import { type Kind, type KubeObject, kinds } from '../../engine/kinds/index.ts';

const byType = new Map<string, Kind<KubeObject>>(
  Object.values(kinds).map((kind) => [
    `${kind.group ? `${kind.group}/` : ''}${kind.version} ${kind.kind}`,
    kind as Kind<KubeObject>,
  ]),
);

/** The kind that an object's apiVersion and kind name. */
export function kindOf(object: { readonly apiVersion: string; readonly kind: string }): Kind<KubeObject> {
  const kind = byType.get(`${object.apiVersion} ${object.kind}`);
  if (!kind) throw new Error(`no stable kind ${object.kind} in ${object.apiVersion}`);
  return kind;
}

/** `deployment/users`, as kubectl names objects. */
export function nameOf(object: { readonly kind: string; readonly metadata: { readonly name?: string } }): string {
  return `${object.kind.toLowerCase()}/${object.metadata.name ?? ''}`;
}
