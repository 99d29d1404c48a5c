import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { refusal } from '../../../test/golden/strict-server.ts';
import { applicationOf, composeFileOf, looksHidden } from '../model/index.ts';
import { checkObjects } from '../policy/index.ts';
import { readProject } from '../project/index.ts';
import { objectsOf } from './objects-of.ts';

const GOLDEN = join(process.cwd(), 'test/golden/plans');
const EXPECTED = ['expected.json', 'golden-path.txt'];
const scratch = mkdtempSync(join(tmpdir(), 'golden-'));
after(() => rmSync(scratch, { recursive: true }));

/** Every app that the reading of folders is tested with. */
for (const name of readdirSync(GOLDEN)) {
  test(`objects of ${name}: a strict server takes them, nothing in them looks like a credential, all variables are given`, async () => {
    const folder = join(GOLDEN, name);
    const copy = join(scratch, name);
    cpSync(folder, copy, { recursive: true, filter: (path) => !EXPECTED.includes(relative(folder, path)) });
    const inner = join(folder, 'golden-path.txt');
    const facts = await readProject(existsSync(inner) ? join(copy, readFileSync(inner, 'utf8').trim()) : copy);
    const application = applicationOf(facts, { name: facts.name.value });
    for (const ordering of ['objects', 'runner'] as const) {
      const { objects, notes } = objectsOf(application, {
        namespace: 'apps',
        imageOf: (build) => `localhost/${build}:1`,
        host: 'app.localhost',
        ordering,
      });
      for (const object of objects) {
        assert.equal(await refusal(object), undefined, `${object.kind}/${object.metadata.name}`);
      }
      const findings = checkObjects(objects, name).filter(({ severity }) => severity === 'error');
      assert.deepEqual(findings, []);
      const visible = JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'));
      assert.equal(looksHidden(visible), undefined);
      const told = [...application.notes, ...notes].join('\n');
      const front = application.parts.find((part) => part.name === application.front);
      const given = new Set(front?.environment.map((variable) => variable.name));
      for (const { name: variable, fallback, optional, service } of facts.variables) {
        const silent = fallback === '' || optional || service !== undefined;
        assert.ok(silent || given.has(variable) || told.includes(variable), `${variable} is neither given nor told of`);
      }
    }
    assert.equal(looksHidden(composeFileOf(application).replaceAll(/\$\{[^}]*\}/g, '')), undefined);
  });
}
