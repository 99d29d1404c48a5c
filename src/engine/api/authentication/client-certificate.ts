import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { UserInfo } from '../../resources/index.ts';
import type { HttpRequest } from '../http.ts';

/** What a connection's certificate says: a user, nothing (none was sent), or that it may not be trusted. */
export type CertificateVerdict = UserInfo | 'none' | 'untrusted';

const verdicts = new WeakMap<object, CertificateVerdict>();

const listOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : value ? [String(value)] : []);

/**
 * The user of the connection's client certificate: common name and organisations, as upstream's x509 authenticator
 * reads them. Judged once a connection; TLS has checked the chain, the dates and the extended key usage.
 */
export function certificateUser(request: HttpRequest): CertificateVerdict {
  const connection = connectionOf(request);
  const known = verdicts.get(connection);
  if (known !== undefined) return known;
  const verdict = judge(request.socket as TLSSocket);
  verdicts.set(connection, verdict);
  return verdict;
}

/** HTTP/2 hands out another socket proxy with every stream; the session is what stays. */
function connectionOf(request: HttpRequest): object {
  const stream = (request as { stream?: { session?: object } }).stream;
  return stream?.session ?? request.socket;
}

function judge(socket: TLSSocket): CertificateVerdict {
  if (typeof socket.getPeerCertificate !== 'function') return 'none';
  const certificate: Partial<PeerCertificate> | null = socket.getPeerCertificate();
  if (!certificate?.subject) return 'none';
  if (!socket.authorized) return 'untrusted';
  const [name] = listOf(certificate.subject.CN);
  if (!name) return 'untrusted';
  const fingerprint = (certificate.fingerprint256 ?? '').replaceAll(':', '').toLowerCase();
  return {
    name,
    groups: listOf(certificate.subject.O),
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
  };
}
