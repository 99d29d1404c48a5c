import type { Factor } from './contract.ts';

/** In the order of 12factor.net, then of the three added by "Beyond the Twelve-Factor App". */
export const FACTORS: readonly { readonly name: Factor; readonly title: string }[] = [
  { name: 'codebase', title: 'I. Codebase' },
  { name: 'dependencies', title: 'II. Dependencies' },
  { name: 'config', title: 'III. Config' },
  { name: 'backing-services', title: 'IV. Backing services' },
  { name: 'build-release-run', title: 'V. Build, release, run' },
  { name: 'processes', title: 'VI. Processes' },
  { name: 'port-binding', title: 'VII. Port binding' },
  { name: 'concurrency', title: 'VIII. Concurrency' },
  { name: 'disposability', title: 'IX. Disposability' },
  { name: 'dev-prod-parity', title: 'X. Dev/prod parity' },
  { name: 'logs', title: 'XI. Logs' },
  { name: 'admin-processes', title: 'XII. Admin processes' },
  { name: 'api-first', title: 'XIII. API first' },
  { name: 'telemetry', title: 'XIV. Telemetry' },
  { name: 'authentication', title: 'XV. Authentication and authorization' },
  { name: 'manifests', title: 'Kubernetes objects' },
];
