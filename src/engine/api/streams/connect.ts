import type { ResourceInfo } from '../../kinds/index.ts';
import type { Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
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
