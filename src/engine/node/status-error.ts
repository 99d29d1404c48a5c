import { StatusError } from '../kinds/index.ts';

/** A refusal as the API passes it on to the client. */
export function refusal(code: number, reason: string, message: string): StatusError {
  return new StatusError({ apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure', code, reason, message });
}
