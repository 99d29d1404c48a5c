import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { run } from '../../base/index.ts';
import { ASK, ECHO_SERVER, HOST, host, inOwnNamespaces, makePod, node, startNetwork } from './own-namespaces.test.ts';

const OUTSIDE_ADDRESS = '198.51.100.1';

inOwnNamespaces(import.meta.filename, () => {
  describe('the way out', () => {
    test('pods and the node reach what the host reaches, but not its loopback', async () => {
      const hostNamespace = HOST.replace('self', String(process.pid));
      // pasta looks for the host's own way out before it offers one.
      const commands = [
        'link add br0 type bridge',
        'addr add 192.0.2.2/24 dev br0',
        'link set br0 up',
        'route add default via 192.0.2.1',
        `addr add ${OUTSIDE_ADDRESS}/32 dev lo`,
      ];
      await run('nsenter', [`--net=${hostNamespace}`, 'ip', '-batch', '-'], { input: `${commands.join('\n')}\n` });
      await host().serve(ECHO_SERVER, 'outside', '8080');
      const { network, clean } = await startNetwork({ settings: { outbound: 'pasta' } });
      const pod = await makePod();
      await network.attachPod({ podId: 'one', networkNamespace: pod.namespace, hostPorts: [] });
      assert.match(await pod.run(ASK, `http://${OUTSIDE_ADDRESS}:8080/`), /^outside /);
      assert.match(await node().run(ASK, `http://${OUTSIDE_ADDRESS}:8080/`), /^outside /);
      assert.doesNotMatch(await pod.run(ASK, 'http://169.254.253.1:8080/'), /^outside /);
      pod.end();
      await clean();
    });
  });
});
