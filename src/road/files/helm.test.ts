import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { parseYamlDocuments } from '../../engine/kinds/index.ts';
import { applicationOf } from '../model/index.ts';
import { checkObjects } from '../policy/index.ts';
import { readProject } from '../project/index.ts';
import type { OutputFile } from './contract.ts';
import { filesOf } from './files-of.ts';

type Values = Record<string, unknown>;

/** As much of Go's text/template and of Helm's functions as the charts use; anything else is refused. */
class Renderer {
  readonly #files: ReadonlyMap<string, string>;
  readonly #root: Values;

  constructor(files: ReadonlyMap<string, string>, root: Values) {
    this.#files = files;
    this.#root = root;
  }

  file(name: string): string {
    const text = this.#files.get(name);
    assert.ok(text !== undefined, `no template ${name}`);
    const tokens = text
      .replace(/\s*\{\{- /g, '{{ ')
      .replace(/ -\}\}\s*/g, ' }}')
      .split(/(\{\{.*?\}\})/s);
    const at = { index: 0 };
    const made = this.#block(tokens, at, new Map([['.', this.#root]]));
    assert.equal(at.index, tokens.length, 'an end too many');
    return made;
  }

  #block(tokens: readonly string[], at: { index: number }, scope: Map<string, unknown>): string {
    let made = '';
    while (at.index < tokens.length) {
      const token = tokens[at.index] ?? '';
      if (!token.startsWith('{{')) {
        made += token;
        at.index++;
        continue;
      }
      const words = wordsOf(token.slice(2, -2));
      if (words[0] === 'end') return made;
      at.index++;
      if (words[0] === 'range') {
        const start = at.index;
        const [, key = '', , value = ''] = words;
        const map = this.#pipeline(words.slice(5), scope) as Values;
        const rounds = Object.keys(map).sort();
        for (const name of rounds.length > 0 ? rounds : ['']) {
          at.index = start;
          const text = this.#block(tokens, at, new Map([...scope, [key, name], [value, map[name]]]));
          if (rounds.length > 0) made += text;
        }
        at.index++;
      } else if (words[0] === 'with') {
        const value = this.#pipeline(words.slice(1), scope);
        const text = this.#block(tokens, at, new Map([...scope, ['.', value]]));
        if (value) made += text;
        at.index++;
      } else if (words[1] === ':=') scope.set(words[0] ?? '', this.#pipeline(words.slice(2), scope));
      else made += String(this.#pipeline(words, scope));
    }
    return made;
  }

  #pipeline(words: readonly string[], scope: ReadonlyMap<string, unknown>): unknown {
    let last: unknown[] = [];
    for (const stage of splitAt(words, '|')) {
      const items: unknown[] = [];
      for (let index = 0; index < stage.length; index++) {
        const word = stage[index] ?? '';
        if (word !== '(') {
          items.push(index === 0 ? word : this.#value(word, scope));
          continue;
        }
        let depth = 1;
        let end = index + 1;
        for (; depth > 0; end++) depth += stage[end] === '(' ? 1 : stage[end] === ')' ? -1 : 0;
        let value = this.#pipeline(stage.slice(index + 1, end - 1), scope);
        // `(lookup …).data`
        if (/^\.\w/.test(stage[end] ?? '')) value = (value as Values | undefined)?.[(stage[end++] ?? '').slice(1)];
        items.push(index === 0 ? { value } : value);
        index = end - 1;
      }
      const [first, ...given] = items;
      const all = [...given, ...last];
      last = [typeof first === 'string' ? this.#call(first, all, scope) : (first as { value: unknown }).value];
    }
    return last[0];
  }

  #call(name: string, given: unknown[], scope: ReadonlyMap<string, unknown>): unknown {
    const text = (index: number): string => String(given[index]);
    switch (name) {
      case 'quote':
        return JSON.stringify(text(0));
      case 'toString':
        return text(0);
      case 'print':
        return given.join('');
      case 'printf':
        return given.slice(1).reduce<string>((made, one) => made.replace('%s', String(one)), text(0));
      case 'toYaml':
        return stringify(given[0]).trimEnd();
      case 'nindent':
        return `\n${text(1).replace(/^/gm, ' '.repeat(Number(given[0])))}`;
      case 'include':
        return this.file(text(0).replace(/^.*\//, ''));
      case 'sha256sum':
        return createHash('sha256').update(text(0)).digest('hex');
      case 'index':
        return (given[0] as Values)[text(1)];
      case 'default':
        return isEmpty(given[1]) ? given[0] : given[1];
      case 'dict':
        return {};
      case 'lookup':
        return (this.#root.Cluster as Values)[text(3)] ?? {};
      case 'required':
        if (isEmpty(given[1])) throw new Error(text(0));
        return given[1];
      case 'randAlphaNum':
        return 'R'.repeat(Number(given[0]));
      case 'b64enc':
        return Buffer.from(text(0)).toString('base64');
      case 'b64dec':
        return Buffer.from(text(0), 'base64').toString();
      default:
        assert.equal(given.length, 0, `no function ${name}`);
        return this.#value(name, scope);
    }
  }

  #value(word: string, scope: ReadonlyMap<string, unknown>): unknown {
    if (word.startsWith('"')) return JSON.parse(word);
    if (/^\d+$/.test(word)) return Number(word);
    if (word === 'dict') return {};
    const [head = '', ...path] = word.replace(/^\$\./, '.').split('.');
    const start = head === '' ? (path[0] === '' ? scope.get('.') : this.#root) : scope.get(head);
    assert.ok(head === '' || scope.has(head), `no value ${word}`);
    return path.filter(Boolean).reduce<unknown>((value, key) => (value as Values | undefined)?.[key], start);
  }
}

const wordsOf = (text: string): string[] => text.match(/"(?:[^"\\]|\\.)*"|:=|[|(),]|[^\s|(),]+/g) ?? [];
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === '' ||
  (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

/** Where a word stands outside parentheses. */
function splitAt(words: readonly string[], separator: string): string[][] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const word of words) {
    depth += word === '(' ? 1 : word === ')' ? -1 : 0;
    if (word === separator && depth === 0) parts.push([]);
    else parts.at(-1)?.push(word);
  }
  return parts;
}

interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

async function rendered(
  files: readonly OutputFile[],
  values: Values = {},
  release: { revision?: number; cluster?: Values } = {},
): Promise<Rendered[]> {
  const templates = new Map(
    files.flatMap(({ path, text }): [string, string][] => {
      const name = /^charts\/[^/]+\/templates\/(.+)$/.exec(path)?.[1];
      return name ? [[name, text]] : [];
    }),
  );
  const own = parse(files.find(({ path }) => path.endsWith('/values.yaml'))?.text ?? '') as Values;
  const renderer = new Renderer(templates, {
    Values: { ...own, ...values },
    Release: { Namespace: 'spot', Revision: release.revision ?? 1 },
    Template: { BasePath: 'templates' },
    Cluster: release.cluster ?? {},
  });
  const objects: Rendered[] = [];
  for (const name of templates.keys())
    objects.push(...(await parseYamlDocuments(renderer.file(name))).map(({ value }) => value as Rendered));
  return objects;
}

async function chartOf(directory: string): Promise<readonly OutputFile[]> {
  const facts = await readProject(join(process.cwd(), directory));
  return filesOf(facts, applicationOf(facts, { name: facts.name.value }), {
    directory: facts.directory,
    helm: true,
  });
}

const find = (objects: readonly Rendered[], kind: string, name: string): Rendered => {
  const found = objects.find((one) => one.kind === kind && one.metadata.name === name);
  assert.ok(found, `${kind} ${name}`);
  return found;
};
const secretValue = (objects: readonly Rendered[], name: string, key: string): string =>
  Buffer.from((find(objects, 'Secret', name).data as Record<string, string>)[key] ?? '', 'base64').toString();

test('a chart, filled in with its own values, is objects that the policy has no error for', async () => {
  for (const directory of ['examples/users', 'examples/users-flask', 'test/golden/plans/python-django-channels']) {
    const objects = await rendered(await chartOf(directory));
    assert.ok(objects.length > 6);
    assert.deepEqual(
      checkObjects(objects, directory).filter(({ severity }) => severity === 'error'),
      [],
    );
  }
});

test('image, replicas, host, resources and environment are values; a changed setting rolls the pods', async () => {
  const chart = await chartOf('examples/users');
  const usual = await rendered(chart);
  const other = await rendered(chart, {
    image: { repository: 'registry.example.com/users', tag: 12 },
    replicas: 5,
    host: 'users.example.org',
    resources: { limits: { memory: '1Gi' } },
    environment: { DATABASE_HOST: 'elsewhere', PORT: 8080 },
  });
  const read = (objects: readonly Rendered[]) => {
    const spec = find(objects, 'Deployment', 'users').spec as {
      replicas: number;
      template: {
        metadata: { annotations: Record<string, string> };
        spec: { containers: { image: string; resources: object }[] };
      };
    };
    return { ...spec.template.spec.containers[0], replicas: spec.replicas, ...spec.template.metadata.annotations };
  };
  const [before, after] = [read(usual), read(other)];
  assert.equal(before.image, 'localhost/users:development');
  assert.equal(after.image, 'registry.example.com/users:12');
  assert.equal(after.replicas, 5);
  assert.deepEqual(after.resources, { limits: { memory: '1Gi' } });
  assert.notEqual((before as Values)['checksum/settings'], (after as Values)['checksum/settings']);
  assert.deepEqual(find(other, 'ConfigMap', 'users').data, { DATABASE_HOST: 'elsewhere', PORT: '8080' });
  assert.ok(JSON.stringify(find(other, 'Ingress', 'users')).includes('"users.example.org"'));
});

test('passwords are made once, kept at every upgrade, and given by whoever wants to', async () => {
  const chart = await chartOf('examples/users');
  const made = await rendered(chart);
  assert.equal(secretValue(made, 'users-database', 'password'), 'R'.repeat(32));
  assert.match(secretValue(made, 'users-database', 'url'), /^mysql:\/\/users:R{32}@users-database:3306\/users$/);
  const data = { password: Buffer.from('kept').toString('base64') };
  const kept = await rendered(chart, {}, { revision: 2, cluster: { 'users-database': { data } } });
  assert.equal(secretValue(kept, 'users-database', 'password'), 'kept');
  const given = await rendered(chart, { secrets: { 'users-database': { password: 'given' } } });
  assert.match(secretValue(given, 'users-database', 'url'), /:given@/);
  for (const { path, text } of chart) assert.doesNotMatch(text, /wherry\w+Here|wherryRandom/, path);
});

test('the jobs of a release have a name of their own at every revision, and those that wait name the same', async () => {
  const chart = await chartOf('test/golden/plans/python-django-channels');
  for (const revision of [1, 2]) {
    const objects = await rendered(chart, {}, { revision });
    const job = objects.find(({ kind, metadata }) => kind === 'Job' && metadata.name.endsWith(`-${revision}`));
    assert.ok(job, JSON.stringify(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)));
    const role = objects.find(({ kind }) => kind === 'Role');
    assert.ok(JSON.stringify(role?.rules).includes(`"${job.metadata.name}"`));
    const web = objects.filter(({ kind }) => kind === 'Deployment');
    assert.ok(web.some((object) => JSON.stringify(object).includes(`/jobs/${job.metadata.name}`)));
  }
});

test('the Makefile of a chart deploys and goes back with helm', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chart-'));
  try {
    const makefile = (await chartOf('examples/users')).find(({ path }) => path === 'Makefile');
    writeFileSync(join(folder, 'Makefile'), makefile?.text ?? '');
    const said = execFileSync(
      'make',
      ['-n', 'deploy', 'rollback', 'ENVIRONMENT=staging', 'IMAGE=a.example.com:5000/users:7'],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    assert.match(said, /helm upgrade users charts\/users --install --namespace users-staging/);
    assert.match(said, /image\.repository=a\.example\.com:5000\/users --set-string image\.tag=7 --set host=staging\./);
    assert.match(said, /helm rollback users --namespace users-staging/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
