import type { MatchResources } from '../generated/types.ts';

export const kindText = (kind: { apiVersion?: string; kind?: string } | undefined) =>
  kind ? `${kind.apiVersion}/${kind.kind}` : '<unset>';

export function setMatchDefaults(match: MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*';
}
