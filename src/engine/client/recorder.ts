import { type Clock, type Log, messageOf } from '../../base/index.ts';
import { type Event, kinds, StatusError } from '../kinds/index.ts';
import type { Client, EventRecorder, EventSubject } from './contract.ts';
import { EventCorrelator } from './event-correlation.ts';

const QUEUE_MAX = 1000;
const MESSAGE_BYTES_MAX = 1024;

interface Report {
  about: EventSubject;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  fieldPath: string | undefined;
  atMs: number;
}

/**
 * Writes core/v1 events one after the other behind the caller's back. At most 1000 wait; past that, new ones are dropped,
 * as they are when the API refuses them: an event is a courtesy, never a reason to fail.
 */
export function createRecorder(client: Client, component: string, clock: Clock, log: Log, host = ''): EventRecorder {
  const correlator = new EventCorrelator(clock);
  const queue: Report[] = [];
  let writing = false;
  let lastStamp = 0n;

  const drain = async (): Promise<void> => {
    writing = true;
    for (let report = queue.shift(); report !== undefined; report = queue.shift()) {
      try {
        await write(report);
      } catch (error) {
        log.debug('event not written', { component, reason: report.reason, error: messageOf(error) });
      }
    }
    writing = false;
  };

  const write = async (report: Report): Promise<void> => {
    const { about, type, reason, fieldPath } = report;
    const { name, namespace = '', uid = '' } = about.metadata;
    const subject = [component, host, about.kind, namespace, name, uid, about.apiVersion, fieldPath ?? ''].join('\n');
    const group = [subject, type, reason].join('\n');
    const correlated = correlator.correlate({ subject, group, message: report.message });
    if (correlated === undefined) return;
    const { before, dedupKey } = correlated;
    const message = cut(correlated.message);
    const at = new Date(report.atMs).toISOString().replace(/\.\d+Z$/, 'Z');
    if (before !== undefined) {
      const count = before.count + 1;
      try {
        const body = { count, lastTimestamp: at, message };
        await client.patch(kinds.events, before.namespace, before.name, { type: 'strategic', body });
        correlator.written(dedupKey, { ...before, count });
        return;
      } catch (error) {
        // Events expire; one that is gone starts anew, with its count.
        if (!(error instanceof StatusError) || error.code !== 404) throw error;
      }
    }
    const created = await client.create<Event>(kinds.events, {
      metadata: { name: `${name}.${stamp(report.atMs).toString(16)}`, namespace: namespace || 'default' },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name,
        ...(namespace ? { namespace } : {}),
        ...(uid ? { uid } : {}),
        ...(about.metadata.resourceVersion ? { resourceVersion: about.metadata.resourceVersion } : {}),
        ...(fieldPath ? { fieldPath } : {}),
      },
      reason,
      message,
      type,
      source: { component, ...(host ? { host } : {}) },
      firstTimestamp: before?.firstTimestamp ?? at,
      lastTimestamp: at,
      count: (before?.count ?? 0) + 1,
      reportingComponent: component,
      reportingInstance: host,
    });
    correlator.written(dedupKey, {
      name: created.metadata.name,
      namespace: created.metadata.namespace ?? 'default',
      count: created.count ?? 1,
      firstTimestamp: created.firstTimestamp ?? at,
    });
  };

  /** Upstream names an event by its object and the time in nanoseconds; made unique here. */
  const stamp = (atMs: number): bigint => {
    const wanted = BigInt(Math.floor(atMs)) * 1_000_000n;
    lastStamp = wanted > lastStamp ? wanted : lastStamp + 1n;
    return lastStamp;
  };

  return {
    event(about, type, reason, message, fieldPath) {
      if (queue.length >= QUEUE_MAX) return;
      queue.push({ about, type, reason, message, fieldPath, atMs: clock.now() });
      if (!writing) void drain();
    },
  };
}

function cut(message: string): string {
  if (message.length <= MESSAGE_BYTES_MAX) return message;
  return `${message.slice(0, MESSAGE_BYTES_MAX - 3)}...`;
}
