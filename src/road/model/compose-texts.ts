/** A text in which compose puts in no variable. */
export function withoutDollars(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** A source as one line of a comment. */
export function sourceLine(source: string): string {
  return source.replace(/\s+/g, ' ').trim();
}

/** A name as environment variables have it. */
export function variableName(name: string): string {
  const upper = name.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
  return /^[A-Z_]/.test(upper) ? upper : `_${upper}`;
}
