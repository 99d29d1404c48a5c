import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { kinds, StatusError } from '../../engine/kinds/index.ts';
import { openLedger } from '../releases/index.ts';
import type { RoadClient } from './contract.ts';
import { APP, type ControlPlane, controlPlane, NAMESPACE, quickClock, shop, stateOf } from './control-plane.test.ts';
import { isPassing, patientClient } from './patient.ts';
import { resumeRelease } from './releases.ts';

const refusal = (code: number, reason: string): StatusError =>
  new StatusError({
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    code,
    reason,
    message: `${reason} (${code})`,
  });
const reset = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
const refused = (): Error => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

type Call = { readonly verb: string; readonly index: number };

/** A client in whose way `fault` throws, before a call is heard or after. */
function through(
  client: RoadClient,
  fault: (call: Call) => { readonly error: Error; readonly isHeard?: boolean } | undefined,
): RoadClient {
  let index = 0;
  return new Proxy(client, {
    get(target, key) {
      const found: unknown = Reflect.get(target, key);
      if (typeof found !== 'function') return found;
      return async (...rest: unknown[]): Promise<unknown> => {
        const thrown = fault({ verb: String(key), index: index++ });
        if (thrown && !thrown.isHeard) throw thrown.error;
        const answer = await (found.apply(target, rest) as Promise<unknown>);
        if (thrown) throw thrown.error;
        return answer;
      };
    },
  });
}

let plane: ControlPlane;
const alive = setInterval(() => {}, 1_000);
beforeEach(async () => {
  plane = await controlPlane();
});
afterEach(async () => {
  await plane.stop();
  alive.unref();
});

const patientIn = (client: RoadClient) => {
  const patient = patientClient(client, quickClock);
  return { client: patient, ledger: openLedger(patient, APP, NAMESPACE) };
};

describe('a release while the API fails for passing causes', () => {
  for (const strategy of ['rolling', 'recreate', 'blue-green', 'canary'] as const) {
    test(`${strategy}: comes through whatever is refused, lost or answered with a conflict now and then`, async () => {
      await plane.release(shop('1'));
      let faults = 0;
      const client = through(plane.client, ({ verb, index }) => {
        // Creations are spared: they are not tried twice, since a second one would be another release.
        if (index % 5 !== 3 || verb === 'create') return undefined;
        const kindsOfFault = [
          { error: refusal(503, 'ServiceUnavailable') },
          { error: refusal(500, 'InternalError') },
          { error: refusal(429, 'TooManyRequests') },
          { error: reset(), isHeard: verb !== 'watch' },
          { error: refusal(504, 'Timeout'), isHeard: verb !== 'watch' },
        ];
        return kindsOfFault[faults++ % kindsOfFault.length];
      });
      const outcome = await plane.release(shop('2', { strategy, migrate: ['true'] }), patientIn(client));
      assert.equal(outcome.verdict, 'good', outcome.reason);
      assert.ok(faults >= 5, `${faults} faults`);
      assert.deepEqual(await stateOf(plane.client), [
        'ConfigMap shop-1',
        'ConfigMap shop-2',
        'Deployment shop shop:2 2/2',
        'Ingress shop',
        'Service shop to stable',
      ]);
      assert.equal(await plane.ledger.interrupted(), undefined);
    });
  }

  for (const [words, error] of [
    ['does not answer', refused()],
    ['answers only that it is unavailable', refusal(503, 'ServiceUnavailable')],
  ] as const) {
    test(`is left as it is where the cluster ${words} any more, and resumed once it is back`, async () => {
      await plane.release(shop('1'));
      let rolled = false;
      const client = through(plane.client, () => (rolled ? { error } : undefined));
      const onEvent = (event: { type: string; step?: { type: string } }): void => {
        if (event.type === 'step' && event.step?.type === 'roll') rolled = true;
      };
      await assert.rejects(
        plane.release(shop('2'), { ...patientIn(client), onEvent }),
        /^UserError: v2: lost the way to the cluster at step 2 of 3: .*\nOnce it is back: wherry resume goes on/,
      );
      const left = await plane.ledger.interrupted();
      assert.deepEqual([left?.number, left?.stepsDone], [2, 1]);
      assert.ok(left);
      assert.equal((await resumeRelease(left, plane.around())).verdict, 'good');
      assert.ok((await stateOf(plane.client)).includes('Deployment shop shop:2 2/2'));
    });
  }

  test('is taken back where a webhook refuses for good, with what it said', async () => {
    await plane.release(shop('1'));
    let patches = 0;
    const client = through(plane.client, ({ verb }) =>
      verb === 'patch' && ++patches === 2 ? { error: refusal(403, 'Forbidden') } : undefined,
    );
    const outcome = await plane.release(shop('2'), patientIn(client));
    assert.equal(outcome.verdict, 'undone');
    assert.match(outcome.reason ?? '', /Forbidden \(403\)/);
    assert.ok((await stateOf(plane.client)).includes('Deployment shop shop:1 2/2'));
  });
});

describe('a patient client', () => {
  test('gives up in the end, and at once on what does not pass', async () => {
    let calls = 0;
    const failing = (error: Error) =>
      patientClient(
        through(plane.client, () => {
          calls++;
          return { error };
        }),
        quickClock,
      );
    await assert.rejects(failing(refusal(503, 'ServiceUnavailable')).list(kinds.pods), /ServiceUnavailable/);
    assert.ok(calls > 3, `${calls} calls`);
    calls = 0;
    await assert.rejects(failing(refusal(403, 'Forbidden')).list(kinds.pods), /Forbidden/);
    assert.equal(calls, 1);
  });

  test('creates once, unless it was surely not heard', async () => {
    const draft = (name: string) => ({ metadata: { name, namespace: NAMESPACE } });
    let calls = 0;
    const client = (error: Error) =>
      patientClient(
        through(plane.client, () => (calls++ === 0 ? { error } : undefined)),
        quickClock,
      );
    await assert.rejects(client(refusal(503, 'ServiceUnavailable')).create(kinds.configmaps, draft('one')));
    calls = 0;
    await client(refused()).create(kinds.configmaps, draft('two'));
    assert.equal(calls, 2);
  });

  test('takes nothing for passing that is the caller’s', () => {
    assert.deepEqual(
      [refusal(404, 'NotFound'), refusal(409, 'Conflict'), refusal(422, 'Invalid'), new Error('other')].map(isPassing),
      [false, false, false, false],
    );
  });
});
