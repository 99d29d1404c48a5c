import assert from 'node:assert/strict';
import { connect, createServer, type Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { silentLog, systemClock } from '../../base/index.ts';
import type { Door } from './contract.ts';
import { Doors } from './doors.ts';
import {
  ASK,
  ASK_UDP,
  ECHO_SERVER,
  HOST,
  host,
  inOwnNamespaces,
  makePod,
  startNetwork,
} from './own-namespaces.test.ts';

/** Resolves when the server has a connection, without listening for it: a listener would count as its user. */
async function connected(server: Server): Promise<void> {
  let count = 0;
  while (count === 0) {
    count = await new Promise((resolve) => server.getConnections((_, open) => resolve(open)));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

inOwnNamespaces(import.meta.filename, () => {
  describe('doors on the host', () => {
    let started: Awaited<ReturnType<typeof startNetwork>>;
    let address = '';
    const tcp = (hostPort: number, port = 8080): Door => ({
      protocol: 'tcp',
      hostAddress: '127.0.0.1',
      hostPort,
      address,
      port,
    });

    before(async () => {
      started = await startNetwork();
      const pod = await makePod();
      ({ address } = await started.network.attachPod({
        podId: 'one',
        networkNamespace: pod.namespace,
        hostPorts: [{ protocol: 'TCP', hostPort: 9080, containerPort: 8080 }],
      }));
      await pod.serve(ECHO_SERVER, 'pod', '8080');
    });
    after(() => started.clean());

    test('a door leads from the host into the cluster, and is shut when it is no longer wanted', async () => {
      assert.deepEqual(await started.network.setDoors([tcp(18080), { ...tcp(18080), protocol: 'udp' }]), []);
      assert.match(await host().run(ASK, 'http://127.0.0.1:18080/'), /^pod /);
      assert.equal(await host().run(ASK_UDP, '127.0.0.1', '18080'), 'pod hello');
      await started.network.setDoors([]);
      assert.equal(await host().run(ASK, 'http://127.0.0.1:18080/'), 'ECONNREFUSED');
      assert.equal(await host().run(ASK_UDP, '127.0.0.1', '18080'), 'ECONNREFUSED');
    });

    test('a port in use is told with its number, and the other doors open all the same', async () => {
      const squatter = await host().serve(ECHO_SERVER, 'squatter', '18081');
      const faults = await started.network.setDoors([tcp(18081), tcp(18082)]);
      assert.deepEqual(
        faults.map(({ door, fault }) => [door.hostPort, fault]),
        [[18081, 'port 18081 is in use']],
      );
      assert.match(await host().run(ASK, 'http://127.0.0.1:18082/'), /^pod /);
      await squatter.stop();
      assert.deepEqual(await started.network.setDoors([tcp(18081), tcp(18082)]), []);
      assert.match(await host().run(ASK, 'http://127.0.0.1:18081/'), /^pod /);
    });

    test('host ports of pods have doors of their own, beside those asked for', async () => {
      await started.network.setDoors([]);
      assert.match(await host().run(ASK, 'http://127.0.0.1:9080/'), /^pod /);
      const [clash] = await started.network.setDoors([tcp(9080, 8081)]);
      assert.match(clash?.fault ?? 'no fault', /port 9080 already leads to/);
    });

    test('a door that leads nowhere resets the connection', async () => {
      await started.network.setDoors([tcp(18083, 1)]);
      assert.equal(await host().run(ASK, 'http://127.0.0.1:18083/'), 'ECONNRESET');
    });

    test('a server handed in keeps early connections until it is known where they lead', async () => {
      const server: Server = createServer();
      await new Promise<void>((resolve) => server.listen(18084, '127.0.0.1', resolve));
      const doors = new Doors({
        hostNetworkNamespace: HOST,
        handed: new Map([['tcp/127.0.0.1:18084', server]]),
        clock: systemClock,
        log: silentLog,
        toIngress: (socket) => socket.end('HTTP/1.0 200 OK\r\nclient: nobody\r\n\r\ningress'),
      });
      const { get } = await import('node:http');
      const answered = new Promise<string>((resolve, reject) => {
        get('http://127.0.0.1:18084/', (answer) => {
          answer.setEncoding('utf8').on('data', resolve);
        }).on('error', reject);
      });
      await connected(server);
      assert.deepEqual(await doors.set('services', [{ ...tcp(18084), ingress: 'http' }]), []);
      assert.equal(await answered, 'ingress');
      await doors.stop();
    });

    test('a server handed in that someone else serves is left to them, early connections included', async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(18085, '127.0.0.1', resolve));
      const doors = new Doors({
        hostNetworkNamespace: HOST,
        handed: new Map([['tcp/127.0.0.1:18085', server]]),
        clock: systemClock,
        log: silentLog,
        toIngress: () => assert.fail('no door asked for it'),
      });
      const greeting = () =>
        new Promise<string>((resolve, reject) => {
          connect(18085, '127.0.0.1')
            .on('data', (data) => resolve(String(data)))
            .on('error', reject);
        });
      const early = greeting();
      await connected(server);
      server.on('connection', (socket) => socket.end('theirs'));
      for (let count = 0; count < 300; count++) assert.equal(await greeting(), 'theirs');
      assert.equal(await early, 'theirs');
      await doors.set('services', []);
      await doors.stop();
      assert.equal(await greeting(), 'theirs');
      server.close();
    });
  });
});
