import { adminProcesses } from './admin-processes.ts';
import { apiFirst } from './api-first.ts';
import { authentication } from './authentication.ts';
import { backingServices } from './backing-services.ts';
import { buildReleaseRun } from './build-release-run.ts';
import { codebase } from './codebase.ts';
import { concurrency } from './concurrency.ts';
import { config } from './config.ts';
import type { Rule } from './contract.ts';
import { dependencies } from './dependencies.ts';
import { devProdParity } from './dev-prod-parity.ts';
import { disposability } from './disposability.ts';
import { logs } from './logs.ts';
import { portBinding } from './port-binding.ts';
import { processes } from './processes.ts';
import { telemetry } from './telemetry.ts';

/** Every rule, in the order of the factors. */
export const RULES: readonly Rule[] = [
  ...codebase,
  ...dependencies,
  ...config,
  ...backingServices,
  ...buildReleaseRun,
  ...processes,
  ...portBinding,
  ...concurrency,
  ...disposability,
  ...devProdParity,
  ...logs,
  ...adminProcesses,
  ...apiFirst,
  ...telemetry,
  ...authentication,
];
