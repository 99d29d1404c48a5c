import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Service } from '../kinds/index.ts';
import { ServiceAllocator } from './service-allocator.ts';

const allocator = () => new ServiceAllocator({ serviceRange: '10.96.0.0/24', nodePortRange: [30000, 30003] });
const service = (spec: Partial<Service['spec']>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'a', uid: '', resourceVersion: '', creationTimestamp: '' },
  spec: { type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  status: {},
});

describe('the service allocator', () => {
  test('gives an address out of the upper band, once', () => {
    const one = allocator();
    const seen = new Set<string>();
    for (let count = 0; count < 100; count++) {
      const made = service({});
      one.allocate(made);
      assert.match(made.spec.clusterIP ?? '', /^10\.96\.0\.\d+$/);
      assert.deepEqual(made.spec.clusterIPs, [made.spec.clusterIP]);
      seen.add(made.spec.clusterIP ?? '');
    }
    assert.equal(seen.size, 100);
  });

  test('refuses an address that is taken or out of range', () => {
    const one = allocator();
    one.allocate(service({ clusterIP: '10.96.0.5' }));
    assert.throws(
      () => one.allocate(service({ clusterIP: '10.96.0.5' })),
      /failed to allocate IP 10\.96\.0\.5: provided IP is already allocated/,
    );
    assert.throws(
      () => one.allocate(service({ clusterIP: '10.97.0.5' })),
      /is not in the valid range\. The range of valid IPs is 10\.96\.0\.0\/24/,
    );
  });

  test('a refused service leaves nothing taken, a deleted one gives back', () => {
    const one = allocator();
    one.allocate(service({ type: 'NodePort', ports: [{ port: 80, nodePort: 30000 }] }));
    const second = service({ clusterIP: '10.96.0.9', type: 'NodePort', ports: [{ port: 80, nodePort: 30000 }] });
    assert.throws(
      () => one.allocate(second),
      /spec\.ports\[0\]\.nodePort: Invalid value: 30000: provided port is already allocated/,
    );
    const third = service({ clusterIP: '10.96.0.9' });
    one.allocate(third);
    one.release(third);
    one.allocate(service({ clusterIP: '10.96.0.9' }));
  });

  test('the same port over two protocols shares a number, and a full range is an error', () => {
    const one = allocator();
    const dns = service({
      type: 'NodePort',
      ports: [
        { name: 'u', port: 53, protocol: 'UDP' },
        { name: 't', port: 53, protocol: 'TCP' },
      ],
    });
    one.allocate(dns);
    assert.equal(dns.spec.ports?.[0]?.nodePort, dns.spec.ports?.[1]?.nodePort);
    assert.throws(
      () => one.allocate(service({ type: 'NodePort', ports: [1, 2, 3, 4].map((port) => ({ port })) })),
      /failed to allocate a nodePort: range is full/,
    );
    one.allocate(service({ type: 'NodePort', ports: [1, 2, 3].map((port) => ({ port })) }));
  });

  test('an update keeps what it had and gives back what it no longer names', () => {
    const one = allocator();
    const old = service({ type: 'NodePort' });
    one.allocate(old);
    const same = service({ type: 'NodePort', clusterIP: '' });
    one.allocate(same, old).commit();
    assert.deepEqual(
      [same.spec.clusterIP, same.spec.ports?.[0]?.nodePort],
      [old.spec.clusterIP, old.spec.ports?.[0]?.nodePort],
    );
    const plain = service({
      type: 'ClusterIP',
      ports: [{ port: 80, protocol: 'TCP', nodePort: old.spec.ports?.[0]?.nodePort ?? 0 }],
    });
    one.allocate(plain, same).commit();
    assert.equal(plain.spec.ports?.[0]?.nodePort, undefined);
    one.allocate(service({ type: 'NodePort', ports: [{ port: 80, nodePort: old.spec.ports?.[0]?.nodePort ?? 0 }] }));
    assert.equal(service({ type: 'ExternalName' }).spec.clusterIP, undefined);
  });
});
