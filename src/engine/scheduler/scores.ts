import type { Score } from './score.ts';
import { balancedAllocation, leastAllocated } from './scores/allocation.ts';
import { neighbours, spread } from './scores/neighbours.ts';
import { imageLocality, nodePreference, taintPreference } from './scores/preferences.ts';

export const SCORES: readonly Score[] = [
  taintPreference,
  nodePreference,
  spread,
  neighbours,
  leastAllocated,
  balancedAllocation,
  imageLocality,
];
