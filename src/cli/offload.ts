import type { Command } from 'commander';
import { type PlaceOptions, withPlace } from './place.ts';

export interface OffloadOptions extends PlaceOptions {
  readonly to?: string;
  readonly share: string;
  readonly legacy?: string;
  readonly host?: string;
  readonly system: string;
  readonly back?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function registerOffload(program: Command): void {
  withPlace(program.command('offload'))
    .description(
      'lead paths of an old system to new services, a share of the requests at a time; without PATH: what is moved',
    )
    .argument('[path]', 'a path with what is below it: /api; / for all')
    .option('--to <app>', 'the app, or SERVICE:PORT, that takes over')
    .option('--share <percent>', 'of the requests, 0% to 100%', '100%')
    .option('--legacy <host:port>', 'where the old system is; said once')
    .option('--host <host>', 'the host it answers to (every host that no app has); said once')
    .option('--system <name>', 'name of the old system in the cluster', 'legacy')
    .option('--back', 'lead the path back to the old system; without PATH all of them')
    .option('--dry-run', 'show what would be written; change nothing')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry offload /users --to users --share 10% --legacy 192.0.2.7:8080\n  wherry offload /users --to users\n  wherry offload\n  wherry offload /users --back',
    )
    .action(async (path: string | undefined, options: OffloadOptions) => {
      const { offload } = await import('./offload-path.ts');
      await offload(path, options);
    });
}
