import type { PolicyRule } from './contract.ts';
import { AVAILABILITY_RULES } from './rules-availability.ts';
import { CONTAINER_RULES } from './rules-container.ts';
import { NAME_RULES } from './rules-names.ts';
import { REACH_RULES } from './rules-reach.ts';
import { REFERENCE_RULES } from './rules-references.ts';
import { RIGHTS_RULES } from './rules-rights.ts';
import { SCHEMA_RULES } from './rules-schema.ts';
import { SECRET_RULES } from './rules-secrets.ts';

/** Every rule there is. */
export const POLICY_RULES: readonly PolicyRule[] = [
  ...SCHEMA_RULES,
  ...REFERENCE_RULES,
  ...REACH_RULES,
  ...SECRET_RULES,
  ...RIGHTS_RULES,
  ...CONTAINER_RULES,
  ...AVAILABILITY_RULES,
  ...NAME_RULES,
];
