import type { Draft, Whole } from './draft.ts';
import { looksLikeWeb } from './ports.ts';

/**
 * A part that listens and has no check of its own gets the least one: a connection to its port. Without it Kubernetes takes
 * a container for ready the moment it has started, and a roll would lose requests.
 */
export function probesByPort(draft: Draft, whole: Whole): void {
  const { kind, name, path, report, map } = draft;
  if (kind === 'job' && Object.keys(draft.probes).length > 0) {
    draft.probes = {};
    report.heading([...path, 'healthcheck'], map.at, 'changed', 'a Job is not checked: it is done when it ends');
    return;
  }
  if (kind === 'job' || draft.noProbes || Object.keys(draft.probes).length > 0) return;
  const serving = draft.published.find(({ port, protocolName }) => looksLikeWeb(draft, port, protocolName));
  const port = serving?.port ?? draft.ports.find(({ protocol }) => protocol === 'TCP');
  const waited = (whole.waiters.get(draft.service) ?? []).find(({ condition }) => condition === 'service_healthy');
  if (!port) {
    if (waited) {
      report.heading(
        path,
        map.at,
        'changed',
        `${waited.service} waits until it is healthy, but it has no healthcheck and no port: it is ready once it has started`,
        'Give it a healthcheck.',
      );
    }
    return;
  }
  const tcpSocket = { port: port.name };
  draft.probes = {
    startup: { tcpSocket, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 120 },
    readiness: { tcpSocket, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 },
  };
  report.heading(
    path,
    map.at,
    'changed',
    `no healthcheck: ${name} is ready when it takes connections at port ${port.target}`,
    'A healthcheck tells more than a port.',
  );
}
