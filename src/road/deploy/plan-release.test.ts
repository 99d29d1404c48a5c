import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Deployment, KubeObject } from '../../engine/kinds/index.ts';
import type { Manifest } from '../manifests/index.ts';
import { APPLIED_ANNOTATION, appliedHash } from './apply.ts';
import type { LiveState, ReleaseRequest } from './contract.ts';
import { shop } from './control-plane.test.ts';
import { withTrack } from './front.ts';
import { nameOf } from './kinds-of.ts';
import { planRelease, planText } from './plan-release.ts';
import { planUndo } from './plan-undo.ts';

const NOTHING: LiveState = { objects: new Map(), last: undefined, written: [], ingressController: undefined };

/** The cluster as it is after a release, in which everything came up. */
function after(request: ReleaseRequest, controller: string | undefined = 'wherry.dev/ingress'): LiveState {
  const objects = new Map<string, KubeObject>();
  for (const object of withTrack(request.objects, request.front)) {
    const annotations = { ...object.metadata.annotations, [APPLIED_ANNOTATION]: appliedHash(object) };
    const replicas = (object.spec as { replicas?: number } | undefined)?.replicas ?? 1;
    const counts = { replicas, readyReplicas: replicas, updatedReplicas: replicas, availableReplicas: replicas };
    const status = object.kind === 'Job' ? { conditions: [{ type: 'Complete', status: 'True' }] } : counts;
    const live = { ...object, metadata: { ...object.metadata, annotations }, status };
    objects.set(nameOf(object), live as unknown as KubeObject);
  }
  return { objects, last: undefined, written: [], ingressController: controller };
}

const lines = (request: ReleaseRequest, live: LiveState): string[] => planText(planRelease(request, live));

describe('a plan as it is printed', () => {
  test('the first release', () => {
    assert.deepEqual(lines(shop('1', { migrate: ['migrate'] }), NOTHING), [
      '1  write configmap/shop-1',
      '2  migrate the database in the new image, before it serves: job/shop-migrate-1',
      '3  write service/shop and ingress/shop',
      '4  bring up deployment/shop, and wait until ready',
      '5  smoke test through service/shop: GET /ready and GET /',
      'Can it be rolled back? Not known: what its migration does to the database could not be read.',
    ]);
  });

  test('nothing to do', () => {
    assert.deepEqual(lines(shop('1'), after(shop('1'))), []);
  });

  test('rolling', () => {
    assert.deepEqual(lines(shop('2'), after(shop('1'))), [
      '1  write configmap/shop-2',
      '2  roll deployment/shop: each old pod goes when a new one is ready',
      '3  smoke test through service/shop: GET /ready and GET /',
      'Can it be rolled back? Yes: no migration runs with it.',
    ]);
  });

  test('recreate takes the old version down before it migrates', () => {
    assert.deepEqual(lines(shop('2', { strategy: 'recreate', migrate: ['migrate'] }), after(shop('1'))).slice(1, 4), [
      '2  take deployment/shop down; nothing serves from here until the new version is ready, and the gap is measured',
      '3  migrate the database in the new image, before it serves; if that fails, the old version comes back: job/shop-migrate-2',
      '4  bring up deployment/shop, and wait until ready',
    ]);
  });

  test('blue-green', () => {
    const request = {
      ...shop('2', { strategy: 'blue-green', hooks: { between: ['warm'] } }),
      url: 'http://shop.localhost',
    };
    assert.deepEqual(lines(request, after(shop('1'))), [
      ' 1  write configmap/shop-2',
      ' 2  bring up the new version beside the old one: deployment/shop-next, 2 pods',
      ' 3  smoke test through service/shop-next, where no user comes: GET /ready and GET /',
      ' 4  run the hook between ready and traffic: job/shop-between-1',
      ' 5  switch service/shop to the new version in one write; the old pods stay',
      ' 6  smoke test through http://shop.localhost: GET /ready and GET /',
      ' 7  hold for 5 s, watching the new pods; the old version stands by',
      ' 8  roll deployment/shop to the new version while deployment/shop-next serves',
      ' 9  lead service/shop to deployment/shop again, now of the new version',
      '10  take away ingress/shop-next, deployment/shop-next and service/shop-next',
      'Can it be rolled back? Yes: no migration runs with it.',
    ]);
  });

  test('a canary whose Ingress shares requests', () => {
    const planned = lines(shop('2', { strategy: 'canary' }), after(shop('1')));
    assert.deepEqual(planned.slice(1, 10), [
      ' 2  bring up the new version beside the old one: deployment/shop-next, 1 pod',
      ' 3  smoke test through service/shop-next, where no user comes: GET /ready and GET /',
      ' 4  lead 10 % of what comes in by the Ingress to the new version; within the cluster service/shop leads to the old one',
      ' 5  hold for 5 s, watching the new pods; the old version serves the rest',
      ' 6  lead 50 % of what comes in by the Ingress to the new version; within the cluster service/shop leads to the old one',
      ' 7  bring up the new version beside the old one: deployment/shop-next, 2 pods',
      ' 8  lead 100 % of what comes in by the Ingress to the new version; within the cluster service/shop leads to the old one',
      ' 9  smoke test through service/shop: GET /ready and GET /',
      '10  roll deployment/shop to the new version while deployment/shop-next serves',
    ]);
  });

  test('a canary where only the number of pods decides says what share comes of it', () => {
    const planned = lines(shop('2', { strategy: 'canary' }), after(shop('1'), 'example.com/other'));
    assert.deepEqual(
      planned.filter((line) => line.includes('service/shop to')),
      [
        ' 4  lead service/shop to both versions: 1 of 3 pods, so about 33 % of the requests, not 10 %, since only the number of pods decides here',
        ' 7  lead service/shop to both versions: 2 of 4 pods, so about 50 % of the requests',
        ' 8  switch service/shop to the new version; the old pods stay',
        '11  lead service/shop to deployment/shop again, now of the new version',
      ],
    );
  });

  test('risks of a migration are told with their place, and what to do', () => {
    const risk = { what: 'drops column users.email', source: 'db/2.sql:4' };
    const migrations = { tool: { value: 'sql', source: 'db' }, files: ['db/2.sql'], risks: [risk] };
    const planned = lines({ ...shop('2', { migrate: ['migrate'] }), migrations }, after(shop('1')));
    assert.deepEqual(planned.slice(-2), [
      '! db/2.sql:4: drops column users.email; the old version serves while it runs and may need it. Release code that does without it first, and this one after',
      'Can it be rolled back? Not safely: its migration drops column users.email (db/2.sql:4).',
    ]);
  });
});

