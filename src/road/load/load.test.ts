import assert from 'node:assert/strict';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { systemClock } from '../../base/index.ts';
import { load, startLoad } from './index.ts';

const open: net.Server[] = [];
after(() => {
  for (const server of open) {
    server.close();
    if (server instanceof http.Server) server.closeAllConnections();
  }
});

async function listen(server: net.Server): Promise<string> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const clock = systemClock;

test('it asks each path in turn at the rate, and counts what the server counted', async () => {
  const asked: string[] = [];
  const url = await listen(
    http.createServer((request, response) => {
      asked.push(`${request.headers.host?.replace(/:\d+/, '')}${request.url}`);
      response.end('ok');
    }),
  );
  const report = await load({
    url: url.replace('127.0.0.1', 'shop.localhost'),
    paths: ['/a', '/b?x=1'],
    ratePerSecond: 100,
    durationMs: 500,
    clock,
  });
  assert.equal(report.requests, 50);
  assert.equal(report.failed, 0);
  assert.deepEqual(report.statuses, { 200: 50 });
  assert.equal(asked.filter((path) => path === 'shop.localhost/a').length, 25);
  assert.equal(asked.filter((path) => path === 'shop.localhost/b?x=1').length, 25);
  assert.equal(
    report.distribution?.reduce((sum, { count }) => sum + count, 0),
    50,
  );
  assert.equal(
    report.seconds.reduce((sum, { requests }) => sum + requests, 0),
    50,
  );
});

test('failures are told by reason, with when and where; an answer below 500 is none', async () => {
  const url = await listen(
    http.createServer((request, response) => {
      if (request.url === '/cut') response.destroy();
      else if (request.url === '/half') {
        response.writeHead(200, { 'content-length': 100 }).write('x', () => response.destroy());
      } else response.writeHead(Number(request.url?.slice(1))).end();
    }),
  );
  const report = await load({
    url,
    paths: ['/200', '/404', '/503', '/cut', '/half'],
    ratePerSecond: 100,
    durationMs: 200,
    clock,
  });
  assert.equal(report.requests, 20);
  assert.equal(report.failed, 12);
  assert.equal(report.reasons['503'], 4);
  const reasons = Object.keys(report.reasons);
  assert.ok(
    reasons.some((reason) => reason.startsWith('answer cut off')),
    reasons.join(),
  );
  assert.ok(reasons.includes('ECONNRESET'), reasons.join());
  assert.deepEqual(report.statuses, { 200: 4, 404: 4, 503: 4 });
  assert.equal(report.failures.length, 12);
  assert.ok(report.failures.every(({ atMs, path }) => atMs < 200 && path !== '/200' && path !== '/404'));
});

test('a stall shows in the latency of every request that was due meanwhile, and as the longest gap', async () => {
  let stalled = false;
  const held: http.ServerResponse[] = [];
  let answered = 0;
  const url = await listen(
    http.createServer((_request, response) => {
      answered++;
      if (answered === 20) {
        stalled = true;
        setTimeout(() => {
          stalled = false;
          for (const each of held) each.end();
        }, 400);
      }
      if (stalled) held.push(response);
      else response.end();
    }),
  );
  const report = await load({ url, ratePerSecond: 100, durationMs: 1000, connectionsMax: 1, clock });
  assert.equal(report.requests, 100);
  assert.equal(report.failed, 0);
  assert.ok(report.longestGapMs >= 390, `gap ${report.longestGapMs} ms`);
  const late = report.distribution
    ?.filter(({ upToMs = 1e9 }) => upToMs > 100)
    .reduce((sum, each) => sum + each.count, 0);
  assert.ok((late ?? 0) >= 25, `${late} requests were seen as late`);
});

