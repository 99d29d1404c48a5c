import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../base/index.ts';
import { type MemoryCluster, memoryCluster } from '../../testing/memory-cluster.test.ts';
import type { Client, Running } from '../client/index.ts';
import { type Draft, type Kind, type KubeObject, kinds, type Service } from '../kinds/index.ts';
import {
  ASK,
  ECHO_SERVER,
  host,
  inOwnNamespaces,
  makePod,
  SETTINGS,
  startNetwork,
  type TestPod,
} from '../network/own-namespaces.test.ts';
import { startProxy } from './start.ts';

inOwnNamespaces(import.meta.filename, () => {
  describe('the proxy, from objects to packets', () => {
    let client: Client;
    let cluster: MemoryCluster;
    const pods: TestPod[] = [];
    const addresses: string[] = [];
    const servers: Awaited<ReturnType<TestPod['serve']>>[] = [];
    let started: Awaited<ReturnType<typeof startNetwork>>;
    let proxy: Running;

    const slice = (name: string, ready: boolean[], port = 8080) => ({
      metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: '', port, protocol: 'TCP' }],
      endpoints: ready.map((isReady, index) => ({
        addresses: [addresses[index] ?? ''],
        conditions: { ready: isReady },
      })),
    });
    const make = <T extends KubeObject>(kind: Kind<T>, object: object) =>
      client.create(kind, object as unknown as Draft<T>);
    /** Asks again until the answer matches: what is looked for arrives by watch, soon but not at once. */
    async function until(pattern: RegExp, look: () => Promise<string>): Promise<void> {
      let said = '';
      for (let tries = 0; tries < 60; tries++) {
        said = await look();
        if (pattern.test(said)) return;
        await systemClock.sleep(50);
      }
      assert.match(said, pattern);
    }

    before(async () => {
      started = await startNetwork();
      cluster = await memoryCluster();
      client = cluster.client;
      for (const name of ['one', 'two']) {
        const pod = await makePod();
        pods.push(pod);
        const wanted = { podId: name, networkNamespace: pod.namespace, hostPorts: [] };
        addresses.push((await started.network.attachPod(wanted)).address);
        servers.push(await pod.serve(ECHO_SERVER, name, '8080'));
      }
      await make(kinds.services, {
        metadata: { name: 'web', namespace: 'default' },
        spec: { type: 'NodePort', clusterIP: '10.96.0.50', ports: [{ port: 80, protocol: 'TCP', nodePort: 30080 }] },
      });
      await make(kinds.endpointslices, slice('web', [true, false]));
      proxy = startProxy(cluster.context, started.network, {
        nodeName: 'node',
        nodeAddress: SETTINGS.nodeAddress,
        clusterDomain: 'cluster.local',
        loadBalancerAddress: '127.0.0.1',
        ingressDoors: { http: 8080, https: 8443 },
      });
    });
    after(async () => {
      await proxy.stop();
      await cluster.stop();
      for (const pod of pods) pod.end();
      await started.clean();
    });
    const fromPod = (url: string) => (pods[1] as TestPod).run(ASK, url);
    const fromHost = (url: string) => host().run(ASK, url);

    test('a service is reached by its address, and by its node port on the host', async () => {
      await until(/^one /, () => fromPod('http://10.96.0.50/'));
      await until(/^one /, () => fromHost('http://127.0.0.1:30080/'));
    });

    test('an endpoint that is ready no more is left, and one that becomes ready is found', async () => {
      const known = await client.get(kinds.endpointslices, 'default', 'web');
      await client.update(kinds.endpointslices, { ...known, ...slice('web', [false, true]), metadata: known.metadata });
      await until(/^two /, () => fromPod('http://10.96.0.50/'));
      const answers = new Set((await (pods[0] as TestPod).run(ASK, 'http://10.96.0.50/', '10')).split('\n'));
      assert.equal(answers.size, 1);
    });

    test('a load balancer has doors on the host and says so; one that wants a taken port is told the way around', async () => {
      await make(kinds.services, {
        metadata: { name: 'balanced', namespace: 'default' },
        spec: { type: 'LoadBalancer', clusterIP: '10.96.0.51', ports: [{ port: 9000, nodePort: 30081 }] },
      });
      await make(kinds.endpointslices, slice('balanced', [true]));
      await until(/^one /, () => fromHost('http://127.0.0.1:9000/'));
      const status = async (name: string) => {
        const service = (await client.get(kinds.services, 'default', name)) as Service;
        return JSON.stringify(service.status.loadBalancer?.ingress ?? []);
      };
      await until(/127\.0\.0\.1/, () => status('balanced'));

      await make(kinds.services, {
        metadata: { name: 'late', namespace: 'default' },
        spec: { type: 'LoadBalancer', clusterIP: '10.96.0.52', ports: [{ port: 9000, nodePort: 30082 }] },
      });
      const events = async () => {
        const { items } = await client.list(kinds.events);
        return items.map((event) => `${event.involvedObject.name} ${event.reason} ${event.message}`).join('\n');
      };
      await until(
        /^late SyncLoadBalancerFailed .*port 9000 is taken by default\/balanced.*127\.0\.0\.1:30082$/m,
        events,
      );
      assert.equal(await status('late'), '[]');
    });

    test('an ingress leads from the host to the pods, and says where it is reached', async () => {
      await make(kinds.ingresses, {
        metadata: { name: 'in', namespace: 'default' },
        spec: {
          rules: [
            {
              http: {
                paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
              },
            },
          ],
        },
      });
      await until(/^two /, () => fromHost('http://127.0.0.1:8080/'));
      await until(/127\.0\.0\.1/, async () => {
        const ingress = await client.get(kinds.ingresses, 'default', 'in');
        return JSON.stringify(ingress.status.loadBalancer?.ingress ?? []);
      });
    });

    test('no request is lost while a pod goes, neither by the ingress nor by a load balancer', async () => {
      const ready = async (name: string, endpoints: boolean[]) => {
        const known = await client.get(kinds.endpointslices, 'default', name);
        await client.update(kinds.endpointslices, { ...known, ...slice(name, endpoints), metadata: known.metadata });
      };
      await Promise.all([ready('web', [true, true]), ready('balanced', [true, true])]);
      for (const url of ['http://127.0.0.1:8080/', 'http://127.0.0.1:9000/']) {
        await until(/one [\s\S]*two |two [\s\S]*one /, () => host().run(ASK, url, '20'));
      }
      const loads = Promise.all(
        ['http://127.0.0.1:8080/', 'http://127.0.0.1:9000/'].map((url) => host().run(ASK, url, '400')),
      );
      await systemClock.sleep(150);
      await Promise.all([ready('web', [false, true]), ready('balanced', [false, true]), servers[0]?.stop('SIGTERM')]);
      const answers = (await loads).flatMap((text) => text.split('\n'));
      assert.equal(answers.length, 800);
      assert.deepEqual(
        answers.filter((answer) => !/^(one|two) from /.test(answer)),
        [],
      );
    });

    test('a service that is deleted is refused, and its doors are shut', async () => {
      await client.delete(kinds.services, 'default', 'web', {});
      await until(/^ECONNREFUSED$/, () => fromPod('http://10.96.0.50/'));
      await until(/^ECONNREFUSED$/, () => fromHost('http://127.0.0.1:30080/'));
      await until(/No endpoints are ready for ingress default\/in/, () => fromHost('http://127.0.0.1:8080/'));
    });
  });
});
