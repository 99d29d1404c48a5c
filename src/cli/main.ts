#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { asUserError } from './as-user-error.ts';
import { colors as pc } from './colors.ts';

const loadEngine = async () => (await import('./engine.ts')).registerEngine;

/** Each command's module is loaded when it is called; help loads them all. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  up: async () => (await import('./up.ts')).registerUp,
  deploy: async () => (await import('./deploy.ts')).registerDeploy,
  rollback: async () => (await import('./rollback.ts')).registerRollback,
  promote: async () => (await import('./promote.ts')).registerPromote,
  abort: async () => (await import('./abort.ts')).registerAbort,
  resume: async () => (await import('./resume.ts')).registerResume,
  dev: async () => (await import('./dev.ts')).registerDev,
  plan: async () => (await import('./plan.ts')).registerPlan,
  init: async () => (await import('./init.ts')).registerInit,
  convert: async () => (await import('./convert.ts')).registerConvert,
  check: async () => (await import('./check.ts')).registerCheck,
  inspect: async () => (await import('./inspect.ts')).registerInspect,
  status: async () => (await import('./status.ts')).registerStatus,
  logs: async () => (await import('./logs.ts')).registerLogs,
  exec: async () => (await import('./exec.ts')).registerExec,
  cluster: async () => (await import('./cluster.ts')).registerCluster,
  image: async () => (await import('./image.ts')).registerImage,
  releases: async () => (await import('./releases.ts')).registerReleases,
  diff: async () => (await import('./diff.ts')).registerDiff,
  offload: async () => (await import('./offload.ts')).registerOffload,
  smoke: async () => (await import('./smoke.ts')).registerSmoke,
  load: async () => (await import('./load.ts')).registerLoad,
  backup: async () => (await import('./backup.ts')).registerBackup,
  restore: async () => (await import('./restore.ts')).registerRestore,
  doctor: async () => (await import('./doctor.ts')).registerDoctor,
  engine: loadEngine,
  'pull-image': loadEngine,
  'load-worker': async () => (await import('./load.ts')).registerLoadWorker,
};

/** Exit status: 0 done, 1 it could not be done (the message says why), 2 a wrong call, 70 a fault of ours. */
async function main(): Promise<void> {
  const program = new Command('wherry')
    .description('carries an ordinary application to Kubernetes, and is a Kubernetes light enough to carry with you')
    .version(process.env.npm_package_version ?? '0.1.0')
    .showHelpAfterError('(see: wherry --help)')
    .enablePositionalOptions()
    .exitOverride();
  const called = COMMANDS[process.argv[2] ?? ''];
  const loaders = called ? [called] : [...new Set(Object.values(COMMANDS))];
  for (const register of await Promise.all(loaders.map((load) => load()))) register(program);
  for (const command of program.commands) command.exitOverride();
  await program.parseAsync();
}

main().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    return;
  }
  const told = asUserError(error);
  if (told) {
    console.error(`${pc.red('error')} ${told.message}`);
    process.exitCode = told.exitStatus;
  } else {
    console.error(`${pc.red('bug')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exitCode = 70;
  }
});
