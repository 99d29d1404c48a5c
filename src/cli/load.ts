import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { messageOf, systemClock, UserError } from '../base/index.ts';
import { durationOf } from './duration.ts';

interface LoadFlags {
  rate: string;
  for: string;
  path: string[];
  connections: string;
  timeout: string;
  method: string;
  header: string[];
  plot?: string;
  json?: boolean;
}

export function registerLoad(program: Command): void {
  const collect = (value: string, all: string[]) => [...all, value];
  program
    .command('load')
    .description('send requests at a constant rate and tell what came of them; fails when one failed')
    .argument('<url>', 'where to')
    .option('--rate <number>', 'requests a second, whatever the answers do', '50')
    .option('--for <duration>', 'how long: 10s, 2m', '10s')
    .option('--path <path>', 'asked in turn, below the URL; may be given again', collect, [])
    .option('--connections <number>', 'kept-alive connections at most', '64')
    .option('--timeout <duration>', 'without an answer for so long a request has failed', '10s')
    .option('--method <method>', 'of each request', 'GET')
    .option('--header <name: value>', 'sent along; may be given again', collect, [])
    .option('--plot <file.svg>', 'draw it: requests, failures and latency of each second')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry load http://users.localhost:8080 --rate 200 --for 10s\n  wherry load http://127.0.0.1:8080 --path /users --path /version --plot load.svg',
    )
    .action(async (url: string, flags: LoadFlags) => {
      const { load, loadText, plotOf } = await import('../road/load/index.ts');
      const stopping = new AbortController();
      const stop = (): void => stopping.abort();
      process.once('SIGINT', stop).once('SIGTERM', stop);
      const report = await load({
        url,
        ...(flags.path.length > 0 ? { paths: flags.path } : {}),
        ratePerSecond: numberOf('--rate', flags.rate),
        durationMs: durationOf('--for', flags.for),
        connectionsMax: numberOf('--connections', flags.connections),
        timeoutMs: durationOf('--timeout', flags.timeout),
        method: flags.method,
        headers: Object.fromEntries(flags.header.map(headerOf)),
        clock: systemClock,
        signal: stopping.signal,
      });
      process.off('SIGINT', stop).off('SIGTERM', stop);
      if (flags.plot !== undefined) draw(flags.plot, plotOf(report));
      if (flags.json) console.log(JSON.stringify(report, null, 2));
      else for (const line of loadText(report)) console.log(line);
      if (report.failed > 0) process.exitCode = 1;
    });
}

/** The process that `startLoad` begins; never called by a person. */
export function registerLoadWorker(program: Command): void {
  program.command('load-worker', { hidden: true }).action(async () => {
    const { runLoadWorker } = await import('../road/load/index.ts');
    runLoadWorker();
  });
}

function numberOf(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new UserError(flag, `"${text}" is not a number`, `Write it as ${flag} 100.`, { exitStatus: 2 });
}

function headerOf(text: string): [string, string] {
  const at = text.indexOf(':');
  const name = text.slice(0, Math.max(0, at)).trim();
  if (/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) return [name.toLowerCase(), text.slice(at + 1).trim()];
  throw new UserError('--header', `"${text}" is not NAME: VALUE`, "Example: --header 'Accept: text/html'", {
    exitStatus: 2,
  });
}

function draw(path: string, svg: string): void {
  try {
    writeFileSync(path, svg);
  } catch (error) {
    throw new UserError('--plot', `${path} cannot be written: ${messageOf(error)}`, undefined, { cause: error });
  }
}
