export { CANARY_DEFAULT, canaryStepsOf, secondsOf } from './canary-steps.ts';
export type * from './contract.ts';
export { deploy } from './deploy.ts';
export { existingSecrets } from './existing.ts';
export { follow } from './follow.ts';
export { askHolder, type HeldLease, type LeaseRequest, type LeaseTrace, lookAtLease, takeLease } from './lease.ts';
export { readLive } from './live-state.ts';
export { patientClient } from './patient.ts';
export { planRelease, planText } from './plan-release.ts';
export { podReason } from './pod-reason.ts';
export { productionName } from './production.ts';
export { proofText } from './proof.ts';
export {
  abortRelease,
  isHeld,
  planOf,
  promoteRelease,
  resumeRelease,
  rollbackRequest,
  rollbackRisks,
  startRelease,
  unfinishedError,
} from './releases.ts';
export { checkRights } from './rights.ts';
export type { RunSurroundings } from './run-context.ts';
export { type Outcome, type RunningRelease, runPlan } from './run-plan.ts';
export { answers, type SmokeCheck, smoke, smokePaths } from './smoke.ts';
