import { existsSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { UserError } from '../base/index.ts';
import {
  type AuditReport,
  applyFixes,
  audit,
  FACTORS,
  type Finding,
  joinReports,
  reportOf,
} from '../road/audit/index.ts';
import { checkManifests, holdsManifests, POLICY_RULES, type PolicyFinding } from '../road/policy/index.ts';
import { type Facts, findApps, openFolder, readProject } from '../road/project/index.ts';

/** Where an app's folder keeps its Kubernetes objects. */
const MANIFEST_FOLDERS = ['k8s', 'kubernetes', 'manifests', 'deploy', 'kustomize'];

export interface Checked {
  readonly report: AuditReport;
  readonly mended: readonly Finding[];
}

/**
 * Audits a folder: the app or apps in it, its Kubernetes objects, or both; mends it where asked, and looks again. A file is read as
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
  if (existsSync(path) && statSync(path).isFile()) return ofObjects(path);
  const apps = await findApps(path);
  if (apps.length > 1) {
    const reports: { path: string; report: AuditReport }[] = [];
    for (const { directory, path: below } of apps)
      reports.push({ path: below, report: await ofApp(await readProject(directory)) });
    const more = await manifestsBelow(path);
    return joinReports([...reports, { path: '', report: reportOf(more, []) }]);
  }
  const facts = await appIn(path);
  if (!facts) return ofObjects(path);
  // The only app of a repository may lie in a folder of it.
  const below = relative(path, facts.directory);
  if (below === '') return ofApp(facts);
  return joinReports([
    { path: below, report: await ofApp(facts) },
    { path: '', report: reportOf(await manifestsBelow(path), []) },
  ]);
}

const ofApp = async (facts: Facts): Promise<AuditReport> =>
  audit(facts, openFolder(facts.directory), { more: await manifestsBelow(facts.directory) });

const ofObjects = async (path: string): Promise<AuditReport> => reportOf(findingsOf(await checkManifests([path])), []);

async function manifestsBelow(directory: string): Promise<Finding[]> {
  const folders = MANIFEST_FOLDERS.map((name) => join(directory, name)).filter(
    (folder) => existsSync(folder) && statSync(folder).isDirectory() && holdsManifests(folder),
  );
  if (folders.length === 0) return [];
  const found = await checkManifests(folders);
  return findingsOf(found.map((finding) => ({ ...finding, file: relative(directory, finding.file) })));
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
