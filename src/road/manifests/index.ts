export type { Manifest, ManifestOptions } from './contract.ts';
export { type Manifests, manifestsFor } from './manifests-for.ts';
export { COMPONENT_LABEL, INSTANCE_LABEL, SOURCE_ANNOTATION } from './names.ts';
export { smokeRoute } from './probes.ts';
