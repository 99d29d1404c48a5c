import type { Command } from 'commander';
import { UserError } from '../base/index.ts';
import { execInPod } from '../engine/client/index.ts';
import { findPlace, type PlaceOptions, withPlace } from './place.ts';
import { byAge, isReady, isStaying, podsOf } from './pods-of.ts';

interface ExecOptions extends PlaceOptions {
  container?: string;
  component: string;
}

export function registerExec(wherry: Command): void {
  withPlace(wherry.command('exec'))
    .description('run a program in a container of an app; with a terminal when there is one')
    .argument('<app>', "the app's name, or a pod's")
    .argument('[command...]', 'program and its arguments (sh when not given)')
    .option('-c, --container <container>', 'which container of the pod')
    .option('--component <part>', 'which part of the app', 'web')
    .passThroughOptions()
    .addHelpText(
      'after',
      "\nExamples:\n  wherry exec users\n  wherry exec users -- env\n  wherry exec --component database users -- sh -c 'mariadb --version'",
    )
    .action(async (app: string, words: string[], options: ExecOptions) => {
      const program = words[0] === '--' ? words.slice(1) : words;
      const place = await findPlace(options);
      const pods = await podsOf(place, app);
      const ofPart = pods.filter(
        ({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === options.component,
      );
      const candidates = (ofPart.length > 0 ? ofPart : pods).filter(isStaying).sort(byAge);
      const pod = candidates.find(isReady) ?? candidates.find(({ status }) => status.phase === 'Running');
      if (!pod) throw new UserError(`app ${app}`, 'has no running pod', `See why: wherry status ${app}`);
      const tty = Boolean(process.stdin.isTTY && process.stdout.isTTY);
      if (tty) process.stdin.setRawMode(true);
      try {
        process.exitCode = await execInPod(place.connection, {
          namespace: place.namespace,
          pod: pod.metadata.name,
          ...(options.container === undefined ? {} : { container: options.container }),
          command: program.length > 0 ? program : ['sh'],
          tty,
          stdin: process.stdin,
          stdout: process.stdout,
          stderr: process.stderr,
          onResize(listener) {
            const tell = () => listener({ columns: process.stdout.columns, rows: process.stdout.rows });
            if (!tty) return;
            tell();
            process.stdout.on('resize', tell);
          },
        });
      } finally {
        if (tty) process.stdin.setRawMode(false);
        process.stdin.destroy();
        place.client.close();
      }
    });
}
