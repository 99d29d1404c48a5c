import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { systemClock } from '../../base/index.ts';
import type { Route } from '../project/index.ts';
import { answers, smoke, smokePaths } from './smoke.ts';

const asked: string[] = [];
let failures = 0;
const server = http.createServer((request, response) => {
  asked.push(`${request.headers.host?.split(':')[0]}${request.url}`);
  if (request.url === '/ready' && failures > 0) {
    failures--;
    response.writeHead(503).end('not yet');
  } else if (request.url === '/broken') response.writeHead(500).end('boom\nsecond line');
  else if (request.url === '/private') response.writeHead(401).end();
  else response.end('ok');
});
let port = 0;
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
after(() => server.close());

const options = { clock: systemClock, signal: new AbortController().signal };
const route = (path: string, role?: Route['role'], method = 'GET'): Route => ({ method, path, source: 'a:1', role });

test('paths with a role come first; parameters and other methods are left out', () => {
  const routes = [
    route('/users'),
    route('/users/:id'),
    route('/x', undefined, 'POST'),
    route('/version', 'version'),
    route('/ready', 'ready'),
    route('/metrics', 'metrics'),
  ];
  assert.deepEqual(smokePaths(routes), ['/ready', '/version', '/users']);
  assert.deepEqual(smokePaths([route('/users/<int:id>')]), ['/']);
});

test('the first path is asked until it answers well', async () => {
  failures = 2;
  asked.length = 0;
  const checks = await smoke(`http://127.0.0.1:${port}`, ['/ready', '/users'], options);
  assert.deepEqual(
    checks.map(({ path, status }) => [path, status]),
    [
      ['/ready', 200],
      ['/users', 200],
    ],
  );
  assert.equal(asked.filter((path) => path.endsWith('/ready')).length, 3);
});

test('a name below localhost is asked at loopback, under its own name', async () => {
  asked.length = 0;
  await smoke(`http://shop.localhost:${port}`, ['/ready'], options);
  assert.deepEqual(asked, ['shop.localhost/ready']);
});

test('a login page passes, a fault of the server does not', async () => {
  const url = `http://127.0.0.1:${port}`;
  const checks = await smoke(url, ['/ready', '/private'], options);
  assert.equal(checks[1]?.status, 401);
  await assert.rejects(smoke(url, ['/ready', '/broken'], options), (error: Error) => {
    assert.equal(error.message, `GET ${url}/broken: answered 500: boom`);
    return true;
  });
});

test('a URL that nobody answers is told with the reason, once patience ends', async () => {
  const idle = http.createServer();
  await new Promise<void>((resolve) => idle.listen(0, '127.0.0.1', resolve));
  const free = (idle.address() as AddressInfo).port;
  await new Promise((resolve) => idle.close(resolve));
  const url = `http://127.0.0.1:${free}`;
  await assert.rejects(smoke(url, ['/'], { ...options, patienceMs: 1 }), /did not answer: connect ECONNREFUSED/);
  assert.equal(await answers(url, options.signal), false);
  assert.equal(await answers(`http://127.0.0.1:${port}/`, options.signal), true);
});
