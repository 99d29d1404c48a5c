import type { Command } from 'commander';
import { systemClock } from '../base/index.ts';
import { whileStoppable } from './deploy.ts';
import type { DeployOptions } from './deploy-app.ts';
import type { Steps } from './steps.ts';

export type UpOptions = Pick<
  DeployOptions,
  'app' | 'namespace' | 'context' | 'registry' | 'host' | 'name' | 'replicas' | 'timeout' | 'json' | 'yes'
>;

/** What came of it. */
export interface UpResult {
  readonly name: string;
  readonly namespace: string;
  readonly context: string;
  /** Of the part that serves. */
  readonly image: string | undefined;
  /** Undefined where nothing leads into the cluster from outside. */
  readonly url: string | undefined;
  /** Whether an image had to be built. */
  readonly built: boolean;
  /** Number of the release; undefined when everything was as wanted already. */
  readonly release: number | undefined;
}

export function registerUp(program: Command): void {
  program
    .command('up')
    .description('carry the app in a folder to Kubernetes: read it, build its image, deploy, test, print its URL')
    .argument('[folder]', "the app's folder, or a compose file", '.')
    .option('--app <app>', 'name of the app in the cluster (from the folder when not given)')
    .option('-n, --namespace <namespace>', 'namespace (default, or that of the context)')
    .option('--name <cluster>', "which of this machine's clusters (default)")
    .option(
      '--context <context>',
      'a context of your kubeconfig instead of a cluster of this machine; needs --registry',
    )
    .option('--registry <host/path>', 'where the image is pushed to')
    .option('--host <host>', 'host name that the Ingress answers to')
    .option('--replicas <number>', 'how many pods (2)')
    .option('--timeout <seconds>', 'bound of each wait (300)')
    .option('-y, --yes', 'ask nothing')
    .option('--json', 'print one JSON document at the end; steps go to standard error')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry up\n  wherry up examples/users --replicas 3\n  wherry up compose.yaml\n  wherry up --context work --registry registry.example.com/team --host users.example.com',
    )
    .action(async (folder: string, options: UpOptions) => {
      await whileStoppable('up', options.json, async (steps, signal) => {
        const result = await up(folder, options, steps, signal);
        steps.end();
        if (options.json) console.log(JSON.stringify(result, null, 2));
        else if (result.url) console.log(result.url);
      });
    });
}

/**
 * `wherry up`: a release by the app's own strategy, on a cluster that is started if none runs. What is there as wanted
 * already is left alone, so a second run changes nothing.
 */
export async function up(folder: string, options: UpOptions, steps: Steps, signal: AbortSignal): Promise<UpResult> {
  const { deployApp } = await import('./deploy-app.ts');
  const { app, namespace, context, url, image, built, plan, outcome } = await deployApp(folder, options, steps, signal);
  if (url === undefined) {
    if (plan.front !== undefined)
      steps.line(
        `To reach it: kubectl --context ${context} -n ${namespace} port-forward service/${plan.front} 8080:80`,
      );
  } else if (!outcome && plan.smokePaths.length > 0) {
    const { smoke } = await import('../road/deploy/index.ts');
    const testing = steps.start('smoke');
    const checks = await smoke(url, plan.smokePaths, { clock: systemClock, signal });
    testing.done(checks.map(({ path, status }) => `GET ${path} ${status}`).join(', '));
  }
  return { name: app, namespace, context, image, url, built, release: outcome?.number };
}
