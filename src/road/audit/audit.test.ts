import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../base/index.ts';
import { openFolder, readProject } from '../project/index.ts';
import { audit } from './audit.ts';
import type { AuditReport } from './contract.ts';
import { FACTORS } from './factors.ts';
import { applyFixes } from './fix.ts';
import { junitOf } from './junit.ts';
import { RULES } from './rules.ts';
import { auditAt, node, withFolder } from './sample-app.ts';
import { sarifOf } from './sarif.ts';

const FIXTURES = join(process.cwd(), 'test/fixtures');
const EXAMPLES = join(process.cwd(), 'examples');

/** `rule` once for each finding, sorted. */
const rulesOf = (report: AuditReport): string[] => [...new Set(report.findings.map(({ rule }) => rule))].sort();

for (const name of ['users', 'users-flask']) {
  test(`the example ${name} has nothing that the audit finds`, async () => {
    const report = await auditAt(join(EXAMPLES, name));
    assert.deepEqual(report.findings, []);
    assert.deepEqual(report.summary.breaks, { 'two-replicas': [], restart: [], rollback: [] });
  });
}

test('a neglected Flask app is told all that is wrong with it', async () => {
  const report = await auditAt(join(FIXTURES, 'neglected-shop'), []);
  assert.deepEqual(rulesOf(report), [
    'admin-without-authentication',
    'config-per-environment',
    'cors-any',
    'debug-on',
    'development-server-in-code',
    'dockerignore-missing',
    'env-file-in-image',
    'env-file-not-ignored',
    'files-on-local-disk',
    'image-latest',
    'job-in-process',
    'listens-on-localhost',
    'log-buffered',
    'logs-redirected',
    'logs-to-file',
    'long-start',
    'migration-in-start',
    'needs-root',
    'no-api-description',
    'no-health-route',
    'no-metrics',
    'no-readiness',
    'no-request-log',
    'no-sigterm',
    'password-in-code',
    'port-fixed',
    'program-not-installed',
    'schema-at-start',
    'secret-in-log',
    'secret-into-image',
    'service-on-localhost',
    'session-in-memory',
    'signal-swallowed',
    'state-in-memory',
    'version-not-told',
    'version-open',
  ]);
});

test('a neglected Express app is told all that is wrong with it', async () => {
  const report = await auditAt(join(FIXTURES, 'neglected-notes'), []);
  assert.deepEqual(rulesOf(report), [
    'debug-on',
    'development-server',
    'dockerignore-missing',
    'files-on-local-disk',
    'image-latest',
    'job-in-process',
    'listens-on-localhost',
    'logs-to-file',
    'needs-root',
    'no-api-description',
    'no-health-route',
    'no-lockfile',
    'no-metrics',
    'no-readiness',
    'no-request-log',
    'no-sigterm',
    'password-in-code',
    'port-fixed',
    'rate-limit-in-memory',
    'schema-at-start',
    'secret-in-log',
    'service-on-localhost',
    'session-in-memory',
    'signal-swallowed',
    'sqlite-as-database',
    'state-in-memory',
    'version-not-told',
    'version-open',
  ]);
});

