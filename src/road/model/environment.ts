import type { Fact, Facts, ServiceKind, Variable } from '../project/index.ts';
import { isOwnSecret } from '../project/index.ts';
import type { EnvironmentVariable, SecretValue } from './contract.ts';
import { whyHidden } from './hidden.ts';
import { serverOf } from './servers.ts';

/** Where a backing service is reached, inside or outside the cluster. */
export interface Reached {
  /** Names its Service and its Secret. */
  readonly host: string;
  readonly port: number;
}

/** The app's environment, sorted into what may be read by anyone and what may not. */
export interface Environment {
  readonly variables: readonly EnvironmentVariable[];
  /** Of the app's own Secret. */
  readonly secrets: Readonly<Record<string, SecretValue>>;
  readonly notes: readonly string[];
}

/**
 * What each variable that the code reads is given: what wherry.yaml says, else the address of the service it leads to,
 * else a secret, else the code's own fallback. What has neither is told.
 */
export function environmentOf(facts: Facts, app: string, reached: ReadonlyMap<ServiceKind, Reached>): Environment {
  const variables: EnvironmentVariable[] = [];
  const secrets: Record<string, SecretValue> = {};
  const notes: string[] = [];
  const plain = (name: string, text: string, source: string): void => {
    variables.push({ name, value: { is: 'plain', text }, source });
  };
  const hidden = (name: string, set: string, key: string, source: string, more: object = {}): void => {
    variables.push({ name, value: { is: 'secret', set, key, ...more }, source });
  };
  const said = (name: string, { value, source }: Fact<string>, secret: string | undefined): void => {
    const why = whyHidden(name, value) ?? (value === '' ? undefined : secret);
    if (why === undefined) {
      plain(name, value, source);
      return;
    }
    secrets[name] = { is: 'text', text: value };
    hidden(name, app, name, source);
    notes.push(`${source}: ${name} is kept in a Secret, since ${why}; everyone who can read the file can read it too`);
  };

  const chosen = facts.settings.environment ?? {};
  for (const variable of facts.variables) {
    const { name, fallback, service } = variable;
    const source = variable.sources[0] ?? 'default';
    const own = Object.hasOwn(chosen, name) ? chosen[name] : undefined;
    const at = service && reached.get(service.kind);
    if (own) said(name, own, variable.secret);
    else if (name === facts.portVariable?.value) plain(name, String(facts.port.value), source);
    else if (service && at) addressed(name, service, at, source);
    else if (variable.random || variable.secret !== undefined || whyHidden(name, fallback) !== undefined) {
      secretOf(variable, source);
    } else if (isListenAddress(name, fallback)) plain(name, '0.0.0.0', source);
    else if (fallback !== undefined && fallback !== '') plain(name, fallback, source);
    else if (fallback === undefined && !variable.optional) {
      notes.push(
        `${source}: ${name} is read without a default and nothing says its value; say it in wherry.yaml (environment)`,
      );
    }
  }
  const known = new Set(facts.variables.map(({ name }) => name));
  for (const [name, fact] of Object.entries(chosen)) if (!known.has(name)) said(name, fact, undefined);
  return { variables, secrets, notes };

  function addressed(name: string, service: NonNullable<Variable['service']>, at: Reached, source: string): void {
    if (service.part === 'host') plain(name, at.host, source);
    else if (service.part === 'port') plain(name, String(at.port), source);
    else {
      const given = serverOf(service.kind).address[service.part];
      if ('key' in given) hidden(name, at.host, given.key, source);
      else if (given.text(at.host, at.port) !== '') plain(name, given.text(at.host, at.port), source);
    }
  }

  function secretOf({ name, fallback, random, optional }: Variable, source: string): void {
    if (random || isOwnSecret(name)) {
      secrets[name] = { is: 'random' };
      hidden(name, app, name, source);
    } else
      hidden(name, app, name, source, {
        optional: true,
        ...(fallback === undefined && !optional ? { asked: true } : {}),
      });
  }
}

/** A server that listens on loopback only cannot be reached from outside its container. */
function isListenAddress(name: string, fallback: string | undefined): boolean {
  return (
    /^(?:HOST|BIND|BIND_(?:HOST|ADDRESS)|LISTEN_(?:HOST|ADDRESS)|SERVER_HOST|APP_HOST)$/.test(name) &&
    /^(?:127\.0\.0\.1|localhost|::1)$/.test(fallback ?? '')
  );
}
