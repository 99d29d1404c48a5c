import type { Command } from 'commander';
import { UserError } from '../base/index.ts';
import { whileStoppable } from './deploy.ts';
import type { PlaceOptions } from './place.ts';
import { withPlace } from './place.ts';
import type { ReleaseFlags } from './release-ground.ts';

interface RollbackOptions extends PlaceOptions, ReleaseFlags {
  readonly strategy?: string;
  readonly dryRun?: boolean;
  readonly prove?: boolean;
  readonly rate?: string;
}

export function registerRollback(program: Command): void {
  withPlace(program.command('rollback'))
    .description('release again what an earlier release had: the one before, or the one named')
    .argument('[app-or-release...]', 'an app, a release (v3), or both')
    .option('--strategy <strategy>', 'rolling, recreate or blue-green', 'rolling')
    .option('--prove', 'send requests meanwhile and count what is lost')
    .option('--rate <number>', 'how many a second (50)')
    .option('--timeout <seconds>', 'bound of each wait (300)')
    .option('--dry-run', 'print the plan and change nothing')
    .option('-y, --yes', 'ask nothing, also where a migration between makes it unsafe')
    .option('--json', 'print JSON; steps go to standard error')
    .addHelpText('after', '\nExamples:\n  wherry rollback\n  wherry rollback users v3\n  wherry rollback v3 --dry-run')
    .action(async (words: string[], options: RollbackOptions) => {
      const strategy = (['rolling', 'recreate', 'blue-green'] as const).find((each) => each === options.strategy);
      if (!strategy) {
        throw new UserError(
          '--strategy',
          `"${options.strategy}" is none for going back`,
          'There are: rolling, recreate, blue-green',
          { exitStatus: 2 },
        );
      }
      if (options.rate !== undefined && !/^[1-9]\d{0,4}$/.test(options.rate)) {
        const fault = `"${options.rate}" is not a number from 1 to 99999`;
        throw new UserError('--rate', fault, 'Write it as --rate 100.', { exitStatus: 2 });
      }
      await whileStoppable('rollback', options.json, async (steps, signal) => {
        const { rollBack } = await import('./roll-back.ts');
        await rollBack(words, { ...options, strategy }, steps, signal);
      });
    });
}
