export { checkManifests, checkObjects } from './check-manifests.ts';
export type { PolicyFinding, PolicyRule, PolicySeverity } from './contract.ts';
export { holdsManifests } from './read-manifests.ts';
export { POLICY_RULES } from './rules.ts';
