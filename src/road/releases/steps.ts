import type { Release } from './contract.ts';

/** The sentences of a release's plan, in order; empty when its plan has none. */
export function stepsOf({ plan }: Pick<Release, 'plan'>): string[] {
  if (typeof plan !== 'object' || plan === null || !('steps' in plan) || !Array.isArray(plan.steps)) return [];
  return plan.steps.map((step: unknown, index) =>
    typeof step === 'object' && step !== null && 'sentence' in step && typeof step.sentence === 'string'
      ? step.sentence
      : `step ${index + 1}`,
  );
}

/** What a running release does now: `step 3 of 7: roll deployment/users`; undefined when its plan tells nothing. */
export function currentStep(release: Release): string | undefined {
  const steps = stepsOf(release);
  const sentence = steps[release.stepsDone];
  return sentence === undefined ? undefined : `step ${release.stepsDone + 1} of ${steps.length}: ${sentence}`;
}
