import type { FilePlan, OutputFile } from './contract.ts';
export function chartFiles(_plan: FilePlan): OutputFile[] {
  return [];
}
