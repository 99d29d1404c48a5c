import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { stringify } from 'yaml';
import {
  FILES,
  type RandomCompose,
  randomCompose,
  randomFrom,
  SERVICE_KEYS,
} from '../../../test/golden/random-compose.ts';
import { refusal } from '../../../test/golden/strict-server.ts';
import { objectsOf } from '../manifests/index.ts';
import { applicationOfCompose, type ComposeApplication } from './application.ts';
import { HANDLERS } from './handlers.ts';
import { serviceShape } from './keys-service.ts';
import { keyOf, type Path } from './path.ts';
import { readCompose } from './read-compose.ts';

const DOCUMENTS = 300;
const directory = mkdtempSync(join(tmpdir(), 'compose-'));
after(() => rmSync(directory, { recursive: true }));
for (const [path, text] of Object.entries(FILES)) {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
}
const environment = { GIVEN: 'Given-s3cret-88', GIVEN_CONFIG: 'a=b', HOME: '/root' };

interface Converted extends ComposeApplication {
  readonly sample: RandomCompose;
}

const known = new Map<number, Converted>();

/** The document of a seed, converted once for all tests. */
async function converted(seed: number): Promise<Converted> {
  const before = known.get(seed);
  if (before) return before;
  const sample = randomCompose(randomFrom(seed), seed % 2 === 0 ? 0.25 : 0.12);
  const path = join(directory, `compose-${seed}.yaml`);
  writeFileSync(path, stringify(sample.document, { aliasDuplicateObjects: false }));
  try {
    const made = { ...applicationOfCompose(await readCompose([path], { environment })), sample };
    known.set(seed, made);
    return made;
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

/** Keys whose list of `NAME=value` is the same as a map. */
const PAIRS = /(?:^|\.)(?:environment|labels|annotations|args|sysctls|additional_contexts|extra_hosts|ssh|options)$/;
/** Keys whose list of names is the same as a map. */
const NAMED = /^services\.[^.]+\.(?:depends_on|networks|models)$/;

/** Every leaf of a document as it is written, by the key that the report gives it. */
function leavesOf(value: unknown, path: Path): string[] {
  const key = keyOf(path);
  if (Array.isArray(value)) {
    if (value.length === 0) return [key];
    return value.flatMap((item: unknown, index) => {
      if (typeof item === 'string' && PAIRS.test(key)) return [keyOf([...path, item.split(/[=:]/)[0] ?? ''])];
      if (typeof item === 'string' && NAMED.test(key)) return [keyOf([...path, item])];
      return leavesOf(item, [...path, index]);
    });
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    return entries.length === 0 ? [key] : entries.flatMap(([name, each]) => leavesOf(each, [...path, name]));
  }
  return [key];
}

const isBelow = (key: string, above: string): boolean =>
  key === above || key.startsWith(`${above}.`) || key.startsWith(`${above}[`);

/** Lines about a service, volume, network as a whole say nothing of its keys, unless all of it was dropped or empty. */
const isHeading = (key: string): boolean => /^(?:services|volumes|networks)\.[^.[]+$/.test(key);

test('no key of any document is dropped in silence', async () => {
  for (let seed = 1; seed <= DOCUMENTS; seed++) {
    const { report, sample } = await converted(seed);
    const lines = report.filter(
      ({ key, outcome, what }) => !isHeading(key) || outcome === 'dropped' || /share one network|told where/.test(what),
    );
    for (const leaf of leavesOf(sample.document, [])) {
      const told = lines.some(({ key }) => isBelow(leaf, key) || isBelow(key, leaf));
      assert.ok(told, `seed ${seed}: nothing is said of ${leaf}`);
    }
    for (const { key, source, what, outcome, todo } of report) {
      assert.match(source, /^[\w./-]+:\d+$/, `seed ${seed}: ${key} has a place`);
      assert.ok(
        what.length > 3 && !what.includes('undefined') && !todo?.includes('undefined'),
        `seed ${seed}: ${key}: ${what} ${todo}`,
      );
      assert.ok(!what.includes('nothing was found to use it'), `seed ${seed}: ${key} is known and unused`);
      assert.ok(['mapped', 'changed', 'dropped'].includes(outcome));
    }
  }
});

test('no password of any document is in a plain setting or in the report', async () => {
  for (let seed = 1; seed <= DOCUMENTS; seed++) {
    const { application, report, sample } = await converted(seed);
    const plain = application.parts.flatMap(({ environment: variables }) =>
      variables.filter(({ value }) => value.is === 'plain'),
    );
    const open = JSON.stringify([plain, application.settings, report, application.notes]);
    for (const password of sample.passwords) assert.ok(!open.includes(password), `seed ${seed}: ${password} is open`);
  }
});

test('what is written for any document has no password outside a Secret, and a strict API server takes it', async () => {
  const faults: string[] = [];
  for (let seed = 1; seed <= DOCUMENTS; seed += 3) {
    const { application, sample } = await converted(seed);
    const { objects } = objectsOf(application, {
      namespace: 'shop',
      imageOf: (build) => `localhost/${build}:1`,
      ordering: 'objects',
      host: 'shop.example',
    });
    for (const object of objects) {
      const said = await refusal(object);
      if (said !== undefined) faults.push(`seed ${seed}: ${said}`);
      if (object.kind === 'Secret') continue;
      const text = JSON.stringify(object);
      for (const password of sample.passwords) {
        if (text.includes(password))
          faults.push(`seed ${seed}: ${object.kind} ${object.metadata.name} shows ${password}`);
      }
    }
  }
  assert.deepEqual(faults, []);
});

test('every check for a shell runs in one, and every check of words as it is', async () => {
  let checked = 0;
  for (let seed = 1; seed <= DOCUMENTS; seed++) {
    const { application, sample } = await converted(seed);
    const services = sample.document.services as Record<string, { healthcheck?: { test?: unknown } }>;
    for (const part of application.parts) {
      const service = Object.entries(services).find(
        ([name]) =>
          application.parts.find(({ name: own }) => own === part.name)?.source !== undefined &&
          label(name) === part.name,
      )?.[1];
      const said = service?.healthcheck?.test;
      const words = part.probes?.readiness?.exec?.command;
      if (said === undefined || words === undefined) continue;
      checked++;
      if (typeof said === 'string') assert.deepEqual(words, ['sh', '-c', said]);
      else if (Array.isArray(said) && said[0] === 'CMD-SHELL') assert.deepEqual(words, ['sh', '-c', said[1]]);
      else if (Array.isArray(said)) assert.deepEqual(words, said.slice(1));
    }
  }
  assert.ok(checked > 20, `${checked} checks`);
});

function label(service: string): string {
  return service.toLowerCase().replaceAll('_', '-');
}

test('every key of a service is either read by a handler or has a reason, never both', () => {
  for (const [key, shape] of Object.entries(serviceShape.keys)) {
    if (key === 'extends') continue;
    const handled = Object.hasOwn(HANDLERS, key);
    assert.ok(handled !== (shape.dropped !== undefined), `${key}: ${handled ? 'handled and dropped' : 'neither'}`);
  }
  for (const key of Object.keys(HANDLERS)) assert.ok(Object.hasOwn(serviceShape.keys, key), key);
});

test('the documents tried have every key of a service', () => {
  const apart = ['image', 'scale', 'network_mode', 'profiles', 'provider', 'extends', 'cpus'];
  for (const key of Object.keys(serviceShape.keys)) {
    assert.ok(Object.hasOwn(SERVICE_KEYS, key) || apart.includes(key), `${key} is never tried`);
  }
  for (const key of Object.keys(SERVICE_KEYS)) assert.ok(Object.hasOwn(serviceShape.keys, key), `${key} is no key`);
});

test('a letter too few, too many or two swapped in any key is told with the key that was meant', async () => {
  const path = join(directory, 'typo.yaml');
  for (const key of Object.keys(serviceShape.keys)) {
    if (key.length < 6) continue;
    const middle = Math.floor(key.length / 2);
    const typos = [
      key.slice(0, middle) + key.slice(middle + 1),
      `${key.slice(0, middle)}q${key.slice(middle)}`,
      key.slice(0, middle) + (key[middle + 1] ?? '') + (key[middle] ?? '') + key.slice(middle + 2),
    ];
    for (const typo of typos) {
      if (Object.hasOwn(serviceShape.keys, typo)) continue;
      writeFileSync(path, `services:\n  web:\n    image: nginx:1.27\n    ${typo}: x\n`);
      const message = await readCompose([path], { environment: {} }).then(
        () => 'taken',
        (error: Error) => error.message,
      );
      assert.match(
        message,
        new RegExp(`^typo\\.yaml:4:5: services\\.web has no key "${typo}"\nDid you mean ${key}\\?`),
      );
    }
  }
});
