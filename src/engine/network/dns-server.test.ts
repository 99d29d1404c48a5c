import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import dnsPacket, { type DecodedPacket, type RecordType } from 'dns-packet';
import { silentLog, systemClock } from '../../base/index.ts';
import type { DnsRecords } from './contract.ts';
import { DnsServer } from './dns-server.ts';
import { inOwnNamespaces, SETTINGS, startNetwork } from './own-namespaces.test.ts';

const many = Array.from({ length: 60 }, (_, index) => `10.244.1.${index}`);
const RECORDS: DnsRecords = {
  addresses: new Map([
    ['web.default.svc.cluster.local', ['10.96.0.50']],
    ['many.default.svc.cluster.local', many],
    ['db-0.db.default.svc.cluster.local', ['10.244.0.7']],
  ]),
  services: new Map([
    ['_http._tcp.web.default.svc.cluster.local', [{ target: 'web.default.svc.cluster.local', port: 80 }]],
  ]),
  aliases: new Map([
    ['out.default.svc.cluster.local', 'example.org'],
    ['alias.default.svc.cluster.local', 'web.default.svc.cluster.local'],
  ]),
  names: new Map([['10.96.0.50', 'web.default.svc.cluster.local']]),
};
const NXDOMAIN = 3;

function query(name: string, type: RecordType, payload?: number): Buffer {
  const options = {
    type: 'OPT' as const,
    name: '.' as const,
    udpPayloadSize: payload ?? 0,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  return dnsPacket.encode({
    type: 'query',
    id: 4711,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ name, type }],
    additionals: payload === undefined ? [] : [options],
  });
}

function ask(name: string, type: RecordType, payload?: number): Promise<DecodedPacket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.on('error', reject);
    socket.on('message', (message) => {
      socket.close();
      assert.ok(message.length <= (payload ?? 512));
      resolve(dnsPacket.decode(message));
    });
    socket.send(query(name, type, payload), 53, SETTINGS.dnsAddress);
  });
}

function askTcp(name: string, type: RecordType): Promise<DecodedPacket> {
  return new Promise((resolve, reject) => {
    const socket = connect(53, SETTINGS.dnsAddress, () =>
      socket.write(dnsPacket.streamEncode({ ...dnsPacket.decode(query(name, type)), type: 'query' })),
    );
    let received = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < received.readUInt16BE(0) + 2) return;
      socket.destroy();
      resolve(dnsPacket.streamDecode(received) as DecodedPacket);
    });
  });
}

const code = (packet: DecodedPacket): number => (packet.flags ?? 0) & 15;
const data = (packet: DecodedPacket): unknown[] =>
  (packet.answers ?? []).map((answer) => ('data' in answer ? answer.data : undefined));

