import type { PolicyRule } from './contract.ts';
import { isMap } from './subjects.ts';

const WITH_PODS = [
  'Pod',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'CronJob',
];

/** Passwords where everyone may read them. */
export const SECRET_RULES: readonly PolicyRule[] = [
  {
    id: 'secret-in-config-map',
    factor: 'config',
    severity: 'error',
    kinds: ['ConfigMap'],
    what: 'a ConfigMap value that looks like a password or a key',
    why: 'ConfigMaps are read by many, shown by every tool and kept in backups as they are.',
    fix: 'Move it into a Secret, change the password, and read it with secretKeyRef.',
    *find({ object }) {
      if (!isMap(object.data)) return;
      for (const [key, value] of Object.entries(object.data)) {
        const why = typeof value === 'string' ? secretReason(key, value) : undefined;
        if (why) yield { path: ['data', key], message: `the value of ${key} ${why}` };
      }
    },
  },
  {
    id: 'secret-in-environment',
    factor: 'config',
    severity: 'error',
    kinds: WITH_PODS,
    what: 'an environment variable whose text looks like a password or a key',
    why: 'It stands in the file, in its history and in every description of the pod.',
    fix: 'Put it into a Secret, change it, and write valueFrom: {secretKeyRef: {name: …, key: …}}.',
    *find({ pod }) {
      for (const { container, path } of pod?.containers ?? [])
        for (const [index, { name, value }] of (container.env ?? []).entries()) {
          const why = value === undefined ? undefined : secretReason(name, value);
          if (why)
            yield {
              path: [...path, 'env', index],
              message: `container ${container.name}: the value of ${name} ${why}`,
            };
        }
    },
  },
  {
    id: 'secret-in-file',
    factor: 'config',
    severity: 'warning',
    kinds: ['Secret'],
    what: 'a Secret with its values in a file',
    why: 'Base64 hides nothing: whoever can read the repository has the password.',
    fix: 'Keep the values out of the repository: secretGenerator of kustomize over an ignored .env file, or kubectl create secret.',
    *find({ object, generated }) {
      if (generated) return;
      for (const field of ['data', 'stringData'] as const) {
        const values = object[field];
        const keys = isMap(values) ? Object.entries(values).filter(([, value]) => value !== '') : [];
        if (keys.length > 0)
          yield { path: [field], message: `the values of ${keys.map(([key]) => key).join(', ')} stand in the file` };
      }
    },
  },
];

const NAME =
  /(?:^|[_.-])(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_.-]?key|private[_.-]?key|access[_.-]?key|secret[_.-]?key|signing[_.-]?key|encryption[_.-]?key|credentials?)(?:$|[_.-]\d+$)/i;
/** Names of what is about a secret and is none: where it lies, how long it lasts. */
const ABOUT =
  /(?:file|path|dir|name|id|url|ttl|expir\w*|length|min|max|header|issuer|algorithm|type|enabled|public.?key)$/i;
const SHAPES: readonly (readonly [shape: RegExp, what: string])[] = [
  [/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/, 'is a private key'],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:(?!\$[({])[^\s:/@$<{]{2,}@[^\s/]/i, 'is an address with a password in it'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, 'is an AWS access key'],
  [/\bgh[pousr]_[A-Za-z0-9]{36}/, 'is a GitHub token'],
  [/\bxox[abprs]-[A-Za-z0-9-]{10,}/, 'is a Slack token'],
  [/\bsk_live_[A-Za-z0-9]{16,}/, 'is a Stripe key'],
  [/\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/, 'is a signed token'],
];

/** Why a value looks secret; undefined when it does not. Empty values and references to others are none. */
function secretReason(name: string, value: string): string | undefined {
  const text = value.trim();
  for (const [shape, what] of SHAPES) if (shape.test(text)) return what;
  if (!NAME.test(spaced(name)) || ABOUT.test(name)) return undefined;
  if (text === '' || /^(?:true|false|yes|no|none|null|\d{1,5}|\$\(.+\)|\$\{.+\}|<.+>|\{\{.+\}\})$/i.test(text))
    return undefined;
  if (text.startsWith('/') || text.startsWith('file:')) return undefined;
  return 'looks like a secret by its name';
}

/** `dbPassword` as `db_Password`. */
function spaced(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2');
}
