import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { codeOf, systemClock, UserError } from '../base/index.ts';
import { backup } from '../road/backup/index.ts';
import { findPlace, type PlaceOptions, withPlace } from './place.ts';

interface BackupFlags extends PlaceOptions {
  readonly output?: string;
  readonly volumes: boolean;
  readonly live?: boolean;
  readonly image?: string;
  readonly json?: boolean;
}

export function registerBackup(program: Command): void {
  withPlace(program.command('backup'))
    .description("save an app's objects and the content of its volumes into one file; on any cluster")
    .argument('[app]', 'the app (the whole namespace when not given)')
    .option('-o, --output <file>', 'where to: a name that ends with .tar or .tar.gz')
    .option('--live', 'copy volumes while they are in use; else their pods rest meanwhile')
    .option('--no-volumes', 'objects alone')
    .option('--image <image>', 'image of the pods that read the volumes (busybox:1.37)')
    .option('--json', 'print what was saved as JSON; steps go to standard error')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry backup users -o users.tar.gz\n  wherry backup --namespace shop -o shop.tar --live\n  wherry backup users -o users.tar.gz --context work',
    )
    .action(async (app: string | undefined, flags: BackupFlags) => {
      const file = flags.output ?? `${app ?? flags.namespace ?? 'default'}.tar.gz`;
      await refuseExisting(file);
      const place = await findPlace(flags);
      const stopping = new AbortController();
      const stop = (): void => stopping.abort(new UserError('backup', 'stopped', 'Run it again; nothing was written.'));
      process.once('SIGINT', stop).once('SIGTERM', stop);
      try {
        const index = await backup(
          {
            ...place,
            clock: systemClock,
            signal: stopping.signal,
            onLine: (line) => (flags.json ? console.error(line) : console.log(line)),
            ...(flags.image === undefined ? {} : { image: flags.image }),
          },
          file,
          { volumes: flags.volumes, live: flags.live ?? false, ...(app === undefined ? {} : { app }) },
        );
        const { size } = await stat(file);
        if (flags.json) {
          const objects = index.objects.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
          console.log(JSON.stringify({ file, bytes: size, ...index, objects }, null, 2));
        } else {
          for (const note of index.notes) console.log(`! ${note}`);
          console.log(`${file}: ${(size / 1e6).toFixed(1)} MB. It holds secrets: keep it as you keep those.`);
        }
      } finally {
        process.off('SIGINT', stop).off('SIGTERM', stop);
        place.client.close();
      }
    });
}

async function refuseExisting(file: string): Promise<void> {
  try {
    await stat(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  throw new UserError(file, 'is there already', 'Name another file: -o FILE', { exitStatus: 2 });
}
