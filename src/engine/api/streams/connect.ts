import type { ResourceInfo } from '../../kinds/index.ts';
import type { Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { podLogs } from './logs.ts';

export type Connect = (context: ApiContext, exchange: Exchange, target: Target) => Promise<void>;

/** Subresources that are a connection rather than an object. */
const CONNECTS: Readonly<Record<string, Connect>> = {
  'pods/log': podLogs,
};

export function connectOf(info: ResourceInfo, subresource: string): Connect | undefined {
  return info.group === '' && subresource ? CONNECTS[`${info.resource}/${subresource}`] : undefined;
}
