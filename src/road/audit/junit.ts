import type { AuditReport, Finding } from './contract.ts';
import { FACTORS } from './factors.ts';
import { RULES } from './rules.ts';

/** The report as JUnit XML: a suite a factor, a case a rule that held, a failed case a finding, a skipped one accepted. */
export function junitOf(report: AuditReport): string {
  const suites = FACTORS.flatMap(({ name, title }) => {
    const findings = report.findings.filter(({ factor }) => factor === name);
    const accepted = report.accepted.filter(({ finding }) => finding.factor === name);
    const told = new Set([...findings, ...accepted.map(({ finding }) => finding)].map(({ rule }) => rule));
    const held = RULES.filter(({ factor, id }) => factor === name && !told.has(id));
    const cases = [
      ...held.map(({ id }) => `    <testcase classname="${name}" name="${id}"/>`),
      ...findings.map((finding) =>
        caseOf(
          finding,
          `<failure type="${finding.severity}" message="${escaped(finding.message)}">${escaped(bodyOf(finding))}</failure>`,
        ),
      ),
      ...accepted.map(({ finding, reason }) =>
        caseOf(finding, `<skipped message="${escaped(`accepted: ${reason}`)}"/>`),
      ),
    ];
    if (cases.length === 0) return [];
    const counts = `tests="${cases.length}" failures="${findings.length}" errors="0" skipped="${accepted.length}"`;
    return [`  <testsuite name="${escaped(title)}" ${counts}>`, ...cases, '  </testsuite>'];
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="wherry check">',
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function caseOf(finding: Finding, inner: string): string {
  const place = `${finding.file}:${finding.line}`;
  return `    <testcase classname="${finding.factor}" name="${escaped(`${finding.rule} ${place}`)}" file="${escaped(finding.file)}" line="${finding.line}">${inner}</testcase>`;
}

const bodyOf = ({ file, line, message, why, fix }: Finding): string => `${file}:${line}: ${message}\n${why}\n${fix}`;

function escaped(text: string): string {
  return (
    text
      // XML 1.0 has no place for other control characters, not even escaped (section 2.2).
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  );
}
