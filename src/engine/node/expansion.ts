/**
 * Replaces `$(NAME)` by what `lookUp` says; `$$` is a dollar sign; a reference to what is not known stays as it is written
 * (upstream's third_party/forked/golang/expansion).
 */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  let result = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character !== '$' || at + 1 >= text.length) {
      result += character;
      continue;
    }
    const next = text[at + 1] ?? '';
    if (next === '$') {
      result += '$';
      at++;
    } else if (next === '(') {
      const end = text.indexOf(')', at + 2);
      if (end < 0) {
        // Not closed: these two stand for themselves, what follows is read on.
        result += '$(';
        at++;
        continue;
      }
      const name = text.slice(at + 2, end);
      result += lookUp(name) ?? `$(${name})`;
      at = end;
    } else {
      result += `$${next}`;
      at++;
    }
  }
  return result;
}
