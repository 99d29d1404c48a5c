import type { Container, Volume } from '../../engine/kinds/index.ts';
import type { Part } from '../model/index.ts';
import type { Manifest } from './contract.ts';
import { type Draft, partOf } from './draft.ts';
import { labelsOf, manifest, shortName } from './names.ts';

const PORT_IMAGE = 'busybox:1.37';
/** Busybox speaks TLS without looking at certificates, where it speaks it at all. */
const API_IMAGE = 'curlimages/curl:8.16.0';
/** Twice as long as a server's own start may take; then the pod says so and tries again by its back-off. */
const TRIES_MAX = 600;
/** A Job that is not there for so long ran before, and somebody tidied up: a pod that moves must not wait for ever. */
const MISSING_MAX = 60;
const USER_ID = 65_532;
const TOKEN_DIRECTORY = '/var/run/secrets/wherry';
const TOKEN_VOLUME = 'wherry-token';
const TOKEN_SECONDS = 3600;

/** What a pod waits for before it starts, as init containers. */
export interface Waits {
  readonly containers: Container[];
  readonly volumes: Volume[];
  /** Set when the API is asked. */
  readonly serviceAccount: string | undefined;
}

interface Asked {
  readonly resource: 'jobs' | 'deployments' | 'statefulsets';
  readonly name: string;
}

/** `started` needs no wait: whoever reads the objects starts all of them. */
export function waitsOf(draft: Draft, part: Part, jobName: (job: Part) => string): Waits {
  const containers: Container[] = [];
  let asksApi = false;
  // The seed's own script waits, in the words of its server; so its Job stays the same whoever keeps the order.
  for (const need of part.stage === 'seed' ? [] : part.needs) {
    const other = partOf(draft, need.part);
    if (!other || need.condition === 'started') continue;
    const name = shortName(`wait-${other.name}`);
    const port = other.ports.find(({ protocol }) => protocol === 'TCP');
    if (need.condition === 'ready' && port && other.kind !== 'job') {
      containers.push(container(name, portScript(other.name, port.port), false));
      continue;
    }
    const asked = askedOf(other, need.condition, jobName);
    if (!asked) continue;
    asksApi = true;
    containers.push(container(name, apiScript(draft.options.namespace, asked), true));
  }
  const sources = [
    { serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_SECONDS } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
  ];
  return {
    containers,
    volumes: asksApi ? [{ name: TOKEN_VOLUME, projected: { sources } }] : [],
    serviceAccount: asksApi ? accountName(draft) : undefined,
  };
}

/**
 * The account that waiting pods ask the API by; it may read the named Jobs and workloads and nothing else, and only the
 * init containers have its token.
 */
export function waitAccount(draft: Draft, jobName: (job: Part) => string): Manifest[] {
  const names = new Map<Asked['resource'], Set<string>>();
  for (const part of draft.application.parts) {
    for (const need of part.stage === 'seed' ? [] : part.needs) {
      const other = partOf(draft, need.part);
      if (!other || need.condition === 'started') continue;
      if (need.condition === 'ready' && other.kind !== 'job' && other.ports.some(({ protocol }) => protocol === 'TCP'))
        continue;
      const asked = askedOf(other, need.condition, jobName);
      if (asked) names.set(asked.resource, (names.get(asked.resource) ?? new Set()).add(asked.name));
    }
  }
  if (names.size === 0) return [];
  const { namespace } = draft.options;
  const name = accountName(draft);
  const metadata = { name, namespace, labels: labelsOf(draft.application, 'part') };
  return [
    manifest('v1', 'ServiceAccount', metadata, { automountServiceAccountToken: false }),
    manifest('rbac.authorization.k8s.io/v1', 'Role', metadata, {
      rules: [...names].map(([resource, resourceNames]) => ({
        apiGroups: [resource === 'jobs' ? 'batch' : 'apps'],
        resources: [resource],
        resourceNames: [...resourceNames],
        verbs: ['get'],
      })),
    }),
    manifest('rbac.authorization.k8s.io/v1', 'RoleBinding', metadata, {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    }),
  ];
}

function accountName({ application }: Draft): string {
  return `${application.name}-waits`;
}

function askedOf(other: Part, condition: 'ready' | 'completed', jobName: (job: Part) => string): Asked | undefined {
  if (other.kind === 'job') return { resource: 'jobs', name: jobName(other) };
  if (condition === 'completed') return undefined;
  if (other.kind === 'deployment') return { resource: 'deployments', name: other.name };
  return other.kind === 'statefulset' ? { resource: 'statefulsets', name: other.name } : undefined;
}

function container(name: string, script: string, asksApi: boolean): Container {
  return {
    name,
    image: asksApi ? API_IMAGE : PORT_IMAGE,
    command: ['sh', '-c', script],
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: USER_ID,
      runAsGroup: USER_ID,
    },
    ...(asksApi ? { volumeMounts: [{ name: TOKEN_VOLUME, mountPath: TOKEN_DIRECTORY, readOnly: true }] } : {}),
  };
}

/** A Service takes connections when a pod behind it is ready. Of busybox's two kinds of `nc` only one knows -z. */
function portScript(host: string, port: number): string {
  return loop(
    [],
    `{ nc -z -w 2 ${host} ${port} || nc -w 2 ${host} ${port} -e true; } 2>/dev/null`,
    `${host}:${port} to answer`,
  );
}

/** Asks the API for a Job's or a workload's state, by a token that may read nothing else. */
function apiScript(namespace: string, { resource, name }: Asked): string {
  const group = resource === 'jobs' ? 'batch' : 'apps';
  const path = `/apis/${group}/v1/namespaces/${namespace}/${resource}/${name}`;
  const before = [
    'host=$KUBERNETES_SERVICE_HOST',
    'case "$host" in *:*) host="[$host]" ;; esac',
    // The fields of each condition on a line of their own, whatever their order and however it is printed.
    `ask() { curl -sS -m 5 -w '{"code":%{http_code}}' --cacert ${TOKEN_DIRECTORY}/ca.crt -H "Authorization: Bearer $(cat ${TOKEN_DIRECTORY}/token)" "https://$host:$KUBERNETES_SERVICE_PORT${path}" | tr -d ' \\n' | tr '{}' '\\n\\n'; }`,
    `is() { echo "$answer" | grep "\\"type\\":\\"$1\\"" | grep -q '"status":"True"'; }`,
  ];
  if (resource !== 'jobs') {
    return loop(before, `answer=$(ask) && echo "$answer" | grep -q '"readyReplicas":[1-9]'`, `${name} to be ready`);
  }
  return loop(
    [
      ...before,
      'missing=0',
      `failed() { if is Failed; then echo "job ${name} failed"; exit 1; fi; false; }`,
      `gone() { echo "$answer" | grep -q '^"code":404$' && missing=$((missing + 1)) && [ "$missing" -ge ${MISSING_MAX} ] && echo "job ${name} is not there; taken to have run before and to be tidied away"; }`,
    ],
    'answer=$(ask) && { is Complete || failed || gone; }',
    `job ${name} to complete`,
  );
}

function loop(before: readonly string[], question: string, what: string): string {
  return [
    ...before,
    'tries=0',
    `until ${question}; do`,
    '  tries=$((tries+1))',
    `  if [ $((tries % 30)) -eq 1 ]; then echo "waiting for ${what}"; fi`,
    `  if [ "$tries" -ge ${TRIES_MAX} ]; then echo "gave up waiting for ${what}"; exit 1; fi`,
    '  sleep 1',
    'done',
  ].join('\n');
}
