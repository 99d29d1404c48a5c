import { randomInt } from 'node:crypto';
import type { BackingService, Facts } from '../project/index.ts';
import { isOwnSecret } from '../project/index.ts';
import type { ManifestOptions } from './contract.ts';
import { engineOf } from './engines.ts';
import type { Names } from './names.ts';

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

/** 24 letters and digits (140 bits), none of which needs quoting in a URL, a shell or SQL. */
export function randomPassword(): string {
  return Array.from({ length: 24 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** What the Secret of a backing service holds: what is in the cluster already stays, only what lacks is made. */
export function serviceSecret(
  service: BackingService,
  database: string,
  names: Names,
  options: ManifestOptions,
): Record<string, string> {
  const kept = options.secrets?.get(names.service(service.kind)) ?? {};
  const password = options.password ?? randomPassword;
  const username = kept.username ?? userName(names.app);
  const secret = kept.password ?? password();
  const name = kept.database ?? database;
  const engine = engineOf(service.kind);
  const host = names.service(service.kind);
  if (service.kind === 'redis') {
    return { password: secret, url: `${service.scheme}://:${secret}@${host}:${engine.port}/0` };
  }
  return {
    ...(service.kind === 'mysql' ? { 'root-password': kept['root-password'] ?? password() } : {}),
    database: name,
    username,
    password: secret,
    url: `${service.scheme}://${username}:${secret}@${host}:${engine.port}/${name}`,
  };
}

/** The app's own secrets: those that any random value serves. Others must be given by whoever has them. */
export function appSecret(facts: Facts, names: Names, options: ManifestOptions): Record<string, string> {
  const kept = options.secrets?.get(names.app) ?? {};
  const values: Record<string, string> = { ...kept };
  for (const { name, secret, service } of facts.variables) {
    if (secret === undefined || service || !isOwnSecret(name)) continue;
    values[name] ??= (options.password ?? randomPassword)();
  }
  return values;
}

/** MySQL allows 32 characters of letters, digits and `_` without quoting. */
function userName(app: string): string {
  return app.replaceAll('-', '_').slice(0, 32);
}
