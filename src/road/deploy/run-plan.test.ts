import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { kinds } from '../../engine/kinds/index.ts';
import type { RunEvent } from './contract.ts';
import { type ControlPlane, controlPlane, freeLease, shop, stateOf, stepsOf } from './control-plane.test.ts';
import { promoteRelease, rollbackRequest, rollbackRisks } from './releases.ts';

const V1 = ['ConfigMap shop-1', 'Deployment shop shop:1 2/2', 'Ingress shop', 'Service shop to stable'];
const V2 = [
  'ConfigMap shop-1',
  'ConfigMap shop-2',
  'Deployment shop shop:2 2/2',
  'Ingress shop',
  'Service shop to stable',
];
const quietly = () => {
  const events: RunEvent[] = [];
  return { events, onEvent: (event: RunEvent) => void events.push(event) };
};

let plane: ControlPlane;
beforeEach(async () => {
  plane = await controlPlane();
});

async function ended(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await plane.stop();
  }
}

describe('a release by each strategy', () => {
  for (const strategy of ['rolling', 'recreate', 'blue-green', 'canary'] as const) {
    test(`${strategy} ends with the new version as the stable one and nothing beside it`, () =>
      ended(async () => {
        assert.equal((await plane.release(shop('1'))).verdict, 'good');
        assert.deepEqual(await stateOf(plane.client), V1);
        assert.equal((await plane.release(shop('2', { strategy }))).verdict, 'good');
        assert.deepEqual(await stateOf(plane.client), V2);
        const again = await plane.plan(shop('2', { strategy }));
        assert.deepEqual(again.steps, [], 'the same once more is no release');
      }));
  }

  test('may follow any other', () =>
    ended(async () => {
      await plane.release(shop('1'));
      let version = 1;
      for (const strategy of ['canary', 'blue-green', 'recreate', 'blue-green', 'rolling', 'canary'] as const) {
        version++;
        assert.equal((await plane.release(shop(String(version), { strategy }))).verdict, 'good');
        const state = await stateOf(plane.client);
        assert.deepEqual(state, [
          `ConfigMap shop-${version - 1}`,
          `ConfigMap shop-${version}`,
          `Deployment shop shop:${version} 2/2`,
          'Ingress shop',
          'Service shop to stable',
        ]);
      }
    }));

  test('a change of configuration alone is a release', () =>
    ended(async () => {
      const request = shop('1');
      await plane.release(request);
      const objects = request.objects.map((object) =>
        object.kind === 'ConfigMap' ? { ...object, data: { VERSION: 'other' } } : object,
      );
      assert.equal((await plane.release({ ...request, objects })).number, 2);
    }));
});

describe('migrations and hooks', () => {
  test('run in their places, and hooks once in each release', () =>
    ended(async () => {
      const hooks = { before: ['true'], between: ['true'], after: ['true'] };
      for (const version of ['1', '2']) {
        const { events, onEvent } = quietly();
        const request = shop(version, { strategy: 'blue-green', hooks, migrate: ['true'] });
        assert.equal((await plane.release(request, { onEvent })).verdict, 'good');
        const tail = ['next', 'smoke', 'between', 'traffic', 'smoke', 'hold', 'roll', 'traffic', 'remove', 'after'];
        assert.deepEqual(
          stepsOf(events),
          version === '1'
            ? ['write', 'migrate', 'before', 'write', 'roll', 'between', 'smoke', 'after']
            : ['write', 'migrate', 'before', ...tail],
        );
      }
      const release = await plane.ledger.get(2);
      assert.deepEqual(release.migration, { job: 'shop-migrate-2', verdict: 'good' });
    }));

  test('a migration that fails leaves the old version as it was, and the record says why', () =>
    ended(async () => {
      await plane.release(shop('1'));
      const outcome = await plane.release(shop('2', { migrate: ['false'], strategy: 'canary' }));
      assert.equal(outcome.verdict, 'undone');
      assert.match(outcome.reason ?? '', /^job\/shop-migrate-2: BackoffLimitExceeded/);
      assert.deepEqual(await stateOf(plane.client), V1);
      const release = await plane.ledger.get(2);
      assert.equal(release.migration?.verdict, 'failed');
      assert.equal(release.verdict, 'undone');
    }));

  test('a hook after all traffic that fails is told, and the release stands', () =>
    ended(async () => {
      const outcome = await plane.release(shop('1', { hooks: { after: ['false'] } }));
      assert.equal(outcome.verdict, 'good');
      assert.match(outcome.reason ?? '', /job\/shop-after-1: BackoffLimitExceeded/);
    }));
});

