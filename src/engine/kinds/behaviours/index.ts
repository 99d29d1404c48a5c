import type { Behaviour } from '../contract.ts';

/** What is special about a kind, by `GROUP/RESOURCE` (the core group is empty). */
export const behaviours: Readonly<Record<string, Behaviour>> = {};
