/** A resource of a Puppet manifest; attributes are texts, of a list the words joined by commas. */
export interface PuppetResource {
  readonly type: string;
  readonly title: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Where it begins in the text. */
  readonly index: number;
}

interface Token {
  readonly kind: 'word' | 'text' | 'variable' | 'sign';
  readonly value: string;
  readonly index: number;
  /** Text that variables are put into. */
  readonly filled: boolean;
}

/** They order resources among each other, or say how a machine is to treat them: nothing of an app. */
const ORDER =
  /^(?:require|before|notify|subscribe|tag|schedule|loglevel|noop|audit|alias|provider|hasstatus|hasrestart|refreshonly)$/;

const TOKEN =
  /\s+|#[^\n]*|\/\*[\s\S]*?\*\/|"((?:\\[\s\S]|[^"\\])*)"|'((?:\\[\s\S]|[^'\\])*)'|\$((?:::)?\w+(?:::\w+)*)|(=>|\+>|->|~>|<\||\|>|[{}()[\],:;=|.?@+*/<>!&%-])|([A-Za-z0-9_](?:[\w]|::)*)/y;

/**
 * Resource declarations of a manifest, inside classes and defines too. Variables that the same file sets to a plain value
 * are put in; what hangs on anything else is told in `unread`.
 */
export function puppetResources(text: string): {
  resources: PuppetResource[];
  unread: { index: number; what: string }[];
} {
  const tokens = tokensOf(text);
  const variables = new Map<string, string>();
  const resources: PuppetResource[] = [];
  const unread: { index: number; what: string }[] = [];
  const filled = (token: Token): string =>
    token.filled
      ? token.value.replace(
          /\$\{(?:::)?([\w:]+)\}|\$((?:::)?\w+)/g,
          (whole, braced?: string, bare?: string) => variables.get(braced ?? bare ?? '') ?? whole,
        )
      : token.value;
  let at = 0;
  const peek = (ahead = 0): Token | undefined => tokens[at + ahead];
  const isSign = (value: string, ahead = 0): boolean => peek(ahead)?.kind === 'sign' && peek(ahead)?.value === value;

  /** A value: a text, word, variable, list or hash; a call or selector counts as not known. */
  const value = (): string | undefined => {
    const token = peek();
    if (!token) return undefined;
    at++;
    if (token.kind === 'sign' && (token.value === '[' || token.value === '{')) {
      const items: string[] = [];
      const close = token.value === '[' ? ']' : '}';
      while (peek() && !isSign(close)) {
        const item = value();
        if (item !== undefined && item !== '') items.push(item);
        while (isSign(',') || isSign('=>')) at++;
      }
      at++;
      return items.join(',');
    }
    if (token.kind === 'sign') return undefined;
    const plain = token.kind === 'variable' ? variables.get(token.value) : filled(token);
    if (isSign('(') || isSign('[') || isSign('?')) {
      if (isSign('?')) at++;
      skipBlock();
      return undefined;
    }
    return plain;
  };
  const skipBlock = (): void => {
    let depth = 0;
    do {
      const token = peek();
      if (!token) return;
      if (token.kind === 'sign' && /[([{]/.test(token.value)) depth++;
      if (token.kind === 'sign' && /[)\]}]/.test(token.value)) depth--;
      at++;
    } while (depth > 0);
  };

  while (peek()) {
    const token = peek();
    if (token?.kind === 'variable' && isSign('=', 1)) {
      at += 2;
      const set = value();
      if (set !== undefined) variables.set(token.value, set);
    } else if (token?.kind === 'word' && isSign('{', 1) && !/^(?:else|default)$/.test(token.value) && opensResource()) {
      at += 2;
      bodies(token);
    } else at++;
  }
  return { resources, unread };

  /** After `type {` comes a title and a colon; a class or a condition has none. */
  function opensResource(): boolean {
    const first = peek(2);
    if (first?.kind === 'sign' && first.value === '[') {
      let ahead = 3;
      while (peek(ahead) && !isSign(']', ahead)) ahead++;
      return isSign(':', ahead + 1);
    }
    return first !== undefined && first.kind !== 'sign' && isSign(':', 3);
  }

  function bodies(type: Token): void {
    while (peek() && !isSign('}')) {
      const begin = peek()?.index ?? type.index;
      const isList = isSign('[');
      const title = value();
      if (!isSign(':')) return;
      at++;
      const attributes = new Map<string, string>();
      while (peek() && !isSign('}') && !isSign(';')) {
        const name = peek();
        at++;
        if (!name || !(isSign('=>') || isSign('+>'))) continue;
        at++;
        const given = value();
        if (given !== undefined) attributes.set(name.value, given);
        else if (!ORDER.test(name.value))
          unread.push({
            index: name.index,
            what: `${name.value} of ${type.value} ${title ?? ''} is computed, so it is not known`,
          });
        // The rest of an expression.
        while (
          peek() &&
          !isSign(',') &&
          !isSign('}') &&
          !isSign(';') &&
          !(peek(1)?.kind === 'sign' && peek(1)?.value === '=>')
        )
          at++;
        if (isSign(',')) at++;
      }
      if (title === undefined)
        unread.push({ index: begin, what: `the title of a ${type.value} is computed, so it is not known` });
      else
        for (const one of isList ? title.split(',') : [title])
          resources.push({ type: type.value.replace(/^@+/, ''), title: one, attributes, index: begin });
      if (isSign(';')) at++;
    }
    at++;
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  let index = 0;
  while (index < text.length) {
    pattern.lastIndex = index;
    const match = pattern.exec(text);
    if (!match) {
      index++;
      continue;
    }
    const [whole, double, single, variable, sign, word] = match;
    const put = (kind: Token['kind'], value: string, filled = false): void =>
      void tokens.push({ kind, value, index, filled });
    if (double !== undefined) put('text', double.replace(/\\n/g, '\n').replace(/\\(["$\\])/g, '$1'), true);
    else if (single !== undefined) put('text', single.replace(/\\(['\\])/g, '$1'));
    else if (variable !== undefined) put('variable', variable.replace(/^::/, ''));
    else if (sign !== undefined) put('sign', sign);
    else if (word !== undefined) put('word', word);
    index += whole.length;
  }
  return tokens;
}
