import type { Running } from '../client/index.ts';
import { type ClusterRole, kinds, matchesSelector, type PolicyRule } from '../kinds/index.ts';
import type { ControllerContext } from './contract.ts';
import { controllerLoop } from './controller.ts';
import { semanticEqual } from './equality.ts';
import { orderedJson } from './template-hash.ts';

/** Fills ClusterRoles that have an aggregationRule with the rules of the roles it selects. */
export function startClusterRoleAggregation(context: ControllerContext): Running {
  const { client, informers } = context;
  const roles = informers.of(kinds.clusterroles);

  const reconcile = async (name: string): Promise<undefined> => {
    const role = roles.get(undefined, name);
    const selectors = role?.aggregationRule?.clusterRoleSelectors;
    if (role === undefined || selectors === undefined) return;
    const rules = new Map<string, PolicyRule>();
    const others = [...roles.list()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    for (const selector of selectors) {
      for (const other of others) {
        if (other.metadata.name === name || !matchesSelector(selector, other.metadata.labels)) continue;
        for (const rule of other.rules ?? []) rules.set(orderedJson(rule), rule);
      }
    }
    const wanted = [...rules.values()];
    if (semanticEqual(role.rules, wanted)) return;
    await client.update<ClusterRole>(kinds.clusterroles, { ...role, rules: wanted });
  };

  const loop = controllerLoop(context, 'clusterrole-aggregation', [roles], reconcile, 1);
  roles.onChange((now, before) => {
    if (now !== undefined && before !== undefined && semanticEqual(now.rules, before.rules)) {
      if (semanticEqual(now.metadata.labels, before.metadata.labels)) {
        if (now.aggregationRule !== undefined) loop.add(now.metadata.name);
        return;
      }
    }
    for (const role of roles.list()) if (role.aggregationRule !== undefined) loop.add(role.metadata.name);
  });
  return loop;
}
