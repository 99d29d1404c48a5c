import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contextOf, DEFAULTS } from './settings.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** id-ce-subjectAltName, RFC 5280 section 4.2.1.6. */
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const TEN_YEARS_MS = 10 * 365 * 24 * 3600 * 1000;
/** Certificates begin in the past: clocks of clients may be behind. */
const BACKDATE_MS = 3600 * 1000;

export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** The cluster's keys, all PEM. */
export interface Pki {
  readonly ca: KeyPair;
  readonly server: KeyPair;
  readonly admin: KeyPair;
  readonly serviceAccount: { readonly privateKey: string; readonly publicKey: string };
}

const FILES = ['ca.crt', 'ca.key', 'server.crt', 'server.key', 'admin.crt', 'admin.key', 'sa.key', 'sa.pub'] as const;

/** What the API's certificate is for, on every cluster. */
export const SERVER_ADDRESSES = ['127.0.0.1', '::1', DEFAULTS.apiServiceAddress, DEFAULTS.nodeAddress];

export function serverNames(name: string): string[] {
  const service = `kubernetes.default.svc.${DEFAULTS.clusterDomain}`;
  return ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', service, 'localhost', contextOf(name)];
}

/** Reads the keys, or makes them all at once the first time: a directory with some of them is never seen. */
export async function ensurePki(
  directory: string,
  names: readonly string[],
  addresses: readonly string[],
): Promise<Pki> {
  if (!existsSync(directory)) {
    const made = await makePki(names, addresses);
    const fresh = `${directory}.new`;
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { recursive: true, mode: 0o700 });
    const contents = [
      made.ca.certificate,
      made.ca.key,
      made.server.certificate,
      made.server.key,
      made.admin.certificate,
      made.admin.key,
      made.serviceAccount.privateKey,
      made.serviceAccount.publicKey,
    ];
    await Promise.all(FILES.map((file, index) => writeFile(join(fresh, file), contents[index] ?? '', { mode: 0o600 })));
    await rename(fresh, directory);
    return made;
  }
  const [
    caCertificate = '',
    caKey = '',
    serverCertificate = '',
    serverKey = '',
    adminCertificate = '',
    adminKey = '',
    privateKey = '',
    publicKey = '',
  ] = await Promise.all(FILES.map((file) => readFile(join(directory, file), 'utf8')));
  return {
    ca: { certificate: caCertificate, key: caKey },
    server: { certificate: serverCertificate, key: serverKey },
    admin: { certificate: adminCertificate, key: adminKey },
    serviceAccount: { privateKey, publicKey },
  };
}

async function makePki(names: readonly string[], addresses: readonly string[]): Promise<Pki> {
  const x509 = await loadX509();
  const [caKeys, serverKeys, adminKeys] = await Promise.all([newKeys(), newKeys(), newKeys()]);
  const notBefore = new Date(Date.now() - BACKDATE_MS);
  const notAfter = new Date(Date.now() + TEN_YEARS_MS);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=wherry-ca',
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    notBefore,
    notAfter,
    serialNumber: serialNumber(),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const issue = (
    subject: string,
    publicKey: webcrypto.CryptoKey,
    usage: string,
    more: InstanceType<typeof x509.Extension>[],
  ) =>
    x509.X509CertificateGenerator.create({
      subject,
      issuer: ca.subject,
      publicKey,
      signingKey: caKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      notBefore,
      notAfter,
      serialNumber: serialNumber(),
      extensions: [
        new x509.BasicConstraintsExtension(false),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        ...more,
      ],
    });
  const alternatives = new x509.SubjectAlternativeNameExtension([
    ...names.map((value) => ({ type: 'dns' as const, value })),
    ...addresses.map((value) => ({ type: 'ip' as const, value })),
  ]);
  const server = await issue('CN=kube-apiserver', serverKeys.publicKey, x509.ExtendedKeyUsage.serverAuth, [
    alternatives,
  ]);
  const admin = await issue(
    'O=system:masters,CN=kubernetes-admin',
    adminKeys.publicKey,
    x509.ExtendedKeyUsage.clientAuth,
    [],
  );
  const serviceAccount = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return {
    ca: { certificate: ca.toString('pem'), key: await privatePem(caKeys) },
    server: { certificate: server.toString('pem'), key: await privatePem(serverKeys) },
    admin: { certificate: admin.toString('pem'), key: await privatePem(adminKeys) },
    serviceAccount,
  };
}

/**
 * Signs the request of a CertificateSigningRequest with the cluster's authority; answers PEM.
 * @throws Error when the request is not a valid PKCS #10 request.
 */
export async function signRequest(
  ca: KeyPair,
  requestPem: string,
  usages: readonly string[],
  lifetimeMs: number,
): Promise<string> {
  const x509 = await loadX509();
  const request = new x509.Pkcs10CertificateRequest(requestPem);
  if (!(await request.verify())) throw new Error('the request is not signed by its own key');
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pemBytes(ca.key), ALGORITHM, false, ['sign']);
  const extended = [
    ...(usages.includes('client auth') ? [x509.ExtendedKeyUsage.clientAuth] : []),
    ...(usages.includes('server auth') ? [x509.ExtendedKeyUsage.serverAuth] : []),
  ];
  const alternatives = request.extensions.find((extension) => extension.type === SUBJECT_ALTERNATIVE_NAME);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: request.subject,
    issuer: new x509.X509Certificate(ca.certificate).subject,
    publicKey: request.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(Date.now() - BACKDATE_MS),
    notAfter: new Date(Date.now() + lifetimeMs),
    serialNumber: serialNumber(),
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      ...(extended.length > 0 ? [new x509.ExtendedKeyUsageExtension(extended)] : []),
      ...(alternatives ? [alternatives] : []),
    ],
  });
  return certificate.toString('pem');
}

async function loadX509() {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
  return x509;
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return `-----BEGIN PRIVATE KEY-----\n${(bytes.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`;
}

function pemBytes(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
}

/** Positive and unlike any other: 16 random bytes with the top bit clear. */
function serialNumber(): string {
  const bytes = Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString('hex');
}
