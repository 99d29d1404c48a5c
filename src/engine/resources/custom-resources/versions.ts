import type { CustomResourceSubresourceScale, JSONSchemaProps, ResourceInfo } from '../../kinds/index.ts';

/** What a served version of a custom resource has beyond its ResourceInfo. */
export interface CustomVersion {
  readonly schema: JSONSchemaProps | undefined;
  readonly scale: CustomResourceSubresourceScale | undefined;
}

const versions = new WeakMap<ResourceInfo, CustomVersion>();

export function rememberVersion(info: ResourceInfo, version: CustomVersion): void {
  versions.set(info, version);
}

export function customVersionOf(info: ResourceInfo): CustomVersion | undefined {
  return versions.get(info);
}
