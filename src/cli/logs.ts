import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { messageOf, UserError } from '../base/index.ts';
import type { Pod } from '../engine/kinds/index.ts';
import { colors as pc } from './colors.ts';
import { findPlace, type Place, type PlaceOptions, withPlace } from './place.ts';
import { podsOf } from './pods-of.ts';

interface LogsOptions extends PlaceOptions {
  follow?: boolean;
  tail?: string;
  since?: string;
  previous?: boolean;
  component?: string;
}

export function registerLogs(program: Command): void {
  withPlace(program.command('logs'))
    .description('logs of all parts of an app in one stream, or of one pod')
    .argument('<app>', "the app's name, or a pod's")
    .option('-f, --follow', 'go on as lines come')
    .option('--tail <lines>', 'only the last lines of each container', '50')
    .option('--since <duration>', 'only what is younger: 30s, 5m, 2h')
    .option('-p, --previous', "the containers' last run before this one")
    .option('--component <part>', 'only one part: web, database ...')
    .addHelpText('after', '\nExamples:\n  wherry logs users\n  wherry logs users -f --component web')
    .action(async (app: string, options: LogsOptions) => {
      const sinceSeconds = options.since === undefined ? undefined : secondsOf(options.since);
      if (options.tail !== undefined && !/^\d{1,9}$/.test(options.tail)) {
        throw new UserError('--tail', `"${options.tail}" is not a number of lines`, 'Write it as --tail 100.', {
          exitStatus: 2,
        });
      }
      const place = await findPlace(options);
      const pods = (await podsOf(place, app)).filter(
        ({ metadata }) =>
          options.component === undefined || metadata.labels?.['app.kubernetes.io/component'] === options.component,
      );
      const stopping = new AbortController();
      process.once('SIGINT', () => stopping.abort());
      const streams = pods.flatMap((pod) =>
        pod.spec.containers.map(({ name }) =>
          stream(place, pod, name, pods.length > 1, { ...options, sinceSeconds }, stopping.signal),
        ),
      );
      await Promise.all(streams);
      place.client.close();
    });
}

async function stream(
  place: Place,
  pod: Pod,
  container: string,
  prefixed: boolean,
  options: LogsOptions & { sinceSeconds: number | undefined },
  signal: AbortSignal,
): Promise<void> {
  const query = new URLSearchParams({ container, tailLines: options.tail ?? '50' });
  if (options.follow) query.set('follow', 'true');
  if (options.previous) query.set('previous', 'true');
  if (options.sinceSeconds !== undefined) query.set('sinceSeconds', String(options.sinceSeconds));
  const { name, namespace = '' } = pod.metadata;
  try {
    const answer = await place.client.request('GET', `/api/v1/namespaces/${namespace}/pods/${name}/log?${query}`, {
      stream: true,
      signal,
    });
    for await (const line of createInterface({ input: answer.body }))
      console.log(prefixed ? `${pc.cyan(name)} ${line}` : line);
  } catch (error) {
    if (!signal.aborted) console.error(`${pc.yellow(name)} ${messageOf(error)}`);
  }
}

function secondsOf(text: string): number {
  const match = /^(\d+)(s|m|h)?$/.exec(text);
  if (!match)
    throw new UserError('--since', `"${text}" is not a duration`, 'Write it as 30s, 5m or 2h.', { exitStatus: 2 });
  return Number(match[1]) * ({ s: 1, m: 60, h: 3600 }[match[2] ?? 's'] ?? 1);
}
