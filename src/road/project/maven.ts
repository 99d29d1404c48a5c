import type { Fact } from './contract.ts';
import { type Folder, lineOf } from './folder.ts';

/** What pom.xml says; comments are blanked out, so that lines stay right. */
export interface Pom {
  readonly name: Fact<string> | undefined;
  readonly version: Fact<string> | undefined;
  readonly packaging: string;
  /** `group:artifact` of the parent, with its version. */
  readonly parent: Fact<string> | undefined;
  readonly parentVersion: string | undefined;
  /** `group:artifact` of dependencies that are not for tests only. */
  readonly dependencies: readonly Fact<string>[];
  readonly plugins: readonly Fact<string>[];
  readonly modules: readonly Fact<string>[];
  /** A property or the first element of that name anywhere, references to properties followed. */
  value(name: string): Fact<string> | undefined;
}

const LENGTH_MAX = 200_000;

export function readPom(folder: Folder, path = 'pom.xml'): Pom | undefined {
  // No build is described at greater length; the patterns below look back and forth in it.
  const raw = folder.read(path)?.slice(0, LENGTH_MAX);
  if (raw === undefined) return undefined;
  const text = raw.replace(/<!--[\s\S]*?(?:-->|$)/g, (comment) => comment.replace(/[^\n]/g, ' '));
  const at = (index: number): string => `${path}:${lineOf(text, index)}`;
  const elements = (name: string): { body: string; index: number }[] =>
    [...text.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map((match) => ({
      body: match[1] ?? '',
      index: match.index,
    }));
  const child = (body: string, name: string): string | undefined =>
    new RegExp(`<${name}>\\s*([^<]*?)\\s*</${name}>`).exec(body)?.[1];
  const value = (name: string, depth = 0): Fact<string> | undefined => {
    const match = new RegExp(`<${name.replaceAll('.', '\\.')}>\\s*([^<]*?)\\s*</`).exec(text);
    if (!match?.[1]) return undefined;
    const reference = /^\$\{([\w.-]+)\}$/.exec(match[1])?.[1];
    if (reference) return depth < 5 ? value(reference, depth + 1) : undefined;
    return { value: match[1], source: at(match.index) };
  };
  // The project's own name and version stand outside of everything that has names and versions too.
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ');
  const top = text.replace(
    /<(parent|dependencies|dependencyManagement|build|profiles|reporting|repositories|properties|modules)>[\s\S]*?<\/\1>/g,
    blank,
  );
  const own = (name: string): Fact<string> | undefined => {
    const match = new RegExp(`<${name}>\\s*([^<$]*?)\\s*</`).exec(top);
    return match?.[1] ? { value: match[1], source: at(match.index) } : undefined;
  };
  const managed = /<dependencyManagement>[\s\S]*?<\/dependencyManagement>/.exec(text);
  const named = (element: string): Fact<string>[] =>
    elements(element).flatMap(({ body, index }) => {
      if (managed && index > managed.index && index < managed.index + managed[0].length) return [];
      const artifact = child(body, 'artifactId');
      if (!artifact || child(body, 'scope') === 'test') return [];
      const group = child(body, 'groupId') ?? 'org.apache.maven.plugins';
      return [{ value: `${group}:${artifact}`, source: at(index + body.search(/<artifactId>/)) }];
    });
  const parent = elements('parent')[0];
  return {
    name: own('artifactId'),
    version: own('version'),
    packaging: own('packaging')?.value ?? 'jar',
    parent: parent && {
      value: `${child(parent.body, 'groupId')}:${child(parent.body, 'artifactId')}`,
      source: at(parent.index),
    },
    parentVersion: parent && child(parent.body, 'version'),
    dependencies: named('dependency'),
    plugins: named('plugin'),
    modules: elements('module').map(({ body, index }) => ({ value: body.trim(), source: at(index) })),
    value,
  };
}
