import type { Command } from 'commander';
import type { HttpClient, HttpClientOptions } from '../engine/client/index.ts';

/** Options that say which cluster a command speaks to. */
export interface PlaceOptions {
  readonly name: string;
  readonly context?: string;
  readonly namespace?: string;
}

/** A cluster that runs, of this machine or of a kubeconfig. */
export interface Place {
  readonly client: HttpClient;
  readonly connection: HttpClientOptions;
  readonly namespace: string;
  readonly context: string;
}

export function withPlace(command: Command): Command {
  return command
    .option('--name <cluster>', "which of this machine's clusters", 'default')
    .option('--context <context>', 'a context of your kubeconfig instead')
    .option('-n, --namespace <namespace>', 'namespace (default, or that of the context)');
}

/** @throws UserError when the cluster does not run or the context does not exist. */
export async function findPlace(options: PlaceOptions): Promise<Place> {
  if (options.context === undefined) {
    const { runningCluster } = await import('../engine/cluster/index.ts');
    const { client, connection, context } = await runningCluster(options.name);
    return { client, connection, context, namespace: options.namespace ?? 'default' };
  }
  const { httpClient, kubeconfigPaths, readKubeconfig } = await import('../engine/client/index.ts');
  const settings = await readKubeconfig(kubeconfigPaths(process.env), options.context);
  return {
    client: httpClient(settings),
    connection: settings,
    context: settings.context,
    namespace: options.namespace ?? settings.namespace,
  };
}
