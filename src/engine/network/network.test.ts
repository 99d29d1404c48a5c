import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { after, before, describe, test } from 'node:test';
import type { Network, ServicePortRule } from './contract.ts';
import {
  ASK,
  ASK_UDP,
  ECHO_SERVER,
  inOwnNamespaces,
  makePod,
  node,
  SETTINGS,
  startNetwork,
  type TestPod,
} from './own-namespaces.test.ts';

inOwnNamespaces(import.meta.filename, () => {
  describe('the network between pods, services and the node', () => {
    let network: Network;
    let clean: () => Promise<void>;
    const pods: TestPod[] = [];
    const addresses: string[] = [];
    const rule = (more: Partial<ServicePortRule>): ServicePortRule => ({
      name: 'default/web:http',
      protocol: 'TCP',
      addresses: ['10.96.0.50'],
      port: 80,
      endpoints: [],
      ...more,
    });
    const lines = (text: string): string[] => text.split('\n');

    before(async () => {
      ({ network, clean } = await startNetwork());
      for (const name of ['one', 'two', 'three']) {
        const pod = await makePod();
        pods.push(pod);
        const { address } = await network.attachPod({ podId: name, networkNamespace: pod.namespace, hostPorts: [] });
        addresses.push(address);
      }
      await Promise.all(pods.slice(0, 2).map((pod, index) => pod.serve(ECHO_SERVER, `pod${index}`, '8080')));
    });
    after(async () => {
      for (const pod of pods) pod.end();
      await clean();
    });
    const endpoint = (index: number) => ({ address: addresses[index] ?? '', port: 8080 });
    const client = (): TestPod => pods[2] as TestPod;

    test('pods reach each other by address and see who calls', async () => {
      assert.equal(await client().run(ASK, `http://${addresses[0]}:8080/`), `pod0 from ${addresses[2]}`);
    });

    test('a service leads to all its endpoints and keeps the caller visible', async () => {
      await network.setServices([rule({ endpoints: [endpoint(0), endpoint(1)] })]);
      const answers = new Set(lines(await client().run(ASK, 'http://10.96.0.50/', '40')));
      assert.deepEqual([...answers].sort(), [`pod0 from ${addresses[2]}`, `pod1 from ${addresses[2]}`]);
    });

    test('the node itself reaches services, from its own address', async () => {
      await network.setServices([rule({ endpoints: [endpoint(0)] })]);
      const stream = await network.connect('10.96.0.50', 80);
      stream.end('GET / HTTP/1.0\r\n\r\n');
      let text = '';
      for await (const chunk of stream) text += chunk;
      assert.match(text, new RegExp(`client: ${SETTINGS.nodeAddress}[\\s\\S]*pod0$`));
    });

    test('a pod reaches itself through its service', async () => {
      await network.setServices([rule({ endpoints: [endpoint(0)] })]);
      assert.equal(await pods[0]?.run(ASK, 'http://10.96.0.50/'), `pod0 from ${SETTINGS.nodeAddress}`);
    });

    test('a service without endpoints, a port it does not have and an address nobody has refuse at once', async () => {
      await network.setServices([rule({})]);
      assert.equal(await client().run(ASK, 'http://10.96.0.50/'), 'ECONNREFUSED');
      assert.equal(await client().run(ASK, 'http://10.96.0.50:81/'), 'ECONNREFUSED');
      assert.equal(await client().run(ASK, 'http://10.96.0.99/'), 'ECONNREFUSED');
      assert.equal(await client().run(ASK_UDP, '10.96.0.50', '80'), 'ECONNREFUSED');
      await assert.rejects(network.connect('10.96.0.50', 80), { code: 'ECONNREFUSED' });
    });

    test('datagrams are led like connections', async () => {
      await network.setServices([rule({ protocol: 'UDP', endpoints: [endpoint(1)] })]);
      assert.equal(await client().run(ASK_UDP, '10.96.0.50', '80'), 'pod1 hello');
    });

    const noConntrack = spawnSync('conntrack', ['--version']).error ? 'conntrack is not installed' : false;
    test('a client that keeps its port is led on when its endpoint goes', { skip: noConntrack }, async () => {
      const udp = (...indices: number[]) =>
        rule({ protocol: 'UDP', endpoints: indices.map(endpoint), nodePort: 30053 });
      await network.setServices([udp(0)]);
      const sockets = ['10.96.0.50:80', `${SETTINGS.nodeAddress}:30053`].map((place) => {
        const socket = createSocket('udp4');
        const [address, port] = place.split(':');
        const ask = (): Promise<string> =>
          new Promise((resolve) => {
            socket.once('message', (message) => resolve(String(message)));
            socket.send('hi', Number(port), address);
          });
        return { socket, ask };
      });
      for (const { ask } of sockets) assert.equal(await ask(), 'pod0 hi');
      await network.setServices([udp(1)]);
      for (const { ask } of sockets) assert.equal(await ask(), 'pod1 hi');
      await network.setServices([udp(0, 1)]);
      for (const { ask } of sockets) assert.equal(await ask(), 'pod1 hi');
      for (const { socket } of sockets) socket.close();
    });

    test('a node port leads to the service, from pods and from the node', async () => {
      await network.setServices([rule({ nodePort: 30080, endpoints: [endpoint(1)] })]);
      assert.match(await client().run(ASK, `http://${SETTINGS.nodeAddress}:30080/`), /^pod1 /);
      const stream = await network.connect(SETTINGS.nodeAddress, 30080);
      stream.destroy();
      const local = await network.connect('127.0.0.1', 30080);
      local.destroy();
    });

    test('with affinity a client stays with the endpoint it met first, also when others come', async () => {
      await network.setServices([rule({ affinitySeconds: 60, endpoints: [endpoint(0), endpoint(1)] })]);
      const met = lines(await client().run(ASK, 'http://10.96.0.50/', '20'));
      assert.equal(new Set(met).size, 1);
      const other = rule({ name: 'default/other:http', addresses: ['10.96.0.51'], endpoints: [endpoint(0)] });
      await network.setServices([other, rule({ affinitySeconds: 60, endpoints: [endpoint(1), endpoint(0)] })]);
      assert.equal(new Set([...met, ...lines(await client().run(ASK, 'http://10.96.0.50/', '20'))]).size, 1);
    });

    test('many changes asked at once end in the last one', async () => {
      const changes = Array.from({ length: 50 }, (_, count) =>
        network.setServices(
          Array.from({ length: count }, (_, index) =>
            rule({ name: `default/s${index}:p`, addresses: [`10.96.1.${index}`], endpoints: [endpoint(index % 2)] }),
          ),
        ),
      );
      await Promise.all(changes);
      assert.match(await client().run(ASK, 'http://10.96.1.48/'), /^pod0 /);
      assert.equal(await client().run(ASK, 'http://10.96.1.49/'), 'ECONNREFUSED');
      await network.setServices([]);
      assert.equal(await client().run(ASK, 'http://10.96.1.48/'), 'ECONNREFUSED');
    });

    test('no packet for the cluster leaves, and an address without a pod is unreachable at once', async () => {
      assert.equal(await client().run(ASK, 'http://10.244.9.9/'), 'EHOSTUNREACH');
      assert.equal(await client().run(ASK, 'http://192.0.2.1/'), 'ENETUNREACH');
    });

    test('attaching again is the same attachment, and a detached address is not given to the next', async () => {
      const pod = await makePod();
      pods.push(pod);
      const wanted = { podId: 'four', networkNamespace: pod.namespace, hostPorts: [] };
      const first = await network.attachPod(wanted);
      assert.deepEqual(await network.attachPod(wanted), first);
      await network.detachPod('four');
      const second = await network.attachPod(wanted);
      assert.notEqual(second.address, first.address);
      assert.match(await pod.run(ASK, `http://${addresses[0]}:8080/`), /^pod0 /);
      await network.detachPod('four');
      await network.detachPod('four');
    });

    test('a host port is reached at the node, and only at the address it asks for', async () => {
      const [everywhere, loopback] = [await makePod(), await makePod()];
      pods.push(everywhere, loopback);
      const port = { protocol: 'TCP', hostPort: 9080, containerPort: 8080 } as const;
      const udp = { ...port, protocol: 'UDP', hostPort: 9081 } as const;
      await network.attachPod({
        podId: 'everywhere',
        networkNamespace: everywhere.namespace,
        hostPorts: [{ ...port, hostIp: SETTINGS.nodeAddress }],
      });
      await network.attachPod({
        podId: 'loopback',
        networkNamespace: loopback.namespace,
        hostPorts: [{ ...port, hostIp: '127.0.0.1' }, udp],
      });
      await everywhere.serve(ECHO_SERVER, 'everywhere', '8080');
      await loopback.serve(ECHO_SERVER, 'loopback', '8080');
      assert.match(await client().run(ASK, `http://${SETTINGS.nodeAddress}:9080/`), /^everywhere /);
      assert.match(await node().run(ASK, `http://${SETTINGS.nodeAddress}:9080/`), /^everywhere /);
      assert.match(await node().run(ASK, 'http://127.0.0.1:9080/'), /^loopback /);
      assert.match(await node().run(ASK, 'http://127.0.0.1:9080/', '1', SETTINGS.nodeAddress), /^loopback /);
      assert.equal(await client().run(ASK_UDP, SETTINGS.nodeAddress, '9081'), 'loopback hello');
      assert.match(await loopback.run(ASK, 'http://127.0.0.1:8080/'), /^loopback /);
    });

    test('a pod asks for the address it had, and has it when it is free', async () => {
      const pod = await makePod();
      pods.push(pod);
      const wanted = { podId: 'again', networkNamespace: pod.namespace, hostPorts: [], wantedAddress: '10.244.77.7' };
      assert.equal((await network.attachPod(wanted)).address, '10.244.77.7');
      const other = await makePod();
      pods.push(other);
      const clash = { ...wanted, podId: 'clash', networkNamespace: other.namespace };
      assert.notEqual((await network.attachPod(clash)).address, '10.244.77.7');
    });
  });

  test('a new engine finds the pods and rules of the one before', async () => {
    const first = await startNetwork({
      settings: { podRange: '10.245.0.0/16', serviceRange: '10.97.0.0/16', dnsAddress: '10.97.0.10' },
    });
    const [server, caller] = [await makePod(), await makePod()];
    const attach = async (network: Network, podId: string, pod: TestPod) =>
      (await network.attachPod({ podId, networkNamespace: pod.namespace, hostPorts: [] })).address;
    const address = await attach(first.network, 'server', server);
    await attach(first.network, 'caller', caller);
    await server.serve(ECHO_SERVER, 'server', '8080');
    const services: ServicePortRule[] = [
      {
        name: 'default/web:',
        protocol: 'TCP',
        addresses: ['10.97.0.50'],
        port: 80,
        endpoints: [{ address, port: 8080 }],
      },
    ];
    await first.network.setServices(services);
    await first.network.stop();
    assert.match(await caller.run(ASK, 'http://10.97.0.50/'), /^server /);

    const second = await startNetwork({
      directory: first.directory,
      settings: { podRange: '10.245.0.0/16', serviceRange: '10.97.0.0/16', dnsAddress: '10.97.0.10' },
    });
    assert.match(await caller.run(ASK, 'http://10.97.0.50/'), /^server /);
    assert.equal(await attach(second.network, 'server', server), address);
    const third = await makePod();
    assert.notEqual(await attach(second.network, 'third', third), address);
    await second.network.setServices(services);
    assert.match(await third.run(ASK, 'http://10.97.0.50/'), /^server /);
    for (const pod of [server, caller, third]) pod.end();
    await second.clean();
  });
});
