import { messageOf } from '../../base/index.ts';
import { parseYamlDocuments } from '../../engine/kinds/index.ts';
import type { Path, SourceDocument } from './contract.ts';

/** Documents of a text, or where it is no YAML. */
export interface ReadText {
  readonly documents: readonly SourceDocument[];
  readonly fault: { readonly line: number; readonly message: string } | undefined;
}

/** Reads YAML or JSON as kubectl does, keeping the lines. `file` is what findings say. */
export async function readDocuments(text: string, file: string): Promise<ReadText> {
  const { LineCounter, parseAllDocuments } = await import('yaml');
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, version: '1.1', uniqueKeys: false, merge: true });
  const all = Array.isArray(parsed) ? parsed : [];
  for (const document of all) {
    const error = document.errors[0];
    if (error)
      return {
        documents: [],
        fault: { line: error.linePos?.[0].line ?? 1, message: error.message.split('\n')[0] ?? '' },
      };
  }
  try {
    const decoded = await parseYamlDocuments(text);
    const written = all.filter((document) => !isNothing(document.contents));
    return {
      documents: decoded.map(({ value, duplicates }, index) => {
        const root = written[index]?.contents;
        return {
          value,
          file,
          duplicates,
          lineOf: (path: Path) => lines.linePos(offsetOf(root, path)).line,
        };
      }),
      fault: undefined,
    };
  } catch (error) {
    return { documents: [], fault: { line: 1, message: messageOf(error) } };
  }
}

interface Node {
  readonly range?: readonly [number, number, number] | null;
  readonly items?: readonly unknown[];
  readonly value?: unknown;
}

interface Pair {
  readonly key?: Node | null;
  readonly value?: Node | null;
}

function isNothing(node: unknown): boolean {
  const { items, value } = (node ?? {}) as Node;
  return items === undefined && (value === null || value === undefined);
}

/** The place of the key that a path ends with, or of the deepest one that is there. */
function offsetOf(root: unknown, path: Path): number {
  let node = root as Node | null | undefined;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    const items: readonly unknown[] | undefined = node?.items;
    if (!items) break;
    if (typeof step === 'number') {
      node = items[step] as Node | undefined;
      if (!node) break;
      offset = node.range?.[0] ?? offset;
    } else {
      const pair = items.find((item) => (item as Pair).key?.value === step) as Pair | undefined;
      if (!pair) break;
      offset = pair.key?.range?.[0] ?? offset;
      node = pair.value;
    }
  }
  return offset;
}

/** `spec.ports[0].port` as a path; keys in brackets or with dots in maps are found as far as they go. */
export function pathOf(text: string): Path {
  return [...text.matchAll(/\[(\d+)\]|\[([^\]]*)\]|([^.[\]]+)/g)].map(([, index, key, name]) =>
    index === undefined ? (key ?? name ?? '') : Number(index),
  );
}
