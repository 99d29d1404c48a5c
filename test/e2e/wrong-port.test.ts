import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type TestCluster, testCluster } from './harness.ts';

const NAME = `wrong-port-${process.pid}`;
const SERVER = `const http = require('node:http');
const { port, host } = require('./where.json');
const server = http.createServer((_request, response) => response.end('hello'));
server.listen(port, host);
process.once('SIGTERM', () => server.close());
`;
let cluster: TestCluster;
let folder: string;

/** An app whose code does not show where it listens. */
function listenOn(where: { port: number; host: string }): void {
  writeFileSync(join(folder, 'where.json'), JSON.stringify(where));
}

before(() => {
  cluster = testCluster();
  folder = mkdtempSync(join(tmpdir(), 'wrong-port-'));
  const manifest = { name: NAME, version: '1.0.0', scripts: { start: 'node server.js' } };
  const lock = { name: NAME, version: '1.0.0', lockfileVersion: 3, requires: true, packages: { '': manifest } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  writeFileSync(join(folder, 'server.js'), SERVER);
  cluster.wherry('image', 'pull', 'node:24-bookworm-slim');
});

after(() => {
  for (const { name } of JSON.parse(cluster.wherry('image', 'list', '--json')) as { name: string }[]) {
    if (name.startsWith(`localhost/${NAME}:`)) cluster.wherry('image', 'remove', name);
  }
  cluster.delete();
  rmSync(folder, { recursive: true, force: true });
});

test('an app that listens on another port than was taken for it is told which, long before the bound', () => {
  listenOn({ port: 9898, host: '0.0.0.0' });
  const said = cluster.tryWherry(['up', folder, '--name', cluster.name, '--timeout', '300']);
  assert.equal(said.exitCode, 1);
  assert.match(said.stderr, /nothing listens on port 8080, where the app is asked for; it listens on port 9898\n/);
  assert.match(
    said.stderr,
    /^Say it in wherry\.yaml \(port: 9898\), or let the app listen on the port that PORT names/m,
  );
  assert.doesNotMatch(said.stderr, /not ready after/);
});

test('an app that listens on localhost is told that nobody reaches it there', () => {
  listenOn({ port: 8080, host: '127.0.0.1' });
  const said = cluster.tryWherry(['up', folder, '--name', cluster.name, '--timeout', '300']);
  assert.equal(said.exitCode, 1);
  assert.match(said.stderr, /the app listens on port 8080 of localhost only, which nobody outside its pod reaches\n/);
  assert.match(said.stderr, /^Let the app listen on 0\.0\.0\.0/m);
  assert.doesNotMatch(said.stderr, /not ready after/);
});

test('with the line that was advised the app serves', () => {
  listenOn({ port: 9898, host: '0.0.0.0' });
  writeFileSync(join(folder, 'wherry.yaml'), 'port: 9898\n');
  const url = cluster.wherry('up', folder, '--name', cluster.name).trim().split('\n').at(-1) ?? '';
  assert.match(url, /^http:/);
});
