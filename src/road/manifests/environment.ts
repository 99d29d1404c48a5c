import type { EnvVar } from '../../engine/kinds/index.ts';
import type { AddressPart, Facts, Variable } from '../project/index.ts';
import { isOwnSecret } from '../project/index.ts';
import { engineOf } from './engines.ts';
import type { Names } from './names.ts';

/** The app's environment, sorted into what may be read by anyone and what may not. */
export interface Environment {
  /** For the ConfigMap. */
  readonly plain: Readonly<Record<string, string>>;
  /** For the container: values that stand in a Secret. */
  readonly references: EnvVar[];
  /** What somebody must still give, one line each. */
  readonly notes: readonly string[];
}

const KEY_OF_PART: Readonly<Partial<Record<AddressPart, string>>> = {
  user: 'username',
  password: 'password',
  name: 'database',
  url: 'url',
};

export function environmentOf(facts: Facts, names: Names): Environment {
  const plain: Record<string, string> = {};
  const references: EnvVar[] = [];
  const notes: string[] = [];
  const fromSecret = (variable: Variable, secret: string, key: string, optional = false): void => {
    const secretKeyRef = { name: secret, key, ...(optional ? { optional } : {}) };
    references.push({ name: variable.name, valueFrom: { secretKeyRef } });
  };
  for (const variable of facts.variables) {
    const { name, fallback, service, secret } = variable;
    const at = variable.sources[0] ?? 'default';
    if (name === facts.portVariable?.value) plain[name] = String(facts.port.value);
    else if (service?.part === 'host') plain[name] = names.service(service.kind);
    else if (service?.part === 'port') plain[name] = String(engineOf(service.kind).port);
    else if (service) fromSecret(variable, names.service(service.kind), KEY_OF_PART[service.part] ?? service.part);
    else if (secret !== undefined) {
      const own = isOwnSecret(name);
      fromSecret(variable, names.app, name, !own);
      if (!own && fallback === undefined) {
        notes.push(
          `${at}: ${name} is a secret only you have; give it: kubectl -n ${names.namespace} create secret generic ${names.app} --from-literal=${name}=…`,
        );
      }
    } else if (isListenAddress(name, fallback)) plain[name] = '0.0.0.0';
    else if (fallback !== undefined && fallback !== '') plain[name] = fallback;
    else if (fallback === undefined) notes.push(`${at}: ${name} is read without a default and nothing says its value`);
  }
  return { plain, references, notes };
}

/** A server that listens on loopback only cannot be reached from outside its container. */
function isListenAddress(name: string, fallback: string | undefined): boolean {
  return (
    /^(?:HOST|BIND|BIND_(?:HOST|ADDRESS)|LISTEN_(?:HOST|ADDRESS)|SERVER_HOST|APP_HOST)$/.test(name) &&
    /^(?:127\.0\.0\.1|localhost|::1)$/.test(fallback ?? '')
  );
}
