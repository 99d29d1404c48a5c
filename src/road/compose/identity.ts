import type { ComposeValue } from './contract.ts';
import { childOf, textOf } from './value.ts';
import { splitVolume } from './volume-syntax.ts';

/** What makes two items of a list the same to compose, so that the later replaces the earlier. */
export function composeIdentity(value: ComposeValue): string {
  const words = textOf(value) ?? '';
  const equals = words.indexOf('=');
  return equals < 0 ? words : words.slice(0, equals);
}

export function portIdentity(value: ComposeValue): string {
  if (value.is === 'scalar') return value.text;
  const of = (key: string): string | undefined => textOf(childOf(value, key));
  return `${of('host_ip') ?? '0.0.0.0'}:${of('published') ?? ''}:${of('target') ?? ''}/${of('protocol') ?? 'tcp'}`;
}

export function volumeIdentity(value: ComposeValue): string {
  if (value.is === 'scalar') return splitVolume(value.text)?.target ?? value.text;
  return textOf(childOf(value, 'target')) ?? '';
}

export function deviceIdentity(value: ComposeValue): string {
  if (value.is === 'scalar') {
    const words = value.text.split(':');
    return words[1] ?? words[0] ?? '';
  }
  return textOf(childOf(value, 'target')) ?? '';
}

export function mountIdentity(value: ComposeValue): string {
  return textOf(childOf(value, 'target')) ?? textOf(childOf(value, 'source')) ?? '';
}

export function envFileIdentity(value: ComposeValue): string {
  return textOf(childOf(value, 'path')) ?? '';
}
