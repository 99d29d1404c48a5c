export type { Exposure, Manifest, ManifestOptions, Manifests, ObjectsOptions } from './contract.ts';
export { manifestsFor } from './manifests-for.ts';
export {
  COMPONENT_LABEL,
  CONFIGURATION_ANNOTATION,
  INSTANCE_LABEL,
  PART_LABEL,
  SETTINGS_LABEL,
  SOURCE_ANNOTATION,
  STAGE_LABEL,
  TRACK_LABEL,
} from './names.ts';
export { objectsOf } from './objects-of.ts';
export {
  addressOf,
  addressText,
  type MovedPath,
  OFFLOAD_LABEL,
  type OldSystem,
  offloadObjects,
  oldSystemsIn,
  shareName,
} from './offload.ts';
export { randomPassword } from './secrets.ts';
