import { RULES } from '../road/audit/index.ts';
import { POLICY_RULES } from '../road/policy/index.ts';
import { printTable } from './table.ts';

/** What `wherry check` looks for: in apps, then in Kubernetes objects. */
export function printRules(asJson: boolean): void {
  const rules = [
    ...RULES.map(({ id, factor, severity, title, why }) => ({
      rule: id,
      factor: factor as string,
      severity,
      title,
      why,
    })),
    ...POLICY_RULES.map(({ id, factor, severity, what, why }) => ({
      rule: id,
      factor: factor ?? 'manifests',
      severity,
      title: what,
      why,
    })),
  ];
  if (asJson) console.log(JSON.stringify({ rules }, null, 2));
  else
    printTable(
      ['RULE', 'SEVERITY', 'FACTOR', 'LOOKS FOR'],
      rules.map(({ rule, severity, factor, title }) => [rule, severity, factor, title]),
    );
}
