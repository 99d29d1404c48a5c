import type { ComposeScalar } from './contract.ts';

const INTEGER = /^[-+]?(?:0|[1-9][0-9_]*)$/;
const OCTAL = /^[-+]?0o?[0-7_]+$/;
const HEXADECIMAL = /^[-+]?0x[0-9a-fA-F_]+$/;
const BINARY = /^[-+]?0b[01_]+$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/;

/**
 * The value of an unquoted scalar, as compose's own reader takes it: YAML 1.2 with the octal numbers of 1.1 (`0644`),
 * but without its booleans (`on` is a string), dates and base 60 (`22:22` is a string). A whole number too large for
 * JavaScript stays a string, so that no digit is lost.
 */
export function plainScalar(source: string): ComposeScalar['value'] {
  if (/^(?:|~|null|Null|NULL)$/.test(source)) return null;
  if (/^(?:true|True|TRUE)$/.test(source)) return true;
  if (/^(?:false|False|FALSE)$/.test(source)) return false;
  if (!/^[-+.0-9]/.test(source)) return source;
  const digits = source.replaceAll('_', '');
  const whole = wholeNumber(source, digits);
  if (whole !== undefined) return Number.isSafeInteger(whole) ? whole : source;
  if (FLOAT.test(source)) {
    const number = Number(digits);
    return Number.isFinite(number) ? number : source;
  }
  return source;
}

function wholeNumber(source: string, digits: string): number | undefined {
  const sign = digits.startsWith('-') ? -1 : 1;
  const bare = digits.replace(/^[-+]/, '');
  if (INTEGER.test(source)) return Number(digits);
  if (OCTAL.test(source)) return sign * Number.parseInt(bare.replace(/^0o?/, ''), 8);
  if (HEXADECIMAL.test(source)) return sign * Number.parseInt(bare.slice(2), 16);
  if (BINARY.test(source)) return sign * Number.parseInt(bare.slice(2), 2);
  return undefined;
}
