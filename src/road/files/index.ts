export type { FilesOptions, OutputFile, Pipeline, PlannedFile } from './contract.ts';
export { PIPELINES } from './contract.ts';
export { unifiedDiff } from './diff.ts';
export { filesOf } from './files-of.ts';
export { surroundingsOf } from './surroundings.ts';
export { type PlanWritesOptions, planWrites, writeFiles } from './write-files.ts';
