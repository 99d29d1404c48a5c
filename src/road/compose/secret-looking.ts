import { whySecret } from '../project/index.ts';

const KEY_BLOCK = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/;
const URL_PASSWORD = /[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;
const PARAMETER = /(?:^|[?&;,\s"'])(?:password|passwd|pwd|secret|token|api[-_]?key|access[-_]?key)\s*=\s*[^&;\s"']+/i;
const FLAG =
  /(?:^|\s)-{1,2}(?:require-?pass|masterauth|password|passwd|pass|secret(?:-key)?|token|api-?key)(?:\s+|=)(?!-)\S+/i;
const SECRET_FILE =
  /(?:^|[-_./])(?:secrets?|passwords?|passwd|credentials?|htpasswd|id_(?:rsa|ed25519|ecdsa)|private)(?:$|[-_./])|\.(?:key|pem|p12|pfx|jks|keystore)$/i;

/** Why a value must stay hidden; undefined when it need not. @param name of the variable */
export function whyHidden(name: string, value: string): string | undefined {
  if (value === '') return undefined;
  return whySecret(name, value) ?? whyHiddenText(value);
}

/** The same by the value alone. */
export function whyHiddenText(value: string): string | undefined {
  if (KEY_BLOCK.test(value)) return 'it holds a private key';
  if (URL_PASSWORD.test(value)) return 'it holds a URL with a password';
  if (PARAMETER.test(value) || FLAG.test(value)) return 'it holds a password';
  return undefined;
}

/** Why a file must stay hidden, by its path and content. */
export function whyHiddenFile(path: string, content: string | undefined): string | undefined {
  if (SECRET_FILE.test(path)) return 'its name says so';
  if (content === undefined) return undefined;
  const byText = whyHiddenText(content);
  if (byText !== undefined) return byText;
  for (const line of content.split('\n')) {
    const setting = /^\s*(?:export\s+)?["']?([A-Za-z_][\w.-]*)["']?\s*[:=]\s*["']?([^"'\s#$][^"']*)/.exec(line);
    const name = setting?.[1]?.replace(/([a-z])([A-Z])/g, '$1_$2').replace(/[-.]/g, '_');
    if (name !== undefined && whySecret(name, undefined)) return `it sets ${setting?.[1]}`;
    if (/\b(?:identified\s+by|(?:with\s+)?(?:encrypted\s+)?password)\s+'[^']+'/i.test(line))
      return 'it sets a password';
  }
  return undefined;
}

const WORD_PASSWORD =
  /((?:^|\s)-{1,2}(?:require-?pass|masterauth|password|passwd|pass|secret(?:-key)?|token|api-?key)(?:\s+|=))(["']?)([^\s"'$-][^\s"']*)\2/gi;
const URL_USER = /([a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:)([^/\s@$]+)(@)/gi;

/**
 * The passwords that stand in a command line, after a flag that names one or in a URL.
 * @returns the text with each replaced by what `reference` makes of it
 */
export function withoutPasswords(line: string, reference: (password: string, hint: string) => string): string {
  return line
    .replace(WORD_PASSWORD, (_all, before: string, quote: string, password: string) => {
      const hint = before.replace(/[^A-Za-z]+/g, '_').replace(/^_+|_+$/g, '');
      return `${before}${quote}${reference(password, hint)}${quote}`;
    })
    .replace(URL_USER, (_all, before: string, password: string, after: string) => {
      return `${before}${reference(password, 'password')}${after}`;
    });
}
