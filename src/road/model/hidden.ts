import { whySecret } from '../project/index.ts';

/** Shapes that nothing but a credential has. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/, 'it holds a private key'],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^/\s:@'"$]*:[^/\s@'"${}]+@/i, 'it holds a URL with a password'],
  [/\b(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{8,}/, 'it holds a Stripe key'],
  [/\bgh[pousr]_[0-9A-Za-z]{30,}|\bgithub_pat_\w{30,}/, 'it holds a GitHub token'],
  [/\bglpat-[\w-]{20,}/, 'it holds a GitLab token'],
  [/\bAKIA[0-9A-Z]{16}\b/, 'it holds an AWS access key'],
  [/\bxox[abprs]-[0-9A-Za-z-]{10,}/, 'it holds a Slack token'],
  [/\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/, 'it holds a signed token'],
  [/\bAIza[\w-]{35}\b/, 'it holds a Google key'],
];

/** Why a text must stay hidden, told by its shape; undefined when nothing in it looks like a credential. */
export function looksHidden(text: string): string | undefined {
  return SHAPES.find(([pattern]) => pattern.test(text))?.[1];
}

/** Why the value of a variable must stay hidden, told by name and value; undefined when it need not. */
export function whyHidden(name: string, value: string | undefined): string | undefined {
  const said = whySecret(name, value);
  // A name alone does not make a secret of nothing or of a switch.
  if (said !== undefined && !/^(?:|true|false|yes|no|on|off)$/i.test(value ?? 'x')) return said;
  return value === undefined ? undefined : looksHidden(value);
}
