import { createSecureContext, type SecureContext } from 'node:tls';
import { type Clock, type Log, messageOf } from '../../base/index.ts';
import type { IngressState } from './contract.ts';

/** PEM, named as node:tls names them. */
interface CertificateAndKey {
  readonly cert: string;
  readonly key: string;
}

const VALID_MS = 365 * 24 * 3600 * 1000;

/** Certificates by host name; one made on the spot for names that have none, as ingress controllers do. */
export class IngressCertificates {
  readonly #clock: Clock;
  readonly #log: Log;
  #wanted: IngressState['certificates'] = new Map();
  readonly #contexts = new Map<string, { text: string; context: SecureContext }>();
  #fallback: Promise<CertificateAndKey> | undefined;
  #fallbackContext: Promise<SecureContext> | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  setState(certificates: IngressState['certificates']): void {
    this.#wanted = certificates;
    for (const host of this.#contexts.keys()) if (!certificates.has(host)) this.#contexts.delete(host);
  }

  /** For the name that the client asks for (SNI): the exact host, then a wildcard, then the fallback. */
  async contextFor(serverName: string): Promise<SecureContext> {
    const name = serverName.toLowerCase();
    for (const host of [name, `*.${name.slice(name.indexOf('.') + 1)}`, '', '*']) {
      const context = this.#contextOf(host);
      if (context) return context;
    }
    this.#fallbackContext ??= this.fallback().then(createSecureContext);
    return this.#fallbackContext;
  }

  /** For clients that name no host. */
  fallback(): Promise<CertificateAndKey> {
    this.#fallback ??= selfSigned(this.#clock.now());
    return this.#fallback;
  }

  #contextOf(host: string): SecureContext | undefined {
    const wanted = this.#wanted.get(host);
    if (!wanted) return undefined;
    const text = `${wanted.certificate}\n${wanted.key}`;
    const known = this.#contexts.get(host);
    if (known?.text === text) return known.context;
    try {
      const context = createSecureContext({ cert: wanted.certificate, key: wanted.key });
      this.#contexts.set(host, { text, context });
      return context;
    } catch (error) {
      this.#log.warn('ingress certificate not usable', { host, why: messageOf(error) });
      return undefined;
    }
  }
}

/**
 * A certificate that nobody signed, PEM; for an RSA key. OpenSSL keeps one certificate a kind of key, and one chosen by
 * name takes the place of its own kind only: beside an elliptic-curve one, which is preferred, a host's RSA certificate
 * would never be shown.
 */
async function selfSigned(now: number): Promise<CertificateAndKey> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'O=wherry, CN=wherry ingress default certificate',
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + VALID_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'ingress.local' }])],
  });
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${key.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`,
  };
}
