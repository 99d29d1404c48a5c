import type { Command } from 'commander';

/** The process inside the cluster's namespaces; started by `cluster start`, never by a person. */
export function registerEngine(program: Command): void {
  program
    .command('engine', { hidden: true })
    .requiredOption('--name <name>', 'cluster')
    .action(async ({ name }: { name: string }) => {
      const { runEngine } = await import('../engine/cluster/index.ts');
      await runEngine(name);
    });
  program.command('pull-image', { hidden: true }).action(async () => {
    const { pullForEngine } = await import('../engine/cluster/index.ts');
    await pullForEngine();
  });
}
