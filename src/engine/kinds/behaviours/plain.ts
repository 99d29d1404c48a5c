import { ageSince } from '../age.ts';
import type { Behaviour, KubeObject } from '../contract.ts';
import { countedWithoutStatus } from './strategy.ts';

const named = (object: KubeObject, now: number) => [
  object.metadata.name,
  ageSince(object.metadata.creationTimestamp, now),
];

/** Kinds with nothing to tell but name and age. */
export const plain: Behaviour = { cells: named };

export const plainCounted: Behaviour = { ...countedWithoutStatus, cells: named };
