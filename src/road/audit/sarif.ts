import type { AuditReport, Finding } from './contract.ts';
import { RULES } from './rules.ts';

const LEVELS = { error: 'error', warning: 'warning', note: 'note' } as const;

/**
 * The report in SARIF 2.1.0 (OASIS), as code hosts read it. Accepted findings are results with a suppression
 * (section 3.35).
 * @param version the version of wherry
 */
export function sarifOf(report: AuditReport, version: string): object {
  const all: { finding: Finding; reason?: string }[] = [
    ...report.findings.map((finding) => ({ finding })),
    ...report.accepted.map(({ finding, reason }) => ({ finding, reason })),
  ];
  const ids = [...new Set(all.map(({ finding }) => finding.rule))];
  const rules = ids.map((id) => {
    const rule = RULES.find((candidate) => candidate.id === id);
    const finding = all.find((candidate) => candidate.finding.rule === id)?.finding;
    return {
      id,
      shortDescription: { text: rule?.title ?? finding?.title ?? id },
      fullDescription: { text: rule?.why ?? (finding?.why || id) },
      defaultConfiguration: { level: LEVELS[rule?.severity ?? finding?.severity ?? 'warning'] },
      properties: { factor: rule?.factor ?? finding?.factor },
    };
  });
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'wherry', semanticVersion: version, rules } },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { SRCROOT: { description: { text: 'the folder of the app' } } },
        results: all.map(({ finding, reason }) => ({
          ruleId: finding.rule,
          ruleIndex: ids.indexOf(finding.rule),
          level: LEVELS[finding.severity],
          message: { text: `${finding.message}. ${finding.fix}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: encodeURI(finding.file), uriBaseId: 'SRCROOT' },
                region: { startLine: Math.max(1, finding.line) },
              },
            },
          ],
          ...(reason === undefined
            ? {}
            : { suppressions: [{ kind: 'external', status: 'accepted', justification: reason }] }),
        })),
      },
    ],
  };
}
