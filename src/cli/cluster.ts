import type { Command } from 'commander';
import { UserError } from '../base/index.ts';
import { DEFAULTS } from '../engine/cluster/index.ts';
import { colors as pc } from './colors.ts';
import { portOf } from './port.ts';
import { printTable } from './table.ts';

interface StartFlags {
  name: string;
  apiPort?: string;
  httpPort?: string;
  httpsPort?: string;
  outbound?: string;
  runtimeConfig?: string;
  hollow?: boolean;
  merge: boolean;
  json?: boolean;
}

const load = () => import('../engine/cluster/index.ts');

export function registerCluster(program: Command): void {
  const cluster = program
    .command('cluster')
    .description('the Kubernetes of this machine: start, stop, delete, list, status, kubeconfig')
    .addHelpText('after', '\nExample:\n  wherry cluster start');
  const named = (command: Command) => command.option('--name <name>', 'which cluster', DEFAULTS.name);

  named(cluster.command('start'))
    .description('start a cluster, or do nothing when it runs; kubectl uses it from then on')
    .option('--api-port <port>', `host port of the API (${DEFAULTS.apiPort}, or the next free one)`)
    .option('--http-port <port>', `host port of Ingress over HTTP (${DEFAULTS.httpPort}, or the next free one)`)
    .option('--https-port <port>', `host port of Ingress over HTTPS (${DEFAULTS.httpsPort}, or the next free one)`)
    .option('--outbound <way>', 'pasta: pods reach the world outside; none: every packet stays inside')
    .option('--runtime-config <list>', 'API versions on or off, as kube-apiserver has it: api/beta=true,batch/v1=false')
    .option('--hollow', 'no containers: the API with a node that only says it runs pods; needs neither Linux nor root')
    .option('--no-merge', 'leave your own kubeconfig as it is')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry cluster start\n  wherry cluster start --name test --api-port 7443 --no-merge\n  kubectl get nodes',
    )
    .action(async (flags: StartFlags) => {
      const { startClusterProcess } = await load();
      const startedAt = performance.now();
      const result = await startClusterProcess({
        name: flags.name,
        ...port('apiPort', '--api-port', flags.apiPort),
        ...port('httpPort', '--http-port', flags.httpPort),
        ...port('httpsPort', '--https-port', flags.httpsPort),
        ...(flags.outbound === undefined ? {} : { outbound: outboundOf(flags.outbound) }),
        ...(flags.runtimeConfig === undefined ? {} : { runtimeConfig: runtimeConfigOf(flags.runtimeConfig) }),
        ...(flags.hollow ? { hollow: true } : {}),
        merge: flags.merge,
        onProgress: (line) => console.error(line),
      });
      if (flags.json) {
        console.log(JSON.stringify(result, null, 2));
        return;
      }
      const { settings, context } = result;
      if (result.alreadyRunning) console.log(`cluster ${result.name} runs already (context ${context})`);
      else
        console.log(
          `${pc.green('✓')} cluster ${result.name} is ready in ${((performance.now() - startedAt) / 1000).toFixed(2)} s (context ${context})`,
        );
      console.log(
        `  API https://127.0.0.1:${settings.apiPort}, Ingress http://127.0.0.1:${settings.httpPort} and https://127.0.0.1:${settings.httpsPort}`,
      );
      console.log(
        flags.merge
          ? `  try: kubectl --context ${context} get nodes`
          : `  try: kubectl --kubeconfig ${result.kubeconfigPath} get nodes`,
      );
    });

  named(cluster.command('stop'))
    .description('stop the engine and every container; objects and volumes stay')
    .addHelpText('after', '\nExample:\n  wherry cluster stop && wherry cluster start')
    .action(async ({ name }: { name: string }) => {
      const { stopClusterProcess } = await load();
      const { wasRunning } = await stopClusterProcess(name);
      console.log(
        wasRunning
          ? `cluster ${name} is stopped; its objects and volumes are kept`
          : `cluster ${name} was stopped already`,
      );
    });

  named(cluster.command('delete'))
    .description('end a cluster and remove every trace of it, volumes too')
    .addHelpText('after', '\nExample:\n  wherry cluster delete --name test')
    .action(async ({ name }: { name: string }) => {
      const { deleteCluster } = await load();
      const { existed } = await deleteCluster(name);
      console.log(existed ? `cluster ${name} is deleted` : `cluster ${name} does not exist; nothing to delete`);
    });

  cluster
    .command('list')
    .description("this machine's clusters")
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  wherry cluster list --json')
    .action(async ({ json }: { json?: boolean }) => {
      const { listClusters } = await load();
      const clusters = await listClusters();
      if (json) console.log(JSON.stringify(clusters, null, 2));
      else if (clusters.length === 0) console.log('no clusters; start one with: wherry cluster start');
      else
        printTable(
          ['NAME', 'STATE', 'CONTEXT', 'API', 'INGRESS'],
          clusters.map((one) => [one.name, one.running ? 'running' : 'stopped', one.context, one.server, one.http]),
        );
    });

  named(cluster.command('status'))
    .description('whether a cluster runs, and where')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  wherry cluster status --name test')
    .action(async ({ name, json }: { name: string; json?: boolean }) => {
      const { clusterStatus } = await load();
      const status = await clusterStatus(name);
      if (json) console.log(JSON.stringify(status, null, 2));
      else {
        const { running, context, server, http, https, createdAt } = status;
        console.log(`cluster ${name} is ${running ? 'running' : 'stopped'}`);
        console.log(`  context ${context}, since ${createdAt}\n  API     ${server}\n  Ingress ${http} and ${https}`);
      }
      if (!status.running) process.exitCode = 1;
    });

  named(cluster.command('kubeconfig'))
    .description('print the kubeconfig of a cluster')
    .addHelpText('after', '\nExample:\n  wherry cluster kubeconfig --name test > test.kubeconfig')
    .action(async ({ name }: { name: string }) => {
      const { kubeconfigOf } = await load();
      process.stdout.write(await kubeconfigOf(name));
    });
}

function port<K extends string>(key: K, flag: string, text: string | undefined): { [P in K]?: number } {
  return text === undefined ? {} : ({ [key]: portOf(flag, text) } as { [P in K]?: number });
}

function outboundOf(text: string): 'none' | 'pasta' {
  if (text === 'none' || text === 'pasta') return text;
  throw new UserError('--outbound', `"${text}" is no way out`, 'Give pasta or none.', { exitStatus: 2 });
}

function runtimeConfigOf(text: string): Record<string, boolean> {
  return Object.fromEntries(
    text
      .split(',')
      .filter(Boolean)
      .map((part) => {
        const [key = '', value = 'true'] = part.split('=');
        if (key === '' || !['true', 'false'].includes(value)) {
          throw new UserError(
            '--runtime-config',
            `"${part}" is not GROUP/VERSION=true|false`,
            'Example: --runtime-config api/beta=true',
            { exitStatus: 2 },
          );
        }
        return [key, value === 'true'];
      }),
  );
}
