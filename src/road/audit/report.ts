import { UserError } from '../../base/index.ts';
import type { AcceptedFinding } from '../project/index.ts';
import type { AcceptedReport, AuditReport, Finding, Moment, Severity, Summary } from './contract.ts';
import { FACTORS } from './factors.ts';

const GRAVITY: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };
const PLACES_TOLD_MAX = 4;

/**
 * Puts findings in order, takes out what the owner accepted, and sums up.
 * @throws UserError for an acceptance without a reason.
 */
export function reportOf(found: readonly Finding[], accept: readonly AcceptedFinding[]): AuditReport {
  for (const { rule, reason, source } of accept) {
    if (reason.trim() === '')
      throw new UserError(
        source,
        `accepts ${rule} without a reason`,
        'Say why: reason: the owner lives with it because …',
      );
  }
  const findings: Finding[] = [];
  const accepted: AcceptedReport[] = [];
  const used = new Set<AcceptedFinding>();
  for (const finding of inOrder(found)) {
    const by = accept.filter(
      ({ rule, path }) => rule === finding.rule && (path === undefined || samePath(path, finding.file)),
    );
    for (const one of by) used.add(one);
    const [first] = by;
    if (first) accepted.push({ finding, reason: first.reason, source: first.source });
    else findings.push(finding);
  }
  return { findings, accepted, unused: accept.filter((one) => !used.has(one)), summary: summaryOf(findings, accepted) };
}

/** By factor, gravest first, then by place. */
function inOrder(findings: readonly Finding[]): Finding[] {
  const factorOf = new Map(FACTORS.map(({ name }, index) => [name, index]));
  return [...findings].sort(
    (a, b) =>
      (factorOf.get(a.factor) ?? 0) - (factorOf.get(b.factor) ?? 0) ||
      GRAVITY[a.severity] - GRAVITY[b.severity] ||
      (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line),
  );
}

/** Reports of several apps as one; each path with its app's folder before it, relative to where all of them lie. */
export function joinReports(reports: readonly { readonly path: string; readonly report: AuditReport }[]): AuditReport {
  const moved = (path: string, finding: Finding): Finding => {
    const at = (file: string): string => (path === '' ? file : `${path}/${file}`);
    const { edits } = finding;
    return {
      ...finding,
      file: at(finding.file),
      ...(edits ? { edits: edits.map((edit) => ({ ...edit, path: at(edit.path) })) } : {}),
    };
  };
  const findings = reports.flatMap(({ path, report }) => report.findings.map((finding) => moved(path, finding)));
  const accepted = reports.flatMap(({ path, report }) =>
    report.accepted.map((one) => ({ ...one, finding: moved(path, one.finding) })),
  );
  return {
    findings: inOrder(findings),
    accepted,
    unused: reports.flatMap(({ report }) => report.unused),
    summary: summaryOf(findings, accepted),
  };
}

const samePath = (said: string, file: string): boolean => said.replace(/^\.\//, '').replace(/:\d+$/, '') === file;

function summaryOf(findings: readonly Finding[], accepted: readonly AcceptedReport[]): Summary {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  const breaksAt = (moment: Moment): string[] => {
    const places = new Map<string, { rules: Set<string>; places: string[] }>();
    for (const { breaks, rule, file, line } of findings) {
      const what = breaks?.[moment];
      if (what === undefined) continue;
      const known = places.get(what) ?? { rules: new Set(), places: [] };
      known.rules.add(rule);
      known.places.push(`${file}:${line}`);
      places.set(what, known);
    }
    return [...places].map(([what, { rules, places: all }]) => {
      const more = all.length > PLACES_TOLD_MAX ? ` and ${all.length - PLACES_TOLD_MAX} more` : '';
      return `${what[0]?.toUpperCase() ?? ''}${what.slice(1)} (${[...rules].join(', ')}: ${all.slice(0, PLACES_TOLD_MAX).join(', ')}${more}).`;
    });
  };
  return {
    errors: count('error'),
    warnings: count('warning'),
    notes: count('note'),
    accepted: accepted.length,
    fixable: findings.filter(({ fixable }) => fixable).length,
    breaks: {
      'two-replicas': breaksAt('two-replicas'),
      restart: breaksAt('restart'),
      rollback: breaksAt('rollback'),
    },
  };
}
