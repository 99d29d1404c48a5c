import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { openLedger } from '../releases/index.ts';
import type { ReleaseRequest, RoadClient } from './contract.ts';
import { APP, type ControlPlane, controlPlane, NAMESPACE, shop, stateOf } from './control-plane.test.ts';
import { abortRelease, promoteRelease, resumeRelease } from './releases.ts';

const WRITES = new Set(['create', 'update', 'patch', 'delete']);

/** A client whose process dies at its n-th write: before it, or after it but before it hears of it; nothing follows. */
function mortal(client: RoadClient, writesMax: number, diesAfter: boolean): { client: RoadClient; died(): boolean } {
  let writes = 0;
  let dead = false;
  const gone = () => Promise.reject(new Error('killed'));
  return {
    died: () => dead,
    client: new Proxy(client, {
      get(target, key) {
        const found: unknown = Reflect.get(target, key);
        if (typeof found !== 'function') return found;
        return async (...rest: unknown[]): Promise<unknown> => {
          if (dead) return await gone();
          if (WRITES.has(String(key)) && ++writes > writesMax) {
            dead = true;
            if (diesAfter) await (found.apply(target, rest) as Promise<unknown>);
            return await gone();
          }
          return await (found.apply(target, rest) as Promise<unknown>);
        };
      },
    }),
  };
}

let plane: ControlPlane;
// A clock's timers do not keep a process alive; a wait that fails by its bound must live to tell.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));
// A node that nobody plays for long is lost, so each walk has a cluster of its own.
beforeEach(async () => {
  plane = await controlPlane();
});
afterEach(async () => {
  await plane.stop();
});

async function releaseUntilDead(request: ReleaseRequest, writesMax: number, diesAfter: boolean): Promise<boolean> {
  const { client, died } = mortal(plane.client, writesMax, diesAfter);
  const ledger = openLedger(client, APP, NAMESPACE);
  await plane.release(request, { client, ledger }).catch(() => {});
  return died();
}

describe('a release that is cut off at any of its writes', () => {
  const clean = (version: number, ...configurations: number[]): string[] => [
    ...configurations.map((each) => `ConfigMap shop-${each}`).sort(),
    `Deployment shop shop:${version} 2/2`,
    'Ingress shop',
    'Service shop to stable',
  ];
  for (const strategy of ['rolling', 'recreate', 'blue-green', 'canary'] as const) {
    test(`${strategy}: aborting serves the old version as before, resuming the new one`, async () => {
      const hooks = { before: ['true'], between: ['true'] };
      await plane.release(shop('1'));
      let version = 1;
      let cuts = 0;
      for (let writes = 0; ; writes++) {
        const next = version + 1;
        const request = shop(String(next), { strategy, hooks, migrate: ['true'] });
        const isCut = await releaseUntilDead(request, writes, writes % 2 === 1);
        if (!isCut) {
          version = next;
          break;
        }
        cuts++;
        const what = `${strategy} cut off at write ${writes}`;
        const wasBegun = await plane.ledger.interrupted();
        if (!wasBegun) {
          // Cut off around the writing of its verdict, or before it had a number.
          const last = (await plane.ledger.list()).at(-1);
          if (last && last.image === request.image && last.verdict === 'good') version = next;
          continue;
        }
        const outcome = await abortRelease(wasBegun, plane.around());
        assert.equal(outcome.verdict, 'aborted', `${what}: ${outcome.reason}`);
        const state = await stateOf(plane.client);
        const old = state.filter((line) => line.startsWith('ConfigMap')).map((line) => Number(line.slice(15)));
        assert.ok(old.includes(version) && !old.includes(next), `${what}: ${state.join(', ')}`);
        assert.deepEqual(state, clean(version, ...old), what);

        await releaseUntilDead(request, writes, writes % 2 === 0);
        const again = await plane.ledger.interrupted();
        if (!again) {
          // Less was there to be swept than the first time, so it came through.
          if ((await plane.ledger.list()).at(-1)?.verdict === 'good') version = next;
          continue;
        }
        const resumed = await resumeRelease(again, plane.around());
        assert.equal(resumed.verdict, 'good', `${what}, resumed: ${resumed.reason}`);
        assert.deepEqual(await stateOf(plane.client), clean(next, version, next), `${what}, resumed`);
        version = next;
      }
      assert.ok(cuts >= 5, `${strategy} was cut off at ${cuts} writes only`);
    });
  }

  test('the way back itself may be cut off at any write, and is finished by whoever comes next', async () => {
    await plane.release(shop('1'));
    let version = 1;
    for (let writes = 0; ; writes++) {
      const next = version + 1;
      const request = shop(String(next), { strategy: 'blue-green' });
      const isHeld = await plane.release({ ...request, hold: { seconds: undefined } }, { leaveAtHold: true });
      assert.equal(isHeld.verdict, 'held');
      const left = await plane.ledger.interrupted();
      assert.ok(left);
      const { client, died } = mortal(plane.client, writes, writes % 2 === 1);
      await abortRelease(left, plane.around({ client, ledger: openLedger(client, APP, NAMESPACE) })).catch(() => {});
      const again = await plane.ledger.interrupted();
      // Cut off before its first write, nobody knows that it was to be taken back: it still holds.
      const settle = writes === 0 ? promoteRelease : writes % 2 === 0 ? resumeRelease : abortRelease;
      if (again) await settle(again, plane.around());
      assert.equal((await plane.ledger.list()).at(-1)?.verdict, again && writes === 0 ? 'good' : 'aborted');
      const state = await stateOf(plane.client);
      assert.ok(state.includes('Service shop to stable') && !state.some((line) => line.includes('next')), state.join());
      if (writes === 0) version = next;
      if (!died()) break;
    }
  });
});
