import { badRequest, type FieldFault, invalid, type Pod } from '../../kinds/index.ts';
import type { Target } from '../../resources/index.ts';
import type { ApiContext } from '../context.ts';
import type { LogQuery } from '../contract.ts';
import type { Exchange } from '../exchange.ts';
import { isOn } from '../request-info.ts';
import { wholeNumber } from '../request-options.ts';
import { podOf } from './pod.ts';

/** GET of pods/log: the container's output as plain text, as long as `follow` has it. */
export async function podLogs(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const { response, request } = exchange;
  const pod = podOf(context, target);
  const query = logQuery(exchange.query, pod);
  const gone = new AbortController();
  const leave = () => gone.abort();
  response.on('close', leave);
  request.on('aborted', leave);
  context.closing.addEventListener('abort', leave, { once: true });
  try {
    const source = await context.nodeLink.logs(pod, query, gone.signal);
    response.setHeader('content-type', 'text/plain');
    response.setHeader('cache-control', 'no-cache, private');
    response.writeHead(200);
    response.flushHeaders?.();
    await new Promise<void>((resolve) => {
      source.on('error', (error) => {
        context.log.debug('log stream broke', { pod: pod.metadata.name, error: error.message });
        response.end();
        resolve();
      });
      source.on('close', resolve);
      response.on('close', () => {
        source.destroy();
        resolve();
      });
      source.pipe(response);
    });
  } finally {
    context.closing.removeEventListener('abort', leave);
  }
}

/** @throws StatusError 422 for options that exclude each other, 400 for a container that is not named or not there. */
function logQuery(query: URLSearchParams, pod: Pod): LogQuery {
  const faults: FieldFault[] = [];
  const sinceSeconds = wholeNumber(query, 'sinceSeconds');
  const tailLines = wholeNumber(query, 'tailLines');
  const limitBytes = wholeNumber(query, 'limitBytes');
  const sinceTime = query.get('sinceTime') || undefined;
  const stream = query.get('stream') || undefined;
  const zero = 'must be greater than or equal to 0';
  if (tailLines !== undefined && tailLines < 0) {
    faults.push({ path: 'tailLines', type: 'Invalid', value: tailLines, detail: zero });
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    faults.push({ path: 'limitBytes', type: 'Invalid', value: limitBytes, detail: 'must be greater than 0' });
  }
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    faults.push({
      path: '',
      type: 'Forbidden',
      detail: 'at most one of `sinceTime` or `sinceSeconds` may be specified',
    });
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    faults.push({ path: 'sinceSeconds', type: 'Invalid', value: sinceSeconds, detail: 'must be greater than 0' });
  }
  if (stream !== undefined && stream !== 'All' && tailLines !== undefined) {
    faults.push({
      path: '',
      type: 'Forbidden',
      detail: '`tailLines` and specific `stream` are mutually exclusive for now',
    });
  }
  if (faults.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, pod.metadata.name, faults);
  return {
    container: containerOf(pod, query.get('container')),
    follow: isOn(query.get('follow')),
    previous: isOn(query.get('previous')),
    timestamps: isOn(query.get('timestamps')),
    ...(sinceSeconds !== undefined && { sinceSeconds }),
    ...(sinceTime !== undefined && { sinceTime }),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    ...(stream !== undefined && { stream }),
  };
}

/** The container that is meant: the named one, or the only one (upstream's pod strategy). */
export function containerOf(pod: Pod, named: string | null): string {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const all = [...initContainers, ...containers, ...ephemeralContainers];
  const name = named || '';
  if (name) {
    if (all.some((container) => container.name === name)) return name;
    throw badRequest(`container ${name} is not valid for pod ${pod.metadata.name}`);
  }
  const [only] = containers;
  if (containers.length === 1 && only) return only.name;
  const names = (list: readonly { name: string }[]) => list.map((container) => container.name).join(' ');
  if (containers.length === 0) throw badRequest(`a container name must be specified for pod ${pod.metadata.name}`);
  const initial = initContainers.length > 0 ? ` or one of the init containers: [${names(initContainers)}]` : '';
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names(containers)}]${initial}`,
  );
}
