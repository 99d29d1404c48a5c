import type { Command } from 'commander';
import { whileStoppable } from './deploy.ts';
import { withPlace } from './place.ts';
import type { SettleOptions } from './settle-release.ts';

export function registerAbort(program: Command): void {
  withPlace(program.command('abort'))
    .description('stop the release under way, or the one that was left, and go back to what served before')
    .argument('[app-or-release...]', 'an app, a release (v3), or both')
    .option('--timeout <seconds>', 'bound of each wait (300)')
    .option('--json', 'print JSON; steps go to standard error')
    .addHelpText('after', '\nExamples:\n  wherry abort\n  wherry abort users --json')
    .action(async (words: string[], options: SettleOptions) => {
      await whileStoppable('abort', options.json, async (steps, signal) => {
        const { settleRelease } = await import('./settle-release.ts');
        await settleRelease('abort', words, options, steps, signal);
      });
    });
}
