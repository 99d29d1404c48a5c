import type { Command } from 'commander';
import { whileStoppable } from './deploy.ts';
import { withPlace } from './place.ts';
import type { SettleOptions } from './settle-release.ts';

export function registerResume(program: Command): void {
  withPlace(program.command('resume'))
    .description('go on with a release that was interrupted, at the step where it was left')
    .argument('[app-or-release...]', 'an app, a release (v3), or both')
    .option('--timeout <seconds>', 'bound of each wait (300)')
    .option('--json', 'print JSON; steps go to standard error')
    .addHelpText('after', '\nExamples:\n  wherry resume\n  wherry resume users')
    .action(async (words: string[], options: SettleOptions) => {
      await whileStoppable('resume', options.json, async (steps, signal) => {
        const { settleRelease } = await import('./settle-release.ts');
        await settleRelease('resume', words, options, steps, signal);
      });
    });
}
