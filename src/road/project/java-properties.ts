import { type Document, isMap, isScalar, LineCounter, parseAllDocuments } from 'yaml';
import type { Fact } from './contract.ts';
import type { Folder } from './folder.ts';

/**
 * The settings of application.properties and application.yaml as Spring, Quarkus and Micronaut read them, by dotted name.
 * A profile's own file (`application-production.yaml`) is left alone: which profile runs is decided elsewhere.
 */
export function javaProperties(folder: Folder): Map<string, Fact<string>> {
  const found = new Map<string, Fact<string>>();
  const add = (name: string, value: string, source: string): void => {
    // Quarkus: a prefix names the profile.
    const key = name.replace(/^%prod\./, '');
    if (!key.startsWith('%') && !found.has(key)) found.set(key, { value, source });
  };
  for (const path of folder.paths) {
    const kind = /(?:^|\/)(?:resources|config)\/(?:application|bootstrap)\.(properties|ya?ml)$/.exec(path)?.[1];
    if (!kind || /(?:^|\/)test\//.test(path)) continue;
    const text = folder.read(path) ?? '';
    if (kind === 'properties') {
      for (const [index, line] of text.split('\n').entries()) {
        const match = /^\s*([^#!\s=:][^\s=:]*)\s*[=:]\s*(.*?)\s*$/.exec(line);
        if (match?.[1]) add(match[1], match[2] ?? '', `${path}:${index + 1}`);
      }
    } else {
      const lines = new LineCounter();
      const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
      // Further documents of the file are for profiles.
      if (Array.isArray(documents) && documents[0]) walk(documents[0], lines, path, add);
    }
  }
  return found;
}

function walk(
  document: Document,
  lines: LineCounter,
  path: string,
  add: (name: string, value: string, source: string) => void,
): void {
  const visit = (node: unknown, prefix: string): void => {
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      if (!isScalar(key)) continue;
      const name = prefix ? `${prefix}.${String(key.value)}` : String(key.value);
      if (isScalar(value) && value.value !== null) {
        add(name, String(value.value), `${path}:${lines.linePos(key.range?.[0] ?? 0).line}`);
      } else visit(value, name);
    }
  };
  visit(document.contents, '');
}

/** The environment variable that sets a property: `spring.datasource.url` by SPRING_DATASOURCE_URL. */
export function variableOfProperty(name: string, framework: string | undefined): string {
  // Spring leaves dashes out, Quarkus and Micronaut (MicroProfile Config) turn every other character to an underscore.
  const spring = framework === 'spring-boot' || framework === undefined;
  return (spring ? name.replaceAll('-', '') : name).replace(/[^A-Za-z0-9]/g, '_').toUpperCase();
}
