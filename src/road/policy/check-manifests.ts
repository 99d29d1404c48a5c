import type { Manifest } from '../manifests/index.ts';
import type { PolicyFinding, PolicyRule, Scope, Subject } from './contract.ts';
import { readManifests } from './read-manifests.ts';
import { POLICY_RULES } from './rules.ts';
import { scopeOf, subjectsOf } from './subjects.ts';

/**
 * Checks Kubernetes YAML: files, folders, kustomizations (built first). Findings are in the order of files and lines; what
 * several overlays share is told once.
 * @throws UserError when a path is not there.
 */
export async function checkManifests(paths: readonly string[]): Promise<readonly PolicyFinding[]> {
  const { scopes, findings } = await readManifests(paths);
  return inOrder([...findings, ...scopes.flatMap(findingsOf)]);
}

/** Checks objects that are in no file yet; `file` stands for the place, and every line is 1. */
export function checkObjects(objects: readonly Manifest[], file: string): readonly PolicyFinding[] {
  const subjects = objects.flatMap((value) => subjectsOf({ value, file, duplicates: [], lineOf: () => 1 }, true));
  return inOrder(findingsOf(scopeOf(subjects, false)));
}

function findingsOf(scope: Scope): PolicyFinding[] {
  return scope.subjects.flatMap((subject) =>
    POLICY_RULES.filter(({ kinds }) => kinds.length === 0 || kinds.includes(subject.kind)).flatMap((rule) =>
      findingsOfRule(rule, subject, scope),
    ),
  );
}

function findingsOfRule(rule: PolicyRule, subject: Subject, scope: Scope): PolicyFinding[] {
  return [...rule.find(subject, scope)].map((hit) => ({
    rule: rule.id,
    ...(rule.factor === undefined ? {} : { factor: rule.factor }),
    severity: hit.severity ?? rule.severity,
    file: subject.document.file,
    line: subject.document.lineOf([...subject.at, ...hit.path]),
    message: `${subject.kind.toLowerCase()}/${subject.name}: ${hit.message}`,
    fix: hit.fix ?? rule.fix,
  }));
}

const GRAVENESS: Readonly<Record<PolicyFinding['severity'], number>> = { note: 0, warning: 1, error: 2 };

/** What is light in one overlay may be grave in another. */
function inOrder(findings: readonly PolicyFinding[]): PolicyFinding[] {
  const once = new Map<string, PolicyFinding>();
  for (const finding of findings) {
    const key = [finding.rule, finding.file, finding.line, finding.message].join('\0');
    const known = once.get(key);
    if (!known || GRAVENESS[finding.severity] > GRAVENESS[known.severity]) once.set(key, finding);
  }
  return [...once.values()].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}