for (const name of ['neglected-shop', 'neglected-notes']) {
  test(`${name}: every fixable finding is mended, by the second run at the latest, and none is new`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'mend-'));
    try {
      cpSync(join(FIXTURES, name), directory, { recursive: true });
      const before = await auditAt(directory, []);
      assert.ok(before.summary.fixable >= 3);
      applyFixes(directory, before.findings);
      applyFixes(directory, (await auditAt(directory, [])).findings);
      const after = await auditAt(directory, []);
      assert.equal(after.summary.fixable, 0);
      const known = rulesOf(before);
      assert.deepEqual(
        rulesOf(after).filter((rule) => !known.includes(rule)),
        [],
      );
      const fixable = before.findings
        .filter((finding) => finding.fixable)
        .map(({ rule, message }) => `${rule} ${message}`);
      const left = after.findings.map(({ rule, message }) => `${rule} ${message}`);
      assert.deepEqual(
        fixable.filter((finding) => left.includes(finding)),
        [],
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

test('the summary says in sentences what breaks, and names its findings', () =>
  withFolder(
    node({ 'server.js': "const users = [];\napp.post('/u', (q) => {\n  users.push(q);\n});\n" }),
    async (directory) => {
      const { summary } = await auditAt(directory, []);
      assert.deepEqual(summary.breaks['two-replicas'], [
        'Each replica has data of its own, so the answer depends on which one is asked (state-in-memory: server.js:1).',
      ]);
      assert.ok(summary.breaks.restart.includes('What was kept in memory is gone (state-in-memory: server.js:1).'));
    },
  ));

const NAGGED = node({
  'server.js': "app.get('/users', list);\napp.get('/version', v);\n",
  'admin.js': 'console.log(process.env);\n',
});

test('an accepted finding is listed with its reason and counts no more; one that matches nothing is told', () =>
  withFolder(NAGGED, async (directory) => {
    const facts = await readProject(directory);
    const accept = [
      { rule: 'secret-in-log', path: 'admin.js', reason: 'a laptop only', source: 'wherry.yaml:2' },
      { rule: 'no-metrics', path: undefined, reason: 'measured by the mesh', source: 'wherry.yaml:5' },
      { rule: 'cors-any', path: undefined, reason: 'public', source: 'wherry.yaml:7' },
      { rule: 'no-health-route', path: 'other.js', reason: 'elsewhere', source: 'wherry.yaml:9' },
    ];
    const report = await audit({ ...facts, settings: { ...facts.settings, accept } }, openFolder(directory));
    assert.deepEqual(
      report.accepted.map(({ finding, reason, source }) => [finding.rule, reason, source]),
      [
        ['secret-in-log', 'a laptop only', 'wherry.yaml:2'],
        ['no-metrics', 'measured by the mesh', 'wherry.yaml:5'],
      ],
    );
    assert.deepEqual(
      report.unused.map(({ source }) => source),
      ['wherry.yaml:7', 'wherry.yaml:9'],
    );
    assert.equal(report.summary.errors, 0);
    assert.equal(report.summary.accepted, 2);
    assert.ok(!rulesOf(report).includes('no-metrics'));
    assert.ok(rulesOf(report).includes('no-health-route'));
  }));

test('an acceptance without a reason is an error', () =>
  withFolder(NAGGED, async (directory) => {
    const facts = await readProject(directory);
    const accept = [{ rule: 'no-metrics', path: undefined, reason: ' ', source: 'wherry.yaml:5' }];
    await assert.rejects(
      audit({ ...facts, settings: { ...facts.settings, accept } }, openFolder(directory)),
      (error: unknown) =>
        error instanceof UserError && error.message.startsWith('wherry.yaml:5: accepts no-metrics without a reason'),
    );
  }));

test('SARIF has a rule for each result, places from line 1 and suppressions for what is accepted', async () => {
  const report = await auditAt(join(FIXTURES, 'neglected-notes'), []);
  const [first, ...rest] = report.findings;
  assert.ok(first);
  const sarif = sarifOf(
    { ...report, findings: rest, accepted: [{ finding: first, reason: 'known', source: 'w:1' }] },
    '1.2.3',
  ) as {
    version: string;
    runs: {
      tool: { driver: { name: string; rules: { id: string }[] } };
      results: {
        ruleId: string;
        ruleIndex: number;
        level: string;
        message: { text: string };
        locations: { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } } }[];
        suppressions?: object[];
      }[];
    }[];
  };
  assert.equal(sarif.version, '2.1.0');
  const [run] = sarif.runs;
  assert.equal(run?.results.length, report.findings.length);
  for (const result of run?.results ?? []) {
    assert.equal(run?.tool.driver.rules[result.ruleIndex]?.id, result.ruleId);
    assert.ok(['error', 'warning', 'note'].includes(result.level));
    assert.ok(result.message.text.length > 0);
    const place = result.locations[0]?.physicalLocation;
    assert.ok(place && place.region.startLine >= 1 && !place.artifactLocation.uri.startsWith('/'));
  }
  assert.deepEqual(
    run?.results.filter(({ suppressions }) => suppressions).map(({ suppressions }) => suppressions),
    [[{ kind: 'external', status: 'accepted', justification: 'known' }]],
  );
});

test('JUnit counts what failed, escapes what must be, and lets rules that held pass', async () => {
  const report = await auditAt(join(FIXTURES, 'neglected-notes'), []);
  const text = junitOf(report);
  assert.equal(text.match(/<failure /g)?.length, report.findings.length);
  assert.match(text, /<testcase classname="authentication" name="cors-any"\/>/);
  assert.match(text, /express is &quot;\*&quot;: any version may come/);
  const sum = [...text.matchAll(/failures="(\d+)"/g)].reduce((total, match) => total + Number(match[1]), 0);
  assert.equal(sum, report.findings.length);
  for (const name of ['testsuites', 'testsuite'])
    assert.equal(
      text.match(new RegExp(`<${name}[ >]`, 'g'))?.length,
      text.match(new RegExp(`</${name}>`, 'g'))?.length,
    );
});

test('rules have names of their own, factors that are known, and sentences without a full stop for what breaks', () => {
  assert.equal(new Set(RULES.map(({ id }) => id)).size, RULES.length);
  const order = RULES.map(({ factor }) => FACTORS.findIndex(({ name }) => name === factor));
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
  assert.equal(new Set(RULES.map(({ factor }) => factor)).size, 15);
  for (const { id, why, title, breaks } of RULES) {
    assert.match(id, /^[a-z]+(?:-[a-z]+)*$/);
    assert.ok(why.endsWith('.') && !title.endsWith('.'), id);
    for (const sentence of Object.values(breaks ?? {})) assert.doesNotMatch(sentence, /\.$/, id);
  }
});

test('every rule has a case that it finds and one that it leaves alone', () => {
  const folder = join(process.cwd(), 'src/road/audit');
  const tests = readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  for (const { id } of RULES) {
    assert.match(tests, new RegExp(`finds\\(\\s*'${id}'|test\\('${id} finds`), `${id} is never found`);
    assert.match(tests, new RegExp(`leaves\\(\\s*'${id}'`), `${id} leaves nothing alone`);
  }
});
