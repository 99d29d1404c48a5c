import type { Log } from '../../../base/index.ts';
import type {
  Catalogue,
  ClusterRole,
  ClusterRoleBinding,
  KubeObject,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
} from '../../kinds/index.ts';
import { kinds } from '../../kinds/index.ts';
import type { Resources, UserInfo } from '../../resources/index.ts';
import { follow } from '../follow.ts';

/** A rule that somebody has, and by what. */
export interface Grant {
  readonly rule: PolicyRule;
  /** Upstream's reason: `RBAC: allowed by ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`. */
  readonly reason: string;
}

export interface GrantedRules {
  readonly grants: readonly Grant[];
  readonly faults: readonly string[];
}

/**
 * The RBAC objects as they are now, followed by watches, and the rules that a user has by them.
 *
 * Invariant: `kept` holds only answers made since the last change of any RBAC object.
 */
export interface Policy {
  /** The rules of a user in a namespace, cluster-wide ones first; of no namespace only those. */
  rulesFor(user: UserInfo, namespace: string): GrantedRules;
  /** The rules of a role; undefined when there is none. */
  rulesOf(reference: Pick<RoleRef, 'kind' | 'name'>, namespace: string): readonly PolicyRule[] | undefined;
  stop(): void;
}

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}
interface BindingIndex {
  readonly bySubject: Map<string, { reference: RoleRef; label: string; subject: string }[]>;
}

const KEPT_MAX = 2048;

export function createPolicy(options: { resources: Resources; catalogue: Catalogue; log: Log }): Policy {
  const { resources, catalogue, log } = options;
  const clusterRoles = new Map<string, readonly PolicyRule[]>();
  const roles = new Map<string, readonly PolicyRule[]>();
  const clusterBindings = new Map<string, ClusterRoleBinding>();
  const bindings = new Map<string, RoleBinding>();
  const kept = new Map<string, GrantedRules>();
  const stops: (() => void)[] = [];
  let index: { cluster: BindingIndex; byNamespace: Map<string, BindingIndex> } | undefined;

  const keyOf = (object: KubeObject) =>
    object.metadata.namespace ? `${object.metadata.namespace}/${object.metadata.name}` : object.metadata.name;

  function changed(): void {
    kept.clear();
    index = undefined;
  }

  function keep<T extends KubeObject, V>(
    kind: { group: string; version: string; resource: string },
    into: Map<string, V>,
    take: (object: T) => V,
  ): void {
    stops.push(
      follow<T>({
        resources,
        catalogue,
        log,
        kind,
        reset(objects) {
          into.clear();
          for (const object of objects) into.set(keyOf(object), take(object));
          changed();
        },
        change(object, gone) {
          if (gone) into.delete(keyOf(object));
          else into.set(keyOf(object), take(object));
          changed();
        },
      }),
    );
  }
  keep<ClusterRole, readonly PolicyRule[]>(kinds.clusterroles, clusterRoles, (role) => role.rules ?? []);
  keep<Role, readonly PolicyRule[]>(kinds.roles, roles, (role) => role.rules ?? []);
  keep<ClusterRoleBinding, ClusterRoleBinding>(kinds.clusterrolebindings, clusterBindings, (binding) => binding);
  keep<RoleBinding, RoleBinding>(kinds.rolebindings, bindings, (binding) => binding);

  function indexed(): { cluster: BindingIndex; byNamespace: Map<string, BindingIndex> } {
    if (index) return index;
    const made = { cluster: newIndex(), byNamespace: new Map<string, BindingIndex>() };
    for (const binding of clusterBindings.values()) {
      addBinding(made.cluster, `ClusterRoleBinding ${JSON.stringify(binding.metadata.name)}`, binding, '');
    }
    for (const [key, binding] of bindings) {
      const namespace = binding.metadata.namespace ?? '';
      let own = made.byNamespace.get(namespace);
      if (!own) {
        own = newIndex();
        made.byNamespace.set(namespace, own);
      }
      addBinding(own, `RoleBinding ${JSON.stringify(key)}`, binding, namespace);
    }
    index = made;
    return made;
  }

  const rulesOf: Policy['rulesOf'] = (reference, namespace) =>
    reference.kind === 'ClusterRole' ? clusterRoles.get(reference.name) : roles.get(`${namespace}/${reference.name}`);

  return {
    rulesOf,
    rulesFor(user, namespace) {
      const key = `${namespace}\n${user.name}\n${user.groups.join('\n')}`;
      const known = kept.get(key);
      if (known) return known;
      const { cluster, byNamespace } = indexed();
      const grants: Grant[] = [];
      const faults: string[] = [];
      const collect = (from: BindingIndex | undefined) => {
        if (!from) return;
        const subjects = [`User ${user.name}`, ...user.groups.map((group) => `Group ${group}`)];
        for (const subject of subjects) {
          for (const { reference, label, subject: text } of from.bySubject.get(subject) ?? []) {
            const rules = rulesOf(reference, namespace);
            if (!rules) faults.push(notThere(reference));
            const reason = `RBAC: allowed by ${label} of ${reference.kind} ${JSON.stringify(reference.name)} to ${text}`;
            for (const rule of rules ?? []) grants.push({ rule, reason });
          }
        }
      };
      collect(cluster);
      if (namespace) collect(byNamespace.get(namespace));
      const answer = { grants, faults };
      if (kept.size >= KEPT_MAX) kept.clear();
      kept.set(key, answer);
      return answer;
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}

const newIndex = (): BindingIndex => ({ bySubject: new Map() });

const notThere = (reference: RoleRef) =>
  `${reference.kind === 'ClusterRole' ? 'clusterrole' : 'role'}.rbac.authorization.k8s.io ${JSON.stringify(reference.name)} not found`;

function addBinding(
  index: BindingIndex,
  label: string,
  binding: { subjects?: Subject[]; roleRef: RoleRef },
  namespace: string,
): void {
  for (const subject of binding.subjects ?? []) {
    const owner = subject.namespace || namespace;
    const account = subject.kind === 'ServiceAccount';
    const key = account ? `User system:serviceaccount:${owner}:${subject.name}` : `${subject.kind} ${subject.name}`;
    const text = account
      ? `ServiceAccount ${JSON.stringify(`${subject.name}/${owner}`)}`
      : `${subject.kind} ${JSON.stringify(subject.name)}`;
    const list = index.bySubject.get(key);
    const entry = { reference: binding.roleRef, label, subject: text };
    if (list) list.push(entry);
    else index.bySubject.set(key, [entry]);
  }
}
