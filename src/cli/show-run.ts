import type { RunEvent } from '../road/deploy/index.ts';
import type { Step, Steps } from './steps.ts';

const SENTENCE_MAX = 400;

/** Shows a run's events as lines of a runbook: each step with its number and sentence, then what came of it. */
export function showRun(steps: Steps): { onEvent(event: RunEvent): void; end(): void } {
  let current: Step | undefined;
  return {
    onEvent(event) {
      switch (event.type) {
        case 'step': {
          const { step, undo } = event;
          current = steps.start(undo ? 'back' : step.type === 'job' ? step.stage : step.type);
          current.progress(`${event.index + 1}/${event.of} ${step.sentence}`.slice(0, SENTENCE_MAX));
          return;
        }
        case 'done':
          current?.done(`${event.index + 1}/${event.of} ${event.step.sentence}`);
          current = undefined;
          return;
        case 'progress':
          if (current) current.progress(event.text);
          else steps.line(`  ${event.text}`);
          return;
        case 'note':
          steps.line(`  ! ${event.text}`);
          return;
        case 'undo':
          steps.end();
          current = undefined;
          steps.line(event.verdict === 'aborted' ? `going back: ${event.reason}` : `failed: ${event.reason}`);
      }
    },
    end() {
      steps.end();
    },
  };
}
