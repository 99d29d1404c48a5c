import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, silentLog, systemClock } from '../../base/index.ts';
import { type Catalogue, createCatalogue } from '../kinds/index.ts';
import { createResources, type Resources, tombstone, type UserInfo } from '../resources/index.ts';
import { memoryStore } from '../store/index.ts';
import { type Api, createApi } from './api.ts';
import type { NodeLink } from './contract.ts';

export interface Credentials {
  readonly certificate: string;
  readonly key: string;
}

export interface TestApi {
  readonly api: Api;
  readonly port: number;
  readonly url: string;
  readonly ca: string;
  readonly resources: Resources;
  readonly catalogue: Catalogue;
  clientCertificate(name: string, groups: readonly string[]): Promise<Credentials>;
  serverCertificate(name: string): Promise<Credentials>;
  close(): Promise<void>;
}

export const NOBODYS_NODE: NodeLink = {
  logs: () => Promise.reject(new Error('no node here')),
  exec: () => Promise.reject(new Error('no node here')),
  attach: () => Promise.reject(new Error('no node here')),
  portForward: () => Promise.reject(new Error('no node here')),
  connect: (host, port) => {
    const socket = connect(port, host);
    return new Promise((resolve, reject) => {
      socket.once('connect', () => resolve(socket));
      socket.once('error', reject);
    });
  },
  nodeEndpoint: (node, path) =>
    Promise.resolve({ status: 200, contentType: 'text/plain', body: `${node} says ${path}` }),
};

async function authority() {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as never);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const dates = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=kubernetes-ca',
    ...dates,
    keys: keys as never,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(4 + 32 + 64, true),
    ],
  });
  let serial = 2;
  const issue = async (
    subject: string,
    usage: string,
    server: boolean,
    dnsName = 'localhost',
  ): Promise<Credentials> => {
    const own = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: String(serial++).padStart(2, '0'),
      subject,
      issuer: ca.subject,
      ...dates,
      publicKey: own.publicKey as never,
      signingKey: keys.privateKey as never,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.ExtendedKeyUsageExtension([usage]),
        ...(server
          ? [
              new x509.SubjectAlternativeNameExtension([
                { type: 'ip', value: '127.0.0.1' },
                { type: 'dns', value: dnsName },
              ]),
            ]
          : []),
      ],
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey)).toString('base64');
    const lines = pkcs8.match(/.{1,64}/g) ?? [];
    return {
      certificate: certificate.toString('pem'),
      key: `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`,
    };
  };
  return { ca: ca.toString('pem'), issue };
}

/** An API on a port of this machine's loopback, with its own authority and a token of each user named. */
export async function startTestApi(options: {
  nodeLink?: NodeLink;
  tokens?: ReadonlyMap<string, UserInfo>;
  log?: Log;
}): Promise<TestApi> {
  const { ca, issue } = await authority();
  const server = await issue('CN=kube-apiserver', '1.3.6.1.5.5.7.3.1', true);
  const proxy = await issue('CN=front-proxy', '1.3.6.1.5.5.7.3.2', false);
  const catalogue = createCatalogue();
  const resources = createResources({
    store: memoryStore({ tombstone, historyRevisions: 50 }),
    catalogue,
    clock: systemClock,
    log: options.log ?? silentLog,
    admissions: [],
    settings: { serviceRange: '10.96.0.0/16', nodePortRange: [30000, 32767] },
  });
  const signing = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const issuer = 'https://kubernetes.default.svc.cluster.local';
  const api = createApi({
    resources,
    catalogue,
    nodeLink: options.nodeLink ?? NOBODYS_NODE,
    clock: systemClock,
    log: options.log ?? silentLog,
    certificates: { certificate: server.certificate, key: server.key, clientCa: ca },
    serviceAccountKeys: {
      privateKey: signing.privateKey,
      publicKeys: [signing.publicKey],
      issuer,
      audiences: [issuer],
    },
    staticTokens: options.tokens ?? new Map([['admin-token', { name: 'admin', groups: ['system:masters'] }]]),
    version: { major: '1', minor: '36', gitVersion: 'v1.36.0+wherry', platform: 'linux/amd64' },
    frontProxy: { certificate: proxy.certificate, key: proxy.key },
    ready: () => ({ 'poststarthook/start': true }),
  });
  const listener: NetServer = createServer({ pauseOnConnect: false }, (socket) => api.accept(socket));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    api,
    port,
    url: `https://127.0.0.1:${port}`,
    ca,
    resources,
    catalogue,
    clientCertificate: (name, groups) =>
      issue(`CN=${name}${groups.map((group) => `,O=${group}`).join('')}`, '1.3.6.1.5.5.7.3.2', false),
    serverCertificate: (name) => issue(`CN=${name}`, '1.3.6.1.5.5.7.3.1', true, name),
    async close() {
      await api.close();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

export interface Kubectl {
  /** Runs to the end; `out` holds both outputs as they came. */
  run(words: readonly string[], input?: string | Buffer): Promise<{ code: number; out: string; stdout: Buffer }>;
  start(words: readonly string[]): ChildProcess;
  remove(): void;
}

/** The real kubectl as the administrator of a test API. */
export function kubectlOf(api: TestApi, environment: Record<string, string> = {}): Kubectl {
  const folder = mkdtempSync(join(tmpdir(), 'wherry-api-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const cluster = { server: api.url, 'certificate-authority-data': Buffer.from(api.ca).toString('base64') };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'a',
      clusters: [{ name: 'a', cluster }],
      users: [{ name: 'a', user: { token: 'admin-token' } }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    }),
  );
  const env = { ...process.env, ...environment, KUBECONFIG: kubeconfig, HOME: folder };
  return {
    run: (words, input = '') =>
      new Promise((resolve) => {
        const child = spawn('kubectl', words, { env });
        const all: Buffer[] = [];
        const stdout: Buffer[] = [];
        child.stdout.on('data', (chunk: Buffer) => {
          all.push(chunk);
          stdout.push(chunk);
        });
        child.stderr.on('data', (chunk: Buffer) => all.push(chunk));
        child.on('close', (code) =>
          resolve({ code: code ?? -1, out: Buffer.concat(all).toString(), stdout: Buffer.concat(stdout) }),
        );
        child.stdin.on('error', () => {});
        child.stdin.end(input);
      }),
    start: (words) => spawn('kubectl', words, { env }),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
