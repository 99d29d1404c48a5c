import type { Command } from 'commander';
import { systemClock, UserError } from '../base/index.ts';
import type { Outcome } from '../road/deploy/index.ts';
import type { DeployOptions } from './deploy-app.ts';
import { createSteps } from './steps.ts';

export function registerDeploy(program: Command): void {
  program
    .command('deploy')
    .description('release an app: plan, migrate, bring the new version in by a strategy, prove it, or go back')
    .argument('[folder]', "the app's folder, or its compose.yaml", '.')
    .option('--strategy <strategy>', 'rolling, recreate, blue-green or canary (as wherry.yaml says, else rolling)')
    .option('--prove', 'send requests meanwhile and count what is lost')
    .option('--rate <number>', 'how many a second (50)')
    .option('--hold [time]', 'blue-green: how long the old version stands by (30s); without a time until promoted')
    .option('--steps <weight:time,...>', 'canary: per cent and time, or "hold" (10:30s,50:30s,100)')
    .option('--app <app>', 'name of the app in the cluster (from the folder when not given)')
    .option('-n, --namespace <namespace>', 'namespace (default, or that of the context)')
    .option('--name <cluster>', "which of this machine's clusters (default)")
    .option('--context <context>', 'a context of your kubeconfig instead; needs --registry, or --image')
    .option('--registry <host/path>', 'where the image is pushed to')
    .option('--host <host>', 'host name that the Ingress answers to')
    .option('--replicas <number>', 'how many pods (2)')
    .option('--image <image>', 'an image that is built already')
    .option('--patch-base', 'build anew on a fresh base image, the app as it is')
    .option('--timeout <seconds>', 'bound of each wait (300)')
    .option('--detach', 'end at a hold that waits for a promotion')
    .option('--dry-run', 'print the plan and change nothing')
    .option('-y, --yes', 'ask nothing')
    .option('--json', 'print one JSON document at the end; steps go to standard error')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry deploy --dry-run\n  wherry deploy --strategy blue-green --hold 60s --prove --rate 500\n  wherry deploy --strategy canary --steps 10:30s,50:hold,100\n  wherry deploy --context work --registry registry.example.com/team --host users.example.com',
    )
    .action(async (folder: string, options: DeployOptions) => {
      await whileStoppable('deploy', options.json, async (steps, signal) => {
        const { deployApp, deployJson } = await import('./deploy-app.ts');
        const result = await deployApp(folder, options, steps, signal);
        steps.end();
        if (options.json) console.log(JSON.stringify(deployJson(result), null, 2));
        else if (options.dryRun) {
          const { planText } = await import('../road/deploy/index.ts');
          const { steps: planned } = result.plan;
          console.log(planned.length === 0 ? `${result.app} is as wanted already; nothing is to be done` : result.app);
          for (const line of planText(result.plan)) console.log(`  ${line}`);
        } else if (result.url) console.log(result.url);
      });
    });
}

/** Runs a command's work with its steps shown; SIGINT and SIGTERM end it in good order. */
export async function whileStoppable(
  command: string,
  json: boolean | undefined,
  work: (steps: ReturnType<typeof createSteps>, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const steps = createSteps(json ? process.stderr : process.stdout, systemClock);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort(new UserError(command, 'stopped', 'Run it again; it tells what was left.'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await work(steps, stopping.signal);
  } catch (error) {
    // A script reads what came of a release whatever that was; the exit status tells good from bad.
    if (json && error instanceof UserError && 'outcome' in error) {
      const { outcomeJson } = await import('./release-ground.ts');
      console.log(JSON.stringify({ release: outcomeJson(undefined, error.outcome as Outcome) }, null, 2));
    }
    throw error;
  } finally {
    steps.end();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
