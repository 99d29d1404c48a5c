import { type KubeObject, notAcceptable, type ResourceInfo, unsupportedMediaType } from '../kinds/index.ts';

/** A table of meta.k8s.io. */
export interface Table {
  readonly columnDefinitions: readonly object[];
  readonly rows: readonly object[];
}
export function decodeProtobuf(_bytes: Uint8Array): unknown {
  throw unsupportedMediaType(['application/json', 'application/yaml']);
}
export function encodeProtobuf(_object: object): Buffer {
  throw notAcceptable(['application/json', 'application/yaml']);
}
export function tableFor(
  _info: ResourceInfo,
  objects: readonly KubeObject[],
  options: { now: number; includeObject: string },
): Table {
  return {
    columnDefinitions: [{ name: 'Name', type: 'string', format: 'name', priority: 0, description: '' }],
    rows: objects.map((object) => ({
      cells: [object.metadata.name],
      object:
        options.includeObject === 'Object'
          ? object
          : { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
    })),
  };
}
