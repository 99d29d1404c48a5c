import type { Facts, Folder } from '../project/index.ts';
import type { AuditOptions, AuditReport, Finding } from './contract.ts';
import { reportOf } from './report.ts';
import { RULES } from './rules.ts';
import { subjectOf } from './subject.ts';
import { trackedFiles } from './tracked.ts';

/**
 * The twelve-factor audit of an app's folder. Reads only; asks git, where there is one, which files it keeps.
 * @throws UserError for an acceptance without a reason.
 */
export async function audit(facts: Facts, folder: Folder, options: AuditOptions = {}): Promise<AuditReport> {
  const app = subjectOf(facts, folder, options.tracked ?? (await trackedFiles(folder.directory)));
  const findings = RULES.flatMap((rule) =>
    [...rule.read(app)].map(
      ({ severity, edits, ...hit }): Finding => ({
        rule: rule.id,
        title: rule.title,
        factor: rule.factor,
        severity: severity ?? rule.severity,
        ...hit,
        why: rule.why,
        fixable: edits !== undefined,
        ...(edits ? { edits } : {}),
        ...(rule.breaks ? { breaks: rule.breaks } : {}),
      }),
    ),
  );
  return reportOf([...findings, ...(options.more ?? [])], facts.settings.accept ?? []);
}
