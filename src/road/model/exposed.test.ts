import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Part } from './contract.ts';
import { exposedOf } from './exposed.ts';

const part = (name: string, role: Part['role'], port?: number): Part => ({
  name,
  kind: 'deployment',
  role,
  image: { reference: 'x:1' },
  environment: [],
  ports: port === undefined ? [] : [{ name: 'main', target: port, port, protocol: 'TCP' }],
  mounts: [],
  needs: [],
  source: 'test',
});
const parts = [part('users', 'web', 8080), part('users-database', 'database', 3306), part('users-worker', 'worker')];
const fact = <T>(value: T) => ({ value, source: 'wherry.yaml:2' });

test('a part is named by its name, by its ending or by its role', () => {
  const wished = { users: fact('LoadBalancer' as const), database: fact(30_306), web: fact('NodePort' as const) };
  assert.deepEqual(exposedOf(wished, 'users', parts), [
    { part: 'users', type: 'LoadBalancer' },
    { part: 'users-database', type: 'NodePort', nodePort: 30_306 },
    { part: 'users', type: 'NodePort' },
  ]);
});

test('a part that is not there, or listens on nothing, is an error that names those that do', () => {
  for (const word of ['cache', 'worker']) {
    assert.throws(() => exposedOf({ [word]: fact('NodePort' as const) }, 'users', parts), {
      message: `wherry.yaml:2: exposed names ${word}, and no part of that name listens\nThere are: web (users), database (users-database).`,
    });
  }
});
