import { basename } from 'node:path';
import type { Command } from 'commander';
import { systemClock, UserError } from '../base/index.ts';
import type { DevelopmentEvent } from '../road/develop/index.ts';
import { colors as pc } from './colors.ts';
import { createSteps, type Steps } from './steps.ts';

export interface DevFlags {
  readonly app?: string;
  readonly namespace?: string;
  readonly context?: string;
  readonly registry?: string;
  readonly host?: string;
  readonly name?: string;
  readonly logs: boolean;
  readonly once?: boolean;
  readonly yes?: boolean;
}

const PATHS_TOLD = 3;

export function registerDev(program: Command): void {
  program
    .command('dev')
    .description('develop in the cluster: each saved file is served from there within a second or two, logs beside it')
    .argument('[folder]', "the app's folder", '.')
    .option('--app <app>', 'name of the app in the cluster (from the folder when not given)')
    .option('-n, --namespace <namespace>', 'namespace (default, or that of the context)')
    .option('--name <cluster>', "which of this machine's clusters (default)")
    .option('--context <context>', 'a context of your kubeconfig instead; needs --registry')
    .option('--registry <host/path>', 'where the image is pushed to')
    .option('--host <host>', 'host name that the Ingress answers to')
    .option('--no-logs', 'leave the logs out')
    .option('-y, --yes', 'ask nothing')
    .option('--once', 'end after the first saved change is served')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry dev\n  wherry dev examples/users-flask --no-logs\n\nThe app runs in one pod while it is developed. Back to the release: wherry up',
    )
    .action(async (folder: string, flags: DevFlags) => {
      const steps = createSteps(process.stdout, systemClock);
      const stopping = new AbortController();
      const stop = (): void => stopping.abort(new UserError('dev', 'stopped'));
      process.once('SIGINT', stop).once('SIGTERM', stop);
      try {
        const { developApp } = await import('./dev-app.ts');
        await developApp(folder, flags, steps, stopping.signal, {
          onEvent: (event) => show(event, flags, steps),
          onLine: (part, line) => steps.line(`${pc.cyan(part)} ${pc.dim('|')} ${line}`),
        });
      } catch (error) {
        if (!stopping.signal.aborted || error !== stopping.signal.reason) throw error;
      } finally {
        steps.end();
        process.off('SIGINT', stop).off('SIGTERM', stop);
      }
      const where = folder === '.' ? '' : ` ${folder}`;
      console.log(`the app stays as it is, in one pod; carry it there as a release again: wherry up${where}`);
    });
}

function show(event: DevelopmentEvent, flags: DevFlags, steps: Steps): void {
  if (event.type === 'changed') {
    const how = event.by === 'sync' ? 'is put in place' : `needs another image (${event.why})`;
    steps.line(`${pc.dim('saved')}  ${named(event.paths)} ${how}`);
  } else if (event.type === 'served') {
    steps.line(`${pc.green('served')} ${named(event.paths)} ${(event.tookMs / 1000).toFixed(2)} s after the save`);
  } else {
    steps.line(`${pc.red('failed')} ${event.what}`);
    if (event.logged && flags.logs) return;
    for (const line of event.output) steps.line(`  ${line}`);
  }
}

function named(paths: readonly string[]): string {
  const told = paths.slice(0, PATHS_TOLD).map((path) => (paths.length > 1 ? basename(path) : path));
  return `${told.join(', ')}${paths.length > PATHS_TOLD ? ` and ${paths.length - PATHS_TOLD} more` : ''}`;
}
