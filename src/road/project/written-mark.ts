import { createHash } from 'node:crypto';

const MARK = /^.*\bWritten by wherry; change it and it is yours \(mark ([0-9a-f]{16})\).*(?:\n|$)/m;

/**
 * Puts a line into a text that says who wrote it, with a hash over the rest: as long as that fits, nobody changed it. The line
 * comes first, but behind what must be the first line itself (`#!/bin/sh`, `# syntax=…`).
 * @param comment what begins and, where needed, ends a comment: `['#']`, `['<!--', '-->']`
 */
export function withMark(text: string, comment: readonly [begin: string, end?: string] = ['#']): string {
  const [begin, end] = comment;
  const line = `${begin} Written by wherry; change it and it is yours (mark ${hashOf(text)}).${end ? ` ${end}` : ''}\n`;
  const first = /^(?:#!.*\n|# (?:syntax|escape)=.*\n)+/.exec(text)?.[0] ?? '';
  return first + line + text.slice(first.length);
}

/** What a text with a mark is: as wherry wrote it, or changed since; undefined without a mark. */
export function markOf(text: string): 'unchanged' | 'changed' | undefined {
  const plain = text.replaceAll('\r\n', '\n');
  const match = MARK.exec(plain);
  if (!match) return undefined;
  const rest = plain.slice(0, match.index) + plain.slice(match.index + match[0].length);
  return match[1] === hashOf(rest) ? 'unchanged' : 'changed';
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
