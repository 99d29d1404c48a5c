import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApp } from '../dist/app.js';

const rows = [{ id: 1, name: 'admin', email: 'admin@example.com' }];
const answering = { users: async () => rows, ping: async () => {}, close: async () => {} };
const silent = {
  ...answering,
  ping: async () => {
    throw new Error('connect ECONNREFUSED');
  },
};
const get = async (database, url) => {
  const app = createApp(database, { log: false });
  const answer = await app.inject({ method: 'GET', url });
  await app.close();
  return answer;
};

test('GET /users serves what the database holds', async () => {
  const answer = await get(answering, '/users');
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(answer.json(), rows);
});

test('GET /health answers while the database does not', async () => {
  assert.equal((await get(silent, '/health')).statusCode, 200);
});

test('GET /ready says 503 while the database does not answer', async () => {
  assert.equal((await get(silent, '/ready')).statusCode, 503);
  assert.equal((await get(answering, '/ready')).statusCode, 200);
});

test('GET /metrics counts requests by route', async () => {
  const app = createApp(answering, { log: false });
  await app.inject({ method: 'GET', url: '/version' });
  const answer = await app.inject({ method: 'GET', url: '/metrics' });
  await app.close();
  assert.match(answer.body, /http_requests_total\{method="GET",route="\/version",status="200"\} 1/);
});

test('closing the app closes the database', async () => {
  let closed = 0;
  const app = createApp({ ...answering, close: async () => void closed++ }, { log: false });
  await app.ready();
  await app.close();
  assert.equal(closed, 1);
});