test('a Deployment of another selector is in the way, and nothing is planned over it', () => {
  const live = after(shop('1'));
  const there = live.objects.get('deployment/shop') as Deployment;
  const foreign = { ...there, spec: { ...there.spec, selector: { matchLabels: { app: 'shop' } } } };
  const objects = new Map(live.objects).set('deployment/shop', foreign);
  assert.throws(
    () => planRelease(shop('2'), { ...live, objects }),
    /^UserError: deployment\/shop: is there with another selector, which cannot change; something else made it\n/,
  );
});

describe('what a plan says besides', () => {
  const notes = (request: ReleaseRequest, live: LiveState): readonly string[] => planRelease(request, live).notes;

  test('that nothing serves yet, so that no strategy has anything to switch', () => {
    assert.deepEqual(notes(shop('1', { strategy: 'canary' }), NOTHING), [
      'nothing of shop serves yet, so it is brought up at once, without canary',
    ]);
  });

  test('that replicas which somebody changed by hand will be written', () => {
    const live = after(shop('1', { replicas: 5 }));
    assert.deepEqual(notes(shop('2'), live), ['deployment/shop has 5 replicas now; this release writes 2']);
  });

  test('that what allows one version at a time is recreated', () => {
    const single = (request: ReleaseRequest): ReleaseRequest => ({
      ...request,
      objects: request.objects.map((object) =>
        object.kind === 'Deployment'
          ? { ...object, spec: { ...(object.spec as Deployment['spec']), strategy: { type: 'Recreate' } } }
          : object,
      ),
    });
    const plan = planRelease(single(shop('2', { strategy: 'blue-green' })), after(single(shop('1'))));
    assert.deepEqual(plan.notes, ['deployment/shop allows only one version at a time, so it is recreated, with a gap']);
    assert.deepEqual(
      plan.steps.map(({ type }) => type),
      ['write', 'away', 'roll', 'smoke'],
    );
  });

  test('that data which the app has no more stays, while its other objects go', () => {
    const metadata = (name: string, component: string) => ({
      name,
      namespace: 'default',
      labels: { 'app.kubernetes.io/component': component },
    });
    const more: Manifest[] = [
      { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: metadata('shop-database', 'database'), spec: {} },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: metadata('shop-worker', 'worker'), spec: {} },
    ];
    const before = shop('1', { more });
    const last = { number: 1, objects: before.objects } as unknown as NonNullable<LiveState['last']>;
    const written = ['configmap/shop-0', 'configmap/shop-1'];
    const plan = planRelease(shop('2'), { ...after(before), last, written });
    assert.deepEqual(plan.notes, [
      'statefulset/shop-database is no longer part of the app; it stays, with its data, until you delete it',
    ]);
    const removed = plan.steps.find(({ type }) => type === 'remove');
    assert.equal(
      removed?.sentence,
      'take away deployment/shop-worker and configmap/shop-0, which the app has no more',
      'the settings of the release before stay, for whoever goes back by hand',
    );
  });
});

describe('the way back', () => {
  const request = shop('2', { strategy: 'blue-green' });
  const objects = withTrack(request.objects, 'shop');
  const plan = planRelease(request, after(shop('1')));
  const sentences = (stepsDone: number): string[] => planUndo(plan, objects, stepsDone).map(({ sentence }) => sentence);
  const indexOf = (type: string): number => plan.steps.findIndex((step) => step.type === type);

  test('from before the new version came up', () => {
    assert.deepEqual(sentences(0), ['take away configmap/shop-2, which this release alone brought']);
  });

  test('from a hold: requests first, since the stable version is untouched', () => {
    assert.deepEqual(sentences(indexOf('hold')), [
      'lead all requests to deployment/shop again',
      'take away ingress/shop-next, deployment/shop-next, service/shop-next and configmap/shop-2, which this release alone brought',
    ]);
  });

  test('from the roll of the stable version: that first, while the new one serves', () => {
    assert.deepEqual(sentences(indexOf('roll')), [
      'write deployment/shop as it was, and wait until it serves',
      'lead all requests to deployment/shop again',
      'take away ingress/shop-next, deployment/shop-next, service/shop-next and configmap/shop-2, which this release alone brought',
    ]);
  });
});