test('marks part the load into phases, each with its own counts', async () => {
  let broken = false;
  const url = await listen(http.createServer((_request, response) => response.writeHead(broken ? 500 : 200).end()));
  const running = await startLoad({ url, ratePerSecond: 100, clock });
  running.mark('before');
  await clock.sleep(150);
  broken = true;
  running.mark('during');
  await clock.sleep(150);
  const recent = await running.recent(60_000);
  assert.ok(recent.failed > 0 && recent.failed < recent.requests);
  broken = false;
  running.mark('after');
  await clock.sleep(150);
  const [report, again] = await Promise.all([running.stop(), running.stop()]);
  assert.equal(report, again);
  assert.deepEqual(
    report.phases.map(({ name }) => name),
    ['before', 'during', 'after'],
  );
  const [before, during, later] = report.phases;
  assert.ok(during && during.failed >= during.requests - 3 && during.requests > 5);
  assert.ok(before && before.failed <= 2);
  assert.ok(later && later.failed <= 2);
  // What was sent before the first mark belongs to no phase.
  const inPhases = report.phases.reduce((sum, { requests }) => sum + requests, 0);
  assert.ok(inPhases <= report.requests && inPhases >= report.requests - 10);
});

/** A server of connections that each answer `answers` requests and are then closed in the moment the next comes. */
async function forgetful(answers: number): Promise<string> {
  return await listen(
    net.createServer((socket) => {
      let count = 0;
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        for (const _ of chunk.toString().matchAll(/\r\n\r\n/g)) {
          if (++count > answers) socket.resetAndDestroy();
          else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        }
      });
    }),
  );
}

test('a connection that was closed while idle is no failure: the request goes out once more, and is counted', async () => {
  const url = await forgetful(3);
  const report = await load({ url, ratePerSecond: 100, durationMs: 400, clock });
  assert.equal(report.requests, 40);
  assert.equal(report.failed, 0, JSON.stringify(report.reasons));
  assert.ok((report.retried ?? 0) > 0);
});

test('a fresh connection that is reset is a failure, and so is a second reset, and so is any for a POST', async () => {
  const never = await load({ url: await forgetful(0), ratePerSecond: 50, durationMs: 200, clock });
  assert.equal(never.failed, 10);
  assert.equal(never.retried, 0);
  const post = await load({ url: await forgetful(3), ratePerSecond: 50, durationMs: 400, method: 'POST', clock });
  assert.ok(post.failed > 0);
  assert.equal(post.retried, 0);
});

test('a server that does not answer fails each request after its time, connected or waiting', async () => {
  const url = await listen(http.createServer(() => {}));
  const report = await load({ url, ratePerSecond: 500, durationMs: 200, connectionsMax: 1, timeoutMs: 100, clock });
  assert.equal(report.requests, 100);
  assert.equal(report.failed, 100);
  assert.equal(report.latency, undefined);
  assert.deepEqual(Object.keys(report.reasons).sort(), ['no answer within 0.1 s', 'no connection free within 0.1 s']);
});

test('nobody listening is ECONNREFUSED', async () => {
  const server = http.createServer();
  const url = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  const report = await load({ url, ratePerSecond: 20, durationMs: 200, clock });
  assert.deepEqual(report.reasons, { ECONNREFUSED: 4 });
});

test('a signal ends it early', async () => {
  const url = await listen(http.createServer((_request, response) => response.end()));
  const stopping = new AbortController();
  const running = load({ url, ratePerSecond: 50, durationMs: 600_000, signal: stopping.signal, clock });
  await clock.sleep(100);
  stopping.abort();
  assert.equal((await running).failed, 0);
});

test('what cannot be is a wrong call, told before anything is sent', async () => {
  const good = { url: 'http://127.0.0.1:1', ratePerSecond: 10, clock };
  const cases: [object, RegExp][] = [
    [{ url: 'users.localhost' }, /^UserError: URL: "users.localhost" is not one/],
    [{ url: 'ftp://x' }, /neither http nor https/],
    [{ ratePerSecond: 0 }, /rate: 0 is not a rate from 1 to 20000/],
    [{ ratePerSecond: 30_000 }, /rate: 30000/],
    [{ connectionsMax: 0 }, /connections: 0/],
    [{ durationMs: 0 }, /duration: 0 ms/],
  ];
  for (const [wrong, message] of cases) {
    await assert.rejects(startLoad({ ...good, ...wrong }), (error: Error & { exitStatus?: number }) => {
      assert.match(String(error), message);
      assert.equal(error.exitStatus, 2);
      return true;
    });
  }
});
