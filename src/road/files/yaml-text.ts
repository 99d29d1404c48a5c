import { Document, visit } from 'yaml';

/**
 * Objects as YAML, one document each, that programs of YAML 1.1 and 1.2 read alike: texts like `on`, `0644` and `1e3` are
 * quoted. Long lines stay whole.
 */
export function yamlText(...values: readonly unknown[]): string {
  return values.map(documentText).join('---\n');
}

function documentText(value: unknown): string {
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      // What the 1.1 rules leave plain, and others read as octal, as a merge or as the default value.
      if (typeof node.value === 'string' && /^(?:=|<<|0o[0-7]+)$/.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0, directives: false });
}
