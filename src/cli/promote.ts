import type { Command } from 'commander';
import { whileStoppable } from './deploy.ts';
import { withPlace } from './place.ts';
import type { SettleOptions } from './settle-release.ts';

export function registerPromote(program: Command): void {
  withPlace(program.command('promote'))
    .description('go on with a release that holds until somebody says so')
    .argument('[app-or-release...]', 'an app, a release (v3), or both')
    .option('--timeout <seconds>', 'bound of each wait (300)')
    .option('--json', 'print JSON; steps go to standard error')
    .addHelpText('after', '\nExamples:\n  wherry promote\n  wherry promote users v4')
    .action(async (words: string[], options: SettleOptions) => {
      await whileStoppable('promote', options.json, async (steps, signal) => {
        const { settleRelease } = await import('./settle-release.ts');
        await settleRelease('promote', words, options, steps, signal);
      });
    });
}
