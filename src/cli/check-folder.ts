import { type AuditReport, applyFixes, audit, type Finding } from '../road/audit/index.ts';
import { openFolder, readProject } from '../road/project/index.ts';

export interface Checked {
  readonly report: AuditReport;
  readonly mended: readonly Finding[];
}

/**
 * Reads a folder, mends it where asked, and reads it again.
 * @throws UserError for a folder in which no app is recognised.
 */
export async function checkFolder(path: string, fix: boolean): Promise<Checked> {
  const look = async (): Promise<AuditReport> => audit(await readProject(path), openFolder(path));
  const report = await look();
  if (!fix || report.summary.fixable === 0) return { report, mended: [] };
  const { findings } = applyFixes(openFolder(path).directory, report.findings);
  return { report: await look(), mended: findings };
}
