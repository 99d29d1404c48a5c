import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, ResourceRequirements } from '../kinds/index.ts';
import { containerLimits, cpuQuotaUs, cpuShares, oomScoreAdjust, podLimits } from './limits.ts';
import { qualityClass } from './quality.ts';

const podOf = (...resources: ResourceRequirements[]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', uid: 'u', creationTimestamp: '', resourceVersion: '1' },
  spec: { containers: resources.map((one, index) => ({ name: `c${index}`, resources: one })) },
  status: {},
});

test('shares and quota follow the kubelet', () => {
  assert.deepEqual([0, 1, 500, 1000, 10_000_000].map(cpuShares), [2, 2, 512, 1024, 262_144]);
  assert.deepEqual([0, 5, 100, 1500].map(cpuQuotaUs), [undefined, 1000, 10_000, 150_000]);
});

test('a limit alone is the request too', () => {
  assert.deepEqual(containerLimits({ name: 'a', resources: { limits: { cpu: '500m', memory: '64Mi' } } }), {
    cpuShares: 512,
    cpuQuotaUs: 50_000,
    memoryBytesMax: 67_108_864,
  });
});

test('a pod is limited only when every container is', () => {
  const limited = { limits: { cpu: '1', memory: '1Gi' } };
  assert.deepEqual(podLimits(podOf(limited, limited)), {
    cpuShares: 2048,
    cpuQuotaUs: 200_000,
    memoryBytesMax: 2 ** 31,
  });
  assert.deepEqual(podLimits(podOf(limited, { requests: { cpu: '100m' } })), { cpuShares: 1126 });
});

test('the quality class decides who goes first when memory runs out', () => {
  const full = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1024Mi' } };
  const cases: [Pod, string, number][] = [
    [podOf(full), 'Guaranteed', -997],
    [podOf({}), 'BestEffort', 1000],
    [podOf({ requests: { memory: '1Gi' } }), 'Burstable', 750],
    [podOf(full, {}), 'Burstable', 750],
  ];
  for (const [pod, quality, score] of cases) {
    assert.equal(qualityClass(pod), quality);
    assert.equal(oomScoreAdjust(pod, pod.spec.containers[0] ?? { name: '' }, 4 * 2 ** 30), score);
  }
});
