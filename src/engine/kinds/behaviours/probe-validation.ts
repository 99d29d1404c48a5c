import type { FieldFault } from '../contract.ts';
import { at, forbiddenField, invalidAll, invalidValue, notSupported, required } from '../faults.ts';
import type { HTTPGetAction, IntOrString, LifecycleHandler, Probe } from '../generated/types.ts';
import { isHttpHeaderName, isPortName, isPortNumber } from '../names.ts';
import { notNegative } from './strategy.ts';

type Handler = Pick<LifecycleHandler, 'exec' | 'httpGet' | 'tcpSocket'> &
  Pick<Probe, 'grpc'> &
  Pick<LifecycleHandler, 'sleep'>;

/** The faults of a probe; liveness and startup probes succeed at the first success. */
export function validateProbe(
  probe: Probe | undefined,
  path: string,
  kind: 'liveness' | 'readiness' | 'startup',
): FieldFault[] {
  if (!probe) return [];
  const faults = validateHandler(probe, path);
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    faults.push(...notNegative(probe[field], `${path}.${field}`));
  }
  if (probe.terminationGracePeriodSeconds !== undefined && probe.terminationGracePeriodSeconds <= 0) {
    faults.push(
      invalidValue(
        `${path}.terminationGracePeriodSeconds`,
        probe.terminationGracePeriodSeconds,
        'must be greater than 0',
      ),
    );
  }
  if (kind === 'readiness') {
    if (probe.terminationGracePeriodSeconds !== undefined) {
      faults.push(
        invalidValue(
          `${path}.terminationGracePeriodSeconds`,
          probe.terminationGracePeriodSeconds,
          'must not be set for readinessProbes',
        ),
      );
    }
  } else if (probe.successThreshold !== undefined && probe.successThreshold !== 1) {
    faults.push(invalidValue(`${path}.successThreshold`, probe.successThreshold, 'must be 1'));
  }
  return faults;
}

/** Exactly one way to act, and that way well formed. */
export function validateHandler(handler: Handler, path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  let count = 0;
  const one = (field: string, check: () => FieldFault[]) => {
    if (count++ > 0) faults.push(forbiddenField(`${path}.${field}`, 'may not specify more than 1 handler type'));
    else faults.push(...check());
  };
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  if (exec) one('exec', () => ((exec.command ?? []).length === 0 ? [required(`${path}.exec.command`)] : []));
  if (httpGet) one('httpGet', () => validateHttp(httpGet, `${path}.httpGet`));
  if (tcpSocket) one('tcpSocket', () => validatePort(tcpSocket.port, `${path}.tcpSocket.port`));
  if (grpc) one('grpc', () => invalidAll(`${path}.grpc.port`, grpc.port, isPortNumber(grpc.port)));
  if (sleep) {
    one('sleep', () =>
      sleep.seconds < 0
        ? [
            invalidValue(
              `${path}.sleep`,
              sleep.seconds,
              'must be non-negative and less than terminationGracePeriodSeconds',
            ),
          ]
        : [],
    );
  }
  if (count === 0) faults.push(required(path, 'must specify a handler type'));
  return faults;
}

function validateHttp(action: HTTPGetAction, path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  if (!action.path) faults.push(required(`${path}.path`));
  faults.push(...validatePort(action.port, `${path}.port`));
  if (action.scheme !== 'HTTP' && action.scheme !== 'HTTPS') {
    faults.push(notSupported(`${path}.scheme`, action.scheme, ['HTTP', 'HTTPS']));
  }
  for (const [index, header] of (action.httpHeaders ?? []).entries()) {
    faults.push(...invalidAll(at(`${path}.httpHeaders`, index), header.name, isHttpHeaderName(header.name)));
  }
  return faults;
}

/** A port by number or by name. */
export function validatePort(port: IntOrString, path: string): FieldFault[] {
  return typeof port === 'number'
    ? invalidAll(path, port, isPortNumber(port))
    : invalidAll(path, port, isPortName(port));
}
