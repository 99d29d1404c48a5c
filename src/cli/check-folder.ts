import { existsSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { UserError } from '../base/index.ts';
import { type AuditReport, applyFixes, audit, FACTORS, type Finding, reportOf } from '../road/audit/index.ts';
import { checkManifests, holdsManifests, POLICY_RULES, type PolicyFinding } from '../road/policy/index.ts';
import { type Facts, openFolder, readProject } from '../road/project/index.ts';

/** Where an app's folder keeps its Kubernetes objects. */
const MANIFEST_FOLDERS = ['k8s', 'kubernetes', 'manifests', 'deploy', 'kustomize'];

export interface Checked {
  readonly report: AuditReport;
  readonly mended: readonly Finding[];
}

/**
 * Audits a folder: the app, its Kubernetes objects, or both; mends it where asked, and looks again. A file is read as
 * Kubernetes objects.
 * @throws UserError for a path that is not there, and a folder that holds neither.
 */
export async function checkFolder(path: string, fix: boolean): Promise<Checked> {
  const report = await look(path);
  if (!fix || report.summary.fixable === 0) return { report, mended: [] };
  const { findings } = applyFixes(openFolder(path).directory, report.findings);
  return { report: await look(path), mended: findings };
}

async function look(path: string): Promise<AuditReport> {
  if (existsSync(path) && statSync(path).isFile()) return reportOf(findingsOf(await checkManifests([path])), []);
  const facts = await appIn(path);
  if (!facts) return reportOf(findingsOf(await checkManifests([path])), []);
  const below = MANIFEST_FOLDERS.map((name) => join(path, name)).filter(
    (folder) => existsSync(folder) && statSync(folder).isDirectory() && holdsManifests(folder),
  );
  const more = below.length === 0 ? [] : await checkManifests(below);
  return audit(facts, openFolder(facts.directory), {
    more: findingsOf(more.map((finding) => ({ ...finding, file: relative(path, finding.file) }))),
  });
}

/** The app's facts; undefined for a folder that holds nothing but Kubernetes objects. */
async function appIn(path: string): Promise<Facts | undefined> {
  try {
    return await readProject(path);
  } catch (error) {
    const noApp = error instanceof UserError && error.fault.startsWith('no app recognised');
    if (noApp && holdsManifests(path)) return undefined;
    throw error;
  }
}

const findingsOf = (found: readonly PolicyFinding[]): Finding[] =>
  found.map(({ rule, factor, severity, file, line, message, fix }) => {
    const known = POLICY_RULES.find(({ id }) => id === rule);
    return {
      rule,
      title: known?.what ?? rule,
      factor: FACTORS.find(({ name }) => name === factor)?.name ?? 'manifests',
      severity,
      file,
      line,
      message,
      why: known?.why ?? '',
      fix,
      fixable: false,
    };
  });
