import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openFolder, readProject } from '../project/index.ts';
import { audit } from './audit.ts';
import type { AuditReport } from './contract.ts';
import { applyFixes } from './fix.ts';
import { RULES } from './rules.ts';

/** Apps as small as a test needs them; for tests only. */
export type Files = Readonly<Record<string, string>>;

const EXPRESS = { express: '^5.0.0' };

/** A Node.js app: package.json with its start, a lockfile, and the files given. */
export function node(files: Files, dependencies: Record<string, string> = EXPRESS): Files {
  const manifest = { name: 'shop', version: '1.0.0', scripts: { start: 'node server.js' }, dependencies };
  return {
    'package.json': JSON.stringify(manifest, null, 2),
    'package-lock.json': '{}',
    ...('server.js' in files ? {} : { 'server.js': "require('./app')" }),
    ...files,
  };
}

/** A Python app: requirements with versions, and the files given. */
export function python(files: Files, requirements = 'flask==3.1.0\n'): Files {
  return { 'requirements.txt': requirements, ...('app.py' in files ? {} : { 'app.py': FLASK }), ...files };
}

export const FLASK = 'from flask import Flask\napp = Flask(__name__)\n';

/** An app in any other language, carried by a Dockerfile of its own. */
export function docker(files: Files): Files {
  return { Dockerfile: 'FROM debian:12\nUSER 10001\nCOPY app /app\nEXPOSE 8080\nCMD ["/app"]\n', ...files };
}

export async function withFolder<T>(files: Files, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'shop-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** `tracked`: what version control is said to keep; without it git is asked. */
export async function auditAt(directory: string, tracked?: readonly string[]): Promise<AuditReport> {
  return audit(await readProject(directory), openFolder(directory), tracked ? { tracked: new Set(tracked) } : {});
}

/** `file:line` of a rule's findings. */
const placesOf = (report: AuditReport, rule: string): string[] =>
  report.findings.filter((finding) => finding.rule === rule).map(({ file, line }) => `${file}:${line}`);

/** Tests that a rule tells of exactly these places. */
export function finds(rule: string, what: string, files: Files, ...places: string[]): void {
  assert.ok(
    RULES.some(({ id }) => id === rule),
    `no rule ${rule}`,
  );
  test(`${rule} finds ${what}`, () =>
    withFolder(files, async (directory) => {
      const report = await auditAt(directory, []);
      assert.deepEqual(placesOf(report, rule), places);
      for (const finding of report.findings) {
        assert.ok(finding.message !== '' && finding.why !== '' && finding.fix !== '', JSON.stringify(finding));
      }
    }));
}

/** Tests that a rule has nothing to say. */
export function leaves(rule: string, what: string, files: Files): void {
  assert.ok(
    RULES.some(({ id }) => id === rule),
    `no rule ${rule}`,
  );
  test(`${rule} leaves ${what} alone`, () =>
    withFolder(files, async (directory) => assert.deepEqual(placesOf(await auditAt(directory, []), rule), [])));
}

/** Tests that the rule's own change leaves this text, and that a second look finds nothing of the rule. */
export function mends(rule: string, what: string, files: Files, path: string, expected: string): void {
  test(`--fix mends ${rule}: ${what}`, () =>
    withFolder(files, async (directory) => {
      const before = await auditAt(directory, []);
      const own = before.findings.filter((finding) => finding.rule === rule);
      assert.ok(
        own.some(({ fixable }) => fixable),
        `${rule} has nothing to mend`,
      );
      const { left } = applyFixes(directory, own);
      assert.deepEqual(left, []);
      assert.equal(openFolder(directory).read(path), expected);
      assert.deepEqual(placesOf(await auditAt(directory, []), rule), []);
    }));
}