describe('what fails is taken back', () => {
  for (const strategy of ['rolling', 'recreate', 'blue-green', 'canary'] as const) {
    test(`${strategy}: pods that never get ready`, () =>
      ended(async () => {
        await plane.release(shop('1'));
        const outcome = await plane.release(shop('broken', { strategy }));
        assert.equal(outcome.verdict, 'undone', outcome.reason);
        assert.match(outcome.reason ?? '', /^deployment\/shop(-next)?: .*exit code 3/);
        assert.deepEqual(await stateOf(plane.client), V1);
      }));
  }

  test('of a first release nothing but data is left', () =>
    ended(async () => {
      const outcome = await plane.release(shop('broken'));
      assert.equal(outcome.verdict, 'undone');
      assert.deepEqual(await stateOf(plane.client), []);
    }));

  test('what somebody changed by hand before the release is there again after it was taken back', () =>
    ended(async () => {
      await plane.release(shop('1'));
      const body = { spec: { replicas: 3 } };
      await plane.client.patch(kinds.deployments, 'default', 'shop', { type: 'merge', body }, { fieldManager: 'hand' });
      const outcome = await plane.release(shop('broken'));
      assert.equal(outcome.verdict, 'undone');
      assert.deepEqual(
        await stateOf(plane.client),
        V1.map((line) => line.replace('2/2', '3/3')),
      );
    }));
});

describe('a hold', () => {
  test('without a time waits until somebody promotes', () =>
    ended(async () => {
      await plane.release(shop('1'));
      const lease = freeLease();
      const onEvent = (event: RunEvent): void => {
        if (event.type === 'progress' && event.text.startsWith('waits:')) lease.ask('promote');
      };
      const request = { ...shop('2', { strategy: 'blue-green' }), hold: { seconds: undefined } };
      assert.equal((await plane.release(request, { lease, onEvent })).verdict, 'good');
      assert.deepEqual(await stateOf(plane.client), V2);
    }));

  test('is left to another process when asked so, which promotes', () =>
    ended(async () => {
      await plane.release(shop('1'));
      const request = { ...shop('2', { strategy: 'blue-green' }), hold: { seconds: undefined } };
      assert.equal((await plane.release(request, { leaveAtHold: true })).verdict, 'held');
      const left = await plane.ledger.interrupted();
      assert.equal(left?.number, 2);
      assert.ok((await stateOf(plane.client)).includes('Service shop to next'));
      assert.ok(left);
      assert.equal((await promoteRelease(left, plane.around())).verdict, 'good');
      assert.deepEqual(await stateOf(plane.client), V2);
    }));

  test('ends when somebody aborts, with the old version serving', () =>
    ended(async () => {
      await plane.release(shop('1'));
      const lease = freeLease();
      const onEvent = (event: RunEvent): void => {
        if (event.type === 'progress' && event.text.startsWith('waits:')) lease.ask('abort');
      };
      const request = { ...shop('2', { strategy: 'blue-green' }), hold: { seconds: undefined } };
      assert.equal((await plane.release(request, { lease, onEvent })).verdict, 'aborted');
      assert.deepEqual(await stateOf(plane.client), V1);
      assert.equal((await plane.ledger.get(2)).verdict, 'aborted');
    }));
});

describe('a rollback', () => {
  test('is a release of what the earlier one had, without its migration', () =>
    ended(async () => {
      await plane.release(shop('1', { migrate: ['true'] }));
      await plane.release(shop('2', { migrate: ['true'] }));
      const { events, onEvent } = quietly();
      const target = await plane.ledger.get(1);
      const outcome = await plane.release(rollbackRequest(target, await plane.ledger.lastGood(), 'rolling'), {
        onEvent,
      });
      assert.equal(outcome.verdict, 'good');
      // What it has to sweep besides depends on the releases before.
      assert.deepEqual(stepsOf(events).slice(0, 2), ['roll', 'smoke']);
      assert.ok(!stepsOf(events).includes('migrate'));
      const release = await plane.ledger.get(3);
      assert.equal(release.rollbackOf, 1);
      assert.ok((await stateOf(plane.client)).includes('Deployment shop shop:1 2/2'));
    }));

  test('tells which migrations between make it unsafe', () =>
    ended(async () => {
      await plane.release(shop('1'));
      const risk = { what: 'drops column users.email', source: 'db/2.sql:4' };
      const migrations = { tool: { value: 'sql', source: 'db' }, files: ['db/2.sql'], risks: [risk] };
      await plane.release({ ...shop('2', { migrate: ['true'] }), migrations });
      await plane.release(shop('3'));
      const all = await plane.ledger.list();
      assert.deepEqual(rollbackRisks(all, 1, 3), ['v2: its migration drops column users.email (db/2.sql:4)']);
      assert.deepEqual(rollbackRisks(all, 2, 3), []);
    }));
});
