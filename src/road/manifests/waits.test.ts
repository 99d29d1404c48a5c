import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { PodSpec } from '../../engine/kinds/index.ts';
import type { Application, Part } from '../model/index.ts';
import { objectsOf } from './objects-of.ts';

const directory = mkdtempSync(join(tmpdir(), 'waits-'));
after(() => rmSync(directory, { recursive: true }));

const part = (name: string, more: Partial<Part>): Part => ({
  name,
  kind: 'deployment',
  role: 'part',
  image: { reference: 'x:1' },
  environment: [],
  ports: [],
  mounts: [],
  needs: [],
  source: 'x',
  ...more,
});

function scriptFor(other: Part, condition: 'ready' | 'completed'): string {
  const application: Application = {
    name: 'shop',
    version: undefined,
    parts: [other, part('web', { needs: [{ part: other.name, condition }] })],
    builds: [],
    settings: [],
    secrets: [],
    volumes: [],
    externals: [],
    front: undefined,
    release: { smokePaths: [] },
    notes: [],
  };
  const { objects } = objectsOf(application, { namespace: 'default', imageOf: () => 'x', ordering: 'objects' });
  const web = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'web');
  assert.ok(web);
  const { template } = web.spec as { template: { spec: PodSpec } };
  return template.spec.initContainers?.[0]?.command?.[2] ?? '';
}

/** Runs the script by a real shell; each `curl` or `nc` gives the next answer, the last one from then on. */
function run(script: string, answers: readonly string[]): { status: number | null; lines: string[]; asked: number } {
  writeFileSync(join(directory, 'count'), '0');
  for (const [index, answer] of answers.entries()) writeFileSync(join(directory, `answer-${index + 1}`), answer);
  const program = (name: string, text: string): void => {
    writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(directory, name), 0o755);
  };
  const next = `n=$(($(cat ${directory}/count) + 1)); echo $n > ${directory}/count; [ $n -gt ${answers.length} ] && n=${answers.length}`;
  program('curl', `${next}; cat ${directory}/answer-$n; case "$(cat ${directory}/answer-$n)" in '') exit 7 ;; esac`);
  program('nc', `case "$*" in *-z*) exit 1 ;; esac; ${next}; [ "$(cat ${directory}/answer-$n)" = open ]`);
  program('sleep', 'exit 0');
  const said = spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: `${directory}:${process.env.PATH}`, KUBERNETES_SERVICE_HOST: '::1', KUBERNETES_SERVICE_PORT: '443' },
  });
  const asked = spawnSync('cat', [join(directory, 'count')], { encoding: 'utf8' }).stdout;
  return { status: said.status, lines: said.stdout.split('\n').filter(Boolean), asked: Number(asked) };
}

const PORT = { name: 'db', target: 5432, port: 5432, protocol: 'TCP' as const };
const job = part('migrate', { kind: 'job', role: 'migrate', stage: 'migrate' });
const conditions = (...types: string[]): string =>
  `{\n  "kind": "Job",\n  "status": { "conditions": [ ${types
    .map((type) => `{ "lastProbeTime": "x", "status": "True", "type": "${type}" }`)
    .join(', ')} ] }\n}{"code":200}`;

test('a pod goes on when the job has completed, however the answer is printed', () => {
  const done = run(scriptFor(job, 'completed'), ['', conditions(), conditions('SuccessCriteriaMet', 'Complete')]);
  assert.deepEqual([done.status, done.asked], [0, 3]);
  assert.match(done.lines[0] ?? '', /^waiting for job migrate-\w+ to complete$/);
  const compact = '{"status":{"conditions":[{"type":"Complete","status":"True"}]}}{"code":200}';
  assert.equal(run(scriptFor(job, 'completed'), [compact]).status, 0);
});

test('a condition that is not true is none', () => {
  const refused =
    '{"status":{"conditions":[{"type":"Complete","status":"False"},{"type":"Suspended","status":"True"}]}}{"code":200}';
  const said = run(scriptFor(job, 'completed'), [refused, refused, conditions('Complete')]);
  assert.deepEqual([said.status, said.asked], [0, 3]);
});

test('a failed job ends the wait and is named', () => {
  const said = run(scriptFor(job, 'completed'), [conditions('FailureTarget', 'Failed')]);
  assert.equal(said.status, 1);
  assert.match(said.lines.at(-1) ?? '', /^job migrate-\w+ failed$/);
});

test('a job that was tidied away holds up no pod for ever; one that is still to come is waited for', () => {
  const missing = '{"kind":"Status","status":"Failure","code":404}{"code":404}';
  const script = scriptFor(job, 'completed');
  assert.match(script, /-ge 60 /);
  const gone = run(script.replace('-ge 60 ', '-ge 6 '), [missing]);
  assert.deepEqual([gone.status, gone.asked], [0, 6]);
  assert.match(gone.lines.at(-1) ?? '', /is not there; taken to have run before/);
  const late = run(scriptFor(job, 'completed'), [missing, missing, conditions('Failed')]);
  assert.equal(late.status, 1);
});

test('without an answer the wait ends and says what it was for', () => {
  const script = scriptFor(part('db', { ports: [PORT] }), 'ready');
  assert.match(script, /-ge 600 /);
  const closed = run(script.replace('-ge 600 ', '-ge 6 '), ['closed']);
  assert.equal(closed.status, 1);
  assert.equal(closed.lines.at(-1), 'gave up waiting for db:5432 to answer');
});

test('a part without ports is asked for at the API, one with ports at its own', () => {
  const quiet = run(scriptFor(part('quiet', {}), 'ready'), [
    '{"status":{"replicas":1}}{"code":200}',
    '{"status": {"readyReplicas": 1}}{"code":200}',
  ]);
  assert.deepEqual([quiet.status, quiet.asked], [0, 2]);
  const db = run(scriptFor(part('db', { ports: [PORT] }), 'ready'), ['closed', 'closed', 'open']);
  assert.deepEqual([db.status, db.asked, db.lines], [0, 3, ['waiting for db:5432 to answer']]);
});
