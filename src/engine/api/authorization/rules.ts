import type { PolicyRule } from '../../kinds/index.ts';
import type { Attributes } from './attributes.ts';

const has = (list: readonly string[] | undefined, word: string) => list?.includes('*') || list?.includes(word) || false;

/** `resource[/subresource]` against what a rule names: itself, everything, or one subresource of everything. */
function resourceMatches(rule: PolicyRule, resource: string, subresource: string): boolean {
  const full = subresource ? `${resource}/${subresource}` : resource;
  for (const wanted of rule.resources ?? []) {
    if (wanted === '*' || wanted === full) return true;
    if (subresource && wanted.length === subresource.length + 2 && wanted.startsWith('*/')) {
      if (wanted.slice(2) === subresource) return true;
    }
  }
  return false;
}

function pathMatches(rule: PolicyRule, path: string): boolean {
  for (const wanted of rule.nonResourceURLs ?? []) {
    if (wanted === '*' || wanted === path) return true;
    if (wanted.endsWith('*') && path.startsWith(wanted.replace(/\*+$/, ''))) return true;
  }
  return false;
}

/** Whether the rule allows it: upstream's RuleAllows (plugin/pkg/auth/authorizer/rbac). */
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false;
  if (!attributes.isResource) return pathMatches(rule, attributes.path);
  if (!has(rule.apiGroups, attributes.group)) return false;
  if (!resourceMatches(rule, attributes.resource, attributes.subresource)) return false;
  return !rule.resourceNames?.length || rule.resourceNames.includes(attributes.name);
}

/** A rule taken apart into rules of one verb, one group, one resource, one name: what escalation is checked on. */
export function breakdown(rule: PolicyRule): PolicyRule[] {
  const simple: PolicyRule[] = [];
  for (const verb of rule.verbs ?? []) {
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        const base = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (!rule.resourceNames?.length) simple.push(base);
        for (const name of rule.resourceNames ?? []) simple.push({ ...base, resourceNames: [name] });
      }
    }
    for (const url of rule.nonResourceURLs ?? []) simple.push({ verbs: [verb], nonResourceURLs: [url] });
  }
  return simple;
}

const hasAll = (set: readonly string[] | undefined, subset: readonly string[] | undefined) =>
  (subset ?? []).every((word) => set?.includes(word));

/** Whether a rule of many covers a simple one (component-helpers/auth/rbac/validation/policy_comparator.go). */
function ruleCovers(owner: PolicyRule, sub: PolicyRule): boolean {
  if (!has(owner.verbs, sub.verbs[0] ?? '') && !(owner.verbs ?? []).includes('*')) return false;
  const ownerUrls = owner.nonResourceURLs ?? [];
  const subUrls = sub.nonResourceURLs ?? [];
  if (subUrls.length > 0) {
    return subUrls.every((url) =>
      ownerUrls.some(
        (wanted) =>
          wanted === '*' || wanted === url || (wanted.endsWith('*') && url.startsWith(wanted.replace(/\*+$/, ''))),
      ),
    );
  }
  const groups = owner.apiGroups?.includes('*') || hasAll(owner.apiGroups, sub.apiGroups);
  const resources = (sub.resources ?? []).every((resource) => {
    if (owner.resources?.includes('*') || owner.resources?.includes(resource)) return true;
    const slash = resource.indexOf('/');
    return slash >= 0 && owner.resources?.includes(`*${resource.slice(slash)}`);
  });
  const names =
    !owner.resourceNames?.length ||
    (Boolean(sub.resourceNames?.length) && hasAll(owner.resourceNames, sub.resourceNames));
  return Boolean(groups && resources && names);
}

/** The simple rules of `wanted` that none of `owned` covers; empty when nothing is missing. */
export function missingRules(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakdown).filter((simple) => !owned.some((rule) => ruleCovers(rule, simple)));
}

/** Simple rules of the same resource gathered again, so that the message of a refusal stays short (CompactRules). */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const gathered = new Map<string, PolicyRule>();
  const result: PolicyRule[] = [];
  for (const rule of rules) {
    const simple = rule.apiGroups?.length === 1 && rule.resources?.length === 1 && !rule.nonResourceURLs?.length;
    if (!simple) {
      result.push(rule);
      continue;
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames ?? []]);
    const known = gathered.get(key);
    if (known) known.verbs.push(...rule.verbs.filter((verb) => !known.verbs.includes(verb)));
    else {
      const copy = { ...rule, verbs: [...rule.verbs] };
      gathered.set(key, copy);
      result.push(copy);
    }
  }
  return result;
}

/** A rule as Go prints it in upstream's messages: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
export function compactString(rule: PolicyRule): string {
  const parts: string[] = [];
  const list = (name: string, values: readonly string[] | undefined) => {
    if (values?.length) parts.push(`${name}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`);
  };
  if (rule.resources?.length || rule.apiGroups?.length) list('APIGroups', rule.apiGroups);
  list('Resources', rule.resources);
  list('NonResourceURLs', rule.nonResourceURLs);
  list('ResourceNames', rule.resourceNames);
  list('Verbs', rule.verbs);
  return `{${parts.join(', ')}}`;
}
