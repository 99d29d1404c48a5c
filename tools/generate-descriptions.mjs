// Generates the descriptions of types and fields (`kubectl explain`) from the comments in the declarations of
// @kubernetes/client-node, at build time. What it writes is not committed.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const models = join(root, 'node_modules/@kubernetes/client-node/dist/gen/models');
const out = join(root, 'src/engine/api/generated');
const types = JSON.parse(readFileSync(join(root, 'src/engine/kinds/generated/types.data'), 'utf8'));
const files = new Set(
  readdirSync(models)
    .filter((name) => name.endsWith('.d.ts'))
    .map((name) => name.slice(0, -'.d.ts'.length)),
);

const capital = (word) => word[0].toUpperCase() + word.slice(1);
const clean = (comment) =>
  comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .filter((line) => line !== '')
    .join(' ')
    .replace(/\\(['"`])/g, '$1')
    .trim();

/** The model of a type: with its group in front where two groups share the name. */
function modelOf(name) {
  const parts = name.split('.');
  const short = parts.at(-1);
  const version = capital(parts.at(-2));
  const group = capital(parts.at(-3));
  return [`${group}${version}${short}`, `${version}${short}`].find((candidate) => files.has(candidate));
}

// Every text is told once; types name texts by their place.
const texts = [];
const places = new Map();
const place = (text) => {
  if (!places.has(text)) {
    places.set(text, texts.length);
    texts.push(text);
  }
  return places.get(text);
};

const described = {};
let fieldCount = 0;
for (const [name, type] of Object.entries(types)) {
  const model = modelOf(name);
  if (!model) continue;
  const text = readFileSync(join(models, `${model}.d.ts`), 'utf8');
  const head = /\/\*\*\n((?:(?!\*\/)[\s\S])*)\*\/\nexport declare class/.exec(text);
  const body = text.slice(text.indexOf('export declare class'));
  const fields = {};
  for (const match of body.matchAll(/\/\*\*\n((?:(?!\*\/)[\s\S])*)\*\/\n\s*'([^']+)'\??:/g)) {
    const description = clean(match[1]);
    // The generator writes some names with an underscore in front.
    const field = type.fields?.[match[2]] ? match[2] : match[2].replace(/^_/, '');
    if (!description || !type.fields?.[field]) continue;
    fields[field] = place(description);
    fieldCount++;
  }
  const own = head ? clean(head[1]) : '';
  described[name] = [own ? place(own) : -1, fields];
}
mkdirSync(out, { recursive: true });
writeFileSync(
  join(out, 'descriptions.data'),
  `{"texts":[\n${texts.map((text) => JSON.stringify(text)).join(',\n')}\n],\n"types":{\n${Object.entries(described)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join(',\n')}\n}}\n`,
);
console.log(
  `${Object.keys(described).length} of ${Object.keys(types).length} types, ${fieldCount} fields, ${texts.length} texts`,
);
