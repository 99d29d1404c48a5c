import { resolve } from 'node:path';
import { messageOf, run, systemClock, UserError } from '../../base/index.ts';
import type { HttpClientOptions } from './http-transport.ts';

/** `users[].user.exec` of a kubeconfig (client.authentication.k8s.io). */
export interface ExecSettings {
  apiVersion?: string;
  command?: string;
  args?: string[] | null;
  env?: { name: string; value: string }[] | null;
  provideClusterInfo?: boolean;
  installHint?: string;
}

interface ExecCredential {
  status?: {
    token?: string;
    clientCertificateData?: string;
    clientKeyData?: string;
    expirationTimestamp?: string;
  };
}

const EXPIRY_MARGIN_MS = 10_000;

/**
 * Runs a credential plug-in. A token is asked for again when it expires; client certificates are taken once.
 * @throws UserError when the program is not there, fails or answers no ExecCredential.
 */
export async function execCredential(
  settings: ExecSettings,
  directory: string,
  cluster: HttpClientOptions,
): Promise<Partial<HttpClientOptions>> {
  let credential = await ask(settings, directory, cluster);
  const { status } = credential;
  if (status?.clientCertificateData !== undefined && status.clientKeyData !== undefined) {
    return { certificate: status.clientCertificateData, key: status.clientKeyData };
  }
  return {
    token: async () => {
      const expires = Date.parse(credential.status?.expirationTimestamp ?? '');
      if (expires - EXPIRY_MARGIN_MS < systemClock.now()) credential = await ask(settings, directory, cluster);
      return credential.status?.token;
    },
  };
}

async function ask(settings: ExecSettings, directory: string, cluster: HttpClientOptions): Promise<ExecCredential> {
  const command = settings.command ?? '';
  const apiVersion = settings.apiVersion ?? 'client.authentication.k8s.io/v1';
  const about = {
    apiVersion,
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      ...(settings.provideClusterInfo
        ? {
            cluster: {
              server: cluster.server,
              ...(cluster.ca === undefined
                ? {}
                : { 'certificate-authority-data': Buffer.from(cluster.ca).toString('base64') }),
              ...(cluster.insecure ? { 'insecure-skip-tls-verify': true } : {}),
            },
          }
        : {}),
    },
  };
  const extra = Object.fromEntries((settings.env ?? []).map(({ name, value }) => [name, value]));
  const program = command.includes('/') ? resolve(directory, command) : command;
  try {
    const { stdout } = await run(program, settings.args ?? [], {
      env: { ...process.env, ...extra, KUBERNETES_EXEC_INFO: JSON.stringify(about) },
    });
    const credential = JSON.parse(stdout) as ExecCredential & { kind?: string };
    if (credential.kind !== 'ExecCredential') throw new Error(`answered kind ${JSON.stringify(credential.kind)}`);
    return credential;
  } catch (error) {
    throw new UserError(`credential plug-in ${command}`, messageOf(error), settings.installHint, { cause: error });
  }
}
