#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import pc from 'picocolors';
import { UserError } from '../base/index.ts';
import { StatusError } from '../engine/kinds/index.ts';
import { registerCluster } from './cluster.ts';
import { registerDoctor } from './doctor.ts';
import { registerExec } from './exec.ts';
import { registerImage } from './image.ts';
import { registerLogs } from './logs.ts';
import { registerPlan } from './plan.ts';
import { registerStatus } from './status.ts';
import { registerUp } from './up.ts';

/** Exit status: 0 done, 1 it could not be done (the message says why), 2 a wrong call, 70 a fault of ours. */
async function main(): Promise<void> {
  const program = new Command('wherry')
    .description('carries an ordinary application to Kubernetes, and is a Kubernetes light enough to carry with you')
    .version(process.env.npm_package_version ?? '0.1.0')
    .showHelpAfterError('(see: wherry --help)')
    .enablePositionalOptions()
    .exitOverride();
  registerUp(program);
  registerPlan(program);
  registerStatus(program);
  registerLogs(program);
  registerExec(program);
  registerCluster(program);
  registerImage(program);
  registerDoctor(program);
  program
    .command('engine', { hidden: true })
    .requiredOption('--name <name>')
    .action(async ({ name }: { name: string }) => {
      const { runEngine } = await import('../engine/cluster/index.ts');
      await runEngine(name);
    });
  for (const command of program.commands) command.exitOverride();
  await program.parseAsync();
}

main().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof UserError) {
    console.error(`${pc.red('error')} ${error.message}`);
    process.exitCode = error.exitStatus;
  } else if (error instanceof StatusError) {
    console.error(`${pc.red('error')} ${error.message}`);
    process.exitCode = 1;
  } else {
    console.error(`${pc.red('bug')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exitCode = 70;
  }
});
