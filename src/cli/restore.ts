import type { Command } from 'commander';
import { systemClock, UserError } from '../base/index.ts';
import { inspectBackup, restore } from '../road/backup/index.ts';
import { findPlace, type PlaceOptions, withPlace } from './place.ts';

interface RestoreFlags extends PlaceOptions {
  readonly force?: boolean;
  readonly volumes: boolean;
  readonly image?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function registerRestore(program: Command): void {
  withPlace(program.command('restore'))
    .description(
      'bring back what wherry backup saved, into the same namespace or another; overwrites nothing by itself',
    )
    .argument('<file>', 'the backup')
    .option('--force', 'over what is there, its data too')
    .option('--no-volumes', 'objects alone; claims stay empty')
    .option('--image <image>', 'image of the pods that write the volumes (busybox:1.37)')
    .option('--dry-run', 'check the file and show what it holds')
    .option('--json', 'print JSON; steps go to standard error')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry restore users.tar.gz\n  wherry restore users.tar.gz --namespace users-copy\n  wherry restore users.tar.gz --dry-run --json',
    )
    .action(async (file: string, flags: RestoreFlags) => {
      const index = await inspectBackup(file);
      const objects = index.objects.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
      if (flags.dryRun) {
        if (flags.json) console.log(JSON.stringify({ ...index, objects }, null, 2));
        else {
          const of = index.app === undefined ? `namespace ${index.namespace}` : `app ${index.app}`;
          console.log(`${of}, saved ${index.createdAt}`);
          for (const name of objects) console.log(`  ${name}`);
          for (const { claim, bytes } of index.volumes)
            console.log(`  content of ${claim}: ${(bytes / 1e6).toFixed(1)} MB`);
          for (const note of index.notes) console.log(`! ${note}`);
        }
        return;
      }
      const place = await findPlace({ ...flags, namespace: flags.namespace ?? index.namespace });
      const stopping = new AbortController();
      const stop = (): void =>
        stopping.abort(new UserError('restore', 'stopped', 'Run it again; it goes on from what is there.'));
      process.once('SIGINT', stop).once('SIGTERM', stop);
      try {
        const result = await restore(
          {
            ...place,
            clock: systemClock,
            signal: stopping.signal,
            onLine: (line) => (flags.json ? console.error(line) : console.log(line)),
            ...(flags.image === undefined ? {} : { image: flags.image }),
          },
          file,
          { force: flags.force ?? false, volumes: flags.volumes },
        );
        const { applied, filled, notes } = result;
        if (flags.json) console.log(JSON.stringify({ namespace: place.namespace, applied, filled, notes }, null, 2));
        else {
          for (const note of notes) console.log(`! ${note}`);
          console.log(
            `restored into namespace ${place.namespace}; see it come up: wherry status --namespace ${place.namespace}`,
          );
        }
      } finally {
        process.off('SIGINT', stop).off('SIGTERM', stop);
        place.client.close();
      }
    });
}
