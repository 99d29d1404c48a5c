import { durationMs } from './amounts.ts';
import { wordsOf } from './command.ts';
import type { Draft, Handler } from './draft.ts';
import { setVariable } from './environment.ts';
import { shellQuoted } from './shell-words.ts';
import { childOf, entriesOf, flagOf, isNothing, itemsOf, sourceOf, textOf } from './value.ts';

export const stopGracePeriod: Handler = (value, path, draft) => {
  const ms = durationMs(textOf(value) ?? '') ?? 0;
  const secondsGiven = Math.ceil(ms / 1000);
  draft.gracePeriodSeconds = secondsGiven;
  const what = `terminationGracePeriodSeconds ${secondsGiven}`;
  if (secondsGiven * 1000 === ms) draft.report.mapped(path, value.at, what);
  else draft.report.changed(path, value.at, `${what}: Kubernetes counts in seconds`);
};

export const stopSignal: Handler = (value, path, draft) => {
  const said = (textOf(value) ?? '').toUpperCase();
  const signal = said.startsWith('SIG') ? said : `SIG${said}`;
  if (signal === 'SIGTERM' || signal === 'SIG15') {
    draft.report.mapped(path, value.at, 'what Kubernetes sends anyway');
    return;
  }
  if (!/^SIG[A-Z]+[0-9+-]*$/.test(signal)) {
    draft.report.dropped(path, value.at, { reason: 'Kubernetes knows signals by name', todo: 'Write it as SIGQUIT.' });
    return;
  }
  draft.container.lifecycle = { ...draft.container.lifecycle, stopSignal: signal };
  // The API takes a signal only of a pod that says which system it is for.
  draft.pod.os = { name: 'linux' };
  draft.report.changed(
    path,
    value.at,
    `lifecycle.stopSignal ${signal}; a cluster without ContainerStopSignals sends SIGTERM`,
  );
};

export const postStart: Handler = (value, path, draft) => hooks(value, path, draft, 'postStart');
export const preStop: Handler = (value, path, draft) => hooks(value, path, draft, 'preStop');

/** Commands run in the container; Kubernetes takes one, so several become one line for a shell. */
function hooks(
  value: Parameters<Handler>[0],
  path: Parameters<Handler>[1],
  draft: Draft,
  key: 'postStart' | 'preStop',
): void {
  const lines: string[] = [];
  let single: string[] | undefined;
  for (const [index, hook] of itemsOf(value).entries()) {
    const place = [...path, index];
    const command = childOf(hook, 'command');
    const words = command ? wordsOf(command) : [];
    const settings = entriesOf(childOf(hook, 'environment')).map(
      ([name, each]) => `${name}=${shellQuoted(textOf(each) ?? '')}`,
    );
    const folder = textOf(childOf(hook, 'working_dir'));
    const line = [
      ...(folder === undefined ? [] : [`cd ${shellQuoted(folder)} &&`]),
      ...(settings.length > 0 ? ['env', ...settings] : []),
      ...words.map(shellQuoted),
    ].join(' ');
    single = folder === undefined && settings.length === 0 && itemsOf(value).length === 1 ? words : undefined;
    lines.push(line);
    draft.report.mapped(place, hook.at, `lifecycle.${key}`);
    const as = childOf(hook, 'user');
    const lifted = childOf(hook, 'privileged');
    if (as) draft.report.dropped([...place, 'user'], as.at, { reason: 'it runs as the user of the container' });
    if (lifted && flagOf(lifted) === true)
      draft.report.dropped([...place, 'privileged'], lifted.at, { reason: 'it may do what the container may' });
  }
  if (lines.length === 0) return;
  const command = single ?? [
    'sh',
    '-c',
    lines.length === 1 ? (lines[0] ?? '') : lines.map((line) => `(${line})`).join(' && '),
  ];
  draft.container.lifecycle = { ...draft.container.lifecycle, [key]: { exec: { command } } };
}

/** Commands run to their end before the service starts: each a job that it waits for. */
export const preStart: Handler = (value, path, draft) => {
  let before: string | undefined;
  for (const [index, hook] of itemsOf(value).entries()) {
    const place = [...path, index];
    const command = childOf(hook, 'command');
    if (!command || isNothing(command)) {
      draft.report.dropped(place, hook.at, { reason: 'it has no command' });
      continue;
    }
    const name = `${draft.name.slice(0, 36)}-before-${index + 1}`;
    const other = textOf(childOf(hook, 'image'));
    const folder = textOf(childOf(hook, 'working_dir'));
    // Variables of its own are put where the others are: a job has the settings of its service.
    const inner: Draft = { ...draft, environment: new Map(draft.environment) };
    for (const [variable, each] of entriesOf(childOf(hook, 'environment'))) {
      setVariable(inner, variable, textOf(each) ?? '', sourceOf(each.at));
    }
    draft.whole.extraParts.push({
      name,
      kind: 'job',
      role: 'hook',
      image: other === undefined ? draft.image : { reference: other },
      command: wordsOf(command),
      ...(folder === undefined ? {} : { workingDirectory: folder }),
      environment: [...inner.environment.values()],
      ports: [],
      mounts: draft.mounts.filter(
        ({ from }) => from.is === 'volume' || from.is === 'settings' || from.is === 'secrets',
      ),
      needs: [...draft.needs, ...(before === undefined ? [] : [{ part: before, condition: 'completed' as const }])],
      ...(draft.user ? { user: draft.user } : {}),
      resources: { requests: { cpu: '50m', memory: '96Mi' } },
      source: sourceOf(hook.at),
    });
    before = name;
    draft.report.changed(place, hook.at, `Job ${name}, once for each release`);
    for (const key of ['user', 'privileged', 'per_replica']) {
      const each = childOf(hook, key);
      if (each) draft.report.dropped([...place, key], each.at, { reason: 'the Job runs as the service does, once' });
    }
  }
  if (before !== undefined) draft.needs.push({ part: before, condition: 'completed' });
};
