import type { ResourceInfo } from '../../kinds/index.ts';
import type { Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { isOn } from '../request-info.ts';
import { attachToPod, execInPod } from './exec.ts';
import { podLogs } from './logs.ts';
import { forwardPorts } from './port-forward.ts';
import { proxyNode, proxyPod, proxyService } from './proxy.ts';

export type Connect = (context: ApiContext, exchange: Exchange, target: Target) => Promise<void>;

/** Subresources that are a connection rather than an object. */
const CONNECTS: Readonly<Record<string, Connect>> = {
  'pods/log': podLogs,
  'pods/exec': execInPod,
  'pods/attach': attachToPod,
  'pods/portforward': forwardPorts,
  'pods/proxy': proxyPod,
  'services/proxy': proxyService,
  'nodes/proxy': proxyNode,
};

export function connectOf(info: ResourceInfo, subresource: string): Connect | undefined {
  return info.group === '' && subresource ? CONNECTS[`${info.resource}/${subresource}`] : undefined;
}

/** The kind of a connection's options, which are what admission sees of it. Reading a log is no connection. */
const OPTIONS: Readonly<Record<string, string>> = {
  'pods/exec': 'PodExecOptions',
  'pods/attach': 'PodAttachOptions',
  'pods/portforward': 'PodPortForwardOptions',
  'pods/proxy': 'PodProxyOptions',
  'services/proxy': 'ServiceProxyOptions',
  'nodes/proxy': 'NodeProxyOptions',
};

export function connectOptions(resource: string, subresource: string): string | undefined {
  return OPTIONS[`${resource}/${subresource}`];
}

const FLAGS = new Set(['stdin', 'stdout', 'stderr', 'tty']);
const LISTS = new Set(['command', 'ports']);

/** The options of a connection as an object, from its query. */
export function optionFields(query: URLSearchParams): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of new Set(query.keys())) {
    const value = query.get(name);
    fields[name] = FLAGS.has(name) ? isOn(value) : LISTS.has(name) ? query.getAll(name) : value;
  }
  return fields;
}
