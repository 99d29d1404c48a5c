import { type AuditReport, FACTORS, type Finding, type Moment, type Severity } from '../road/audit/index.ts';
import { colors as pc } from './colors.ts';

const COLORS: Readonly<Record<Severity, (text: string) => string>> = {
  error: pc.red,
  warning: pc.yellow,
  note: pc.cyan,
};
const MOMENTS: readonly (readonly [Moment, string])[] = [
  ['two-replicas', 'at two replicas'],
  ['restart', 'at the first restart'],
  ['rollback', 'at the first rollback'],
];
const WIDTH = 110;

/** The report for people: by factor and rule, each place with its way out, then what will break when. */
export function textOf({ findings, accepted, unused, summary }: AuditReport): string {
  const lines: string[] = [];
  for (const { name, title } of FACTORS) {
    const ofFactor = findings.filter(({ factor }) => factor === name);
    if (ofFactor.length === 0) continue;
    lines.push(pc.bold(title));
    for (const rule of new Set(ofFactor.map((finding) => finding.rule)))
      lines.push(
        ...ruleLines(
          rule,
          ofFactor.filter((finding) => finding.rule === rule),
        ),
        '',
      );
  }
  if (accepted.length > 0) {
    lines.push(pc.bold('Accepted'));
    for (const { finding, reason, source } of accepted)
      lines.push(
        `  ${finding.file}:${finding.line}  ${finding.message} (${finding.rule})`,
        `    ${reason} ${pc.dim(source)}`,
      );
    lines.push('');
  }
  for (const { source, rule, path } of unused)
    lines.push(`${source}: accepts ${rule}${path ? ` in ${path}` : ''}, which is not found (any more); delete it`, '');
  lines.push(pc.bold('What breaks'));
  for (const [moment, title] of MOMENTS) {
    const sentences = summary.breaks[moment];
    lines.push(`  ${title}: ${sentences.length === 0 ? 'nothing that was found' : ''}`.trimEnd());
    for (const sentence of sentences) lines.push(...wrapped(sentence, '    '));
  }
  const counts = [
    plural(summary.errors, 'error'),
    plural(summary.warnings, 'warning'),
    plural(summary.notes, 'note'),
    ...(summary.accepted > 0 ? [`${summary.accepted} accepted`] : []),
  ];
  lines.push('', counts.join(', '));
  if (summary.fixable > 0) lines.push(`wherry check --fix mends ${summary.fixable} of them`);
  return lines.join('\n');
}

function ruleLines(id: string, findings: readonly Finding[]): string[] {
  const [first] = findings;
  if (!first) return [];
  const severity = findings.some((finding) => finding.severity === 'error') ? 'error' : first.severity;
  const lines = [`  ${COLORS[severity](severity)} ${first.title} ${pc.dim(`(${id})`)}`];
  if (first.why !== '') lines.push(...wrapped(first.why, '    ').map((line) => pc.dim(line)));
  let fix = '';
  for (const [index, finding] of findings.entries()) {
    lines.push(`    ${finding.file}:${finding.line}  ${finding.message}`);
    // A way out that several places share is told once, after the last of them.
    fix = finding.fix;
    if (findings[index + 1]?.fix !== fix && fix !== '') lines.push(...wrapped(fix, '      → ', '        '));
  }
  return lines;
}

function wrapped(text: string, first: string, rest = first): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(/\s+/)) {
    if (line.trim() !== '' && line !== first && line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = rest;
    }
    line += line === first || line === rest ? word : ` ${word}`;
  }
  lines.push(line);
  return lines;
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