inOwnNamespaces(import.meta.filename, () => {
  describe('names in an isolated cluster', () => {
    let started: Awaited<ReturnType<typeof startNetwork>>;
    before(async () => {
      started = await startNetwork();
    });
    after(() => started.clean());

    test('a question that comes before the first records waits for them', async () => {
      const early = ask('web.default.svc.cluster.local', 'A');
      await new Promise((resolve) => setImmediate(resolve));
      started.network.setDns(RECORDS);
      assert.deepEqual(data(await early), ['10.96.0.50']);
    });

    test('a pod address spelled as a name is that address', async () => {
      assert.deepEqual(data(await ask('10-244-0-7.default.pod.cluster.local', 'A')), ['10.244.0.7']);
      assert.equal(code(await ask('10-244-0-999.default.pod.cluster.local', 'A')), NXDOMAIN);
    });

    test('a service has its address, whatever the spelling of its name', async () => {
      const answer = await ask('Web.default.svc.cluster.LOCAL', 'A');
      assert.deepEqual(data(answer), ['10.96.0.50']);
      assert.equal(answer.answers?.[0]?.name, 'Web.default.svc.cluster.LOCAL');
      assert.ok(answer.flag_aa && answer.flag_ra && answer.id === 4711);
    });

    test('a name that exists without IPv6 addresses has none, and one in the cluster that is unknown does not exist', async () => {
      for (const name of ['web.default.svc.cluster.local', 'default.svc.cluster.local', 'cluster.local']) {
        const answer = await ask(name, 'AAAA');
        assert.deepEqual([code(answer), data(answer)], [0, []], name);
        assert.equal(answer.authorities?.[0]?.type, 'SOA');
      }
      assert.equal(code(await ask('nobody.default.svc.cluster.local', 'A')), NXDOMAIN);
    });

    test('a named port leads to host and port, with the address beside it', async () => {
      const answer = await ask('_http._tcp.web.default.svc.cluster.local', 'SRV');
      assert.deepEqual(data(answer), [{ priority: 0, weight: 100, port: 80, target: 'web.default.svc.cluster.local' }]);
      assert.ok(answer.additionals?.some((record) => record.type === 'A' && record.data === '10.96.0.50'));
    });

    test('an address has its name; an unknown one of the own ranges has none', async () => {
      assert.deepEqual(data(await ask('50.0.96.10.in-addr.arpa', 'PTR')), ['web.default.svc.cluster.local']);
      assert.equal(code(await ask('51.0.96.10.in-addr.arpa', 'PTR')), NXDOMAIN);
    });

    test('an alias is followed inside the cluster and named outside it', async () => {
      const inside = await ask('alias.default.svc.cluster.local', 'A');
      assert.deepEqual(data(inside), ['web.default.svc.cluster.local', '10.96.0.50']);
      const outside = await ask('out.default.svc.cluster.local', 'A');
      assert.deepEqual([code(outside), data(outside)], [0, ['example.org']]);
    });

    test('names outside do not exist, and the answer comes at once', async () => {
      assert.equal(code(await ask('example.org', 'A')), NXDOMAIN);
      assert.equal(code(await ask('1.1.1.1.in-addr.arpa', 'PTR')), NXDOMAIN);
    });

    test('a long answer is cut and marked over UDP, fits more with a larger offer, and is whole over TCP', async () => {
      const plain = await ask('many.default.svc.cluster.local', 'A');
      assert.ok(plain.flag_tc);
      const larger = await ask('many.default.svc.cluster.local', 'A', 1232);
      assert.ok(larger.flag_tc && data(larger).length > data(plain).length && data(plain).length > 3);
      const whole = await askTcp('many.default.svc.cluster.local', 'A');
      assert.deepEqual(data(whole).sort(), [...many].sort());
    });

    test('what is no question is survived', async () => {
      const socket = createSocket('udp4');
      for (const bytes of ['', 'x', 'nonsense that is longer than a header']) {
        socket.send(bytes, 53, SETTINGS.dnsAddress);
      }
      assert.equal(code(await ask('web.default.svc.cluster.local', 'A')), 0);
      socket.close();
    });

    test('with a resolver outside, other names are passed on and aliases end in addresses', async () => {
      const records = new Map([['example.org', ['192.0.2.7']]]);
      const upstream = createSocket('udp4');
      upstream.on('message', (message, from) => {
        const { id, questions } = dnsPacket.decode(message);
        const answers = (records.get(questions?.[0]?.name ?? '') ?? []).map((address) => ({
          type: 'A' as const,
          name: 'example.org',
          data: address,
        }));
        const answer = { type: 'response' as const, id: id ?? 0, questions: questions ?? [], answers };
        upstream.send(dnsPacket.encode(answer), from.port, from.address);
      });
      await new Promise<void>((resolve) => upstream.bind(5353, '127.0.0.1', resolve));
      await started.network.stop();
      const server = new DnsServer(SETTINGS, ['127.0.0.1:5353'], systemClock, silentLog);
      await server.start();
      server.setRecords(RECORDS);
      assert.deepEqual(data(await ask('example.org', 'A')), ['192.0.2.7']);
      assert.deepEqual(data(await ask('out.default.svc.cluster.local', 'A')), ['example.org', '192.0.2.7']);
      assert.equal(code(await ask('nobody.default.svc.cluster.local', 'A')), NXDOMAIN);
      upstream.close();
      assert.equal(code(await ask('example.org', 'A')), 2);
      await server.stop();
    });
  });
});
