import { architecture } from './deploy.ts';
import type { Handler } from './draft.ts';
import { flagOf, textOf } from './value.ts';

export const workingDirectory: Handler = (value, path, draft) => {
  draft.workingDirectory = textOf(value);
  draft.report.mapped(path, value.at, 'workingDir');
};

export const tty: Handler = (value, path, draft) => {
  if (flagOf(value) === true) draft.container.tty = true;
  draft.report.mapped(path, value.at, 'tty: a terminal');
};

export const stdinOpen: Handler = (value, path, draft) => {
  if (flagOf(value) === true) draft.container.stdin = true;
  draft.report.mapped(path, value.at, 'stdin is kept open');
};

/** The pod's own first process reaps what others leave behind. */
export const init: Handler = (value, path, draft) => {
  if (flagOf(value) !== true) {
    draft.report.mapped(path, value.at, 'the command is the first process');
    return;
  }
  if (textOf(draft.map.entries.get('pid')) === 'host') {
    draft.report.changed(path, value.at, 'its node reaps what it leaves behind, since it shares the processes of it');
    return;
  }
  draft.pod.shareProcessNamespace = true;
  draft.report.changed(
    path,
    value.at,
    "shareProcessNamespace: the pod's own process reaps, signals go to the command itself",
  );
};

export const pullPolicy: Handler = (value, path, draft) => {
  const said = textOf(value) ?? '';
  const policy = { always: 'Always', never: 'Never', missing: 'IfNotPresent', if_not_present: 'IfNotPresent' }[said];
  if (policy !== undefined) {
    draft.container.imagePullPolicy = policy;
    draft.report.mapped(path, value.at, `imagePullPolicy ${policy}`);
  } else if (said === 'build') draft.report.mapped(path, value.at, 'built here');
  else {
    draft.container.imagePullPolicy = 'Always';
    draft.report.changed(path, value.at, 'imagePullPolicy Always: asked whenever a pod starts, not by time');
  }
};

export const platform: Handler = (value, path, draft) => {
  const [system = '', processor, variant] = (textOf(value) ?? '').split('/');
  draft.pod.nodeSelector = {
    ...draft.pod.nodeSelector,
    'kubernetes.io/os': system,
    ...(processor === undefined ? {} : { 'kubernetes.io/arch': architecture(processor) }),
  };
  if (variant === undefined) draft.report.mapped(path, value.at, 'nodeSelector');
  else draft.report.changed(path, value.at, `nodeSelector, without ${variant}: nodes do not tell it`);
};

export const runtime: Handler = (value, path, draft) => {
  const said = textOf(value) ?? '';
  if (said === 'runc' || said === 'io.containerd.runc.v2') {
    draft.report.mapped(path, value.at, 'what nodes use anyway');
    return;
  }
  const name = said.toLowerCase().replace(/[^a-z0-9-]+/g, '-');
  draft.pod.runtimeClassName = name;
  draft.report.changed(path, value.at, `runtimeClassName ${name}`, `The cluster needs a RuntimeClass ${name}.`);
};

export const profiles: Handler = (value, path, draft) => draft.report.mapped(path, value.at, 'one of them is on');

export const cgroup: Handler = (value, path, draft) => {
  if (textOf(value) === 'private') draft.report.mapped(path, value.at, 'what containers have anyway');
  else draft.report.dropped(path, value.at, { reason: 'a pod cannot use the cgroups of its node' });
};

export const processes: Handler = (value, path, draft) => {
  if (textOf(value) === 'host') {
    draft.pod.hostPID = true;
    draft.report.changed(path, value.at, 'hostPID: it sees the processes of its node, and many clusters refuse it');
  } else draft.report.dropped(path, value.at, { reason: 'only containers of one pod share processes' });
};

export const interprocess: Handler = (value, path, draft) => {
  const said = textOf(value) ?? '';
  if (said === 'host') {
    draft.pod.hostIPC = true;
    draft.report.changed(path, value.at, 'hostIPC: it shares memory with its node, and many clusters refuse it');
  } else if (said === 'private' || said === 'none') draft.report.mapped(path, value.at, 'what pods have anyway');
  else draft.report.dropped(path, value.at, { reason: 'only containers of one pod share memory' });
};

export const userNamespace: Handler = (value, path, draft) => {
  if (textOf(value) !== 'host') {
    draft.report.dropped(path, value.at, { reason: 'compose knows only host' });
    return;
  }
  draft.report.mapped(path, value.at, 'what pods have unless they say otherwise');
};
