import { looksHidden, whyHidden } from '../model/index.ts';
import { whySecret } from '../project/index.ts';

const PARAMETER = /(?:^|[?&;,\s"'])(?:password|passwd|pwd|secret|token|api[-_]?key|access[-_]?key)\s*=\s*[^&;\s"']+/i;
const FLAG =
  /(?:^|\s)-{1,2}(?:require-?pass|masterauth|password|passwd|pass|secret(?:-key)?|token|api-?key)(?:\s+|=)(?!-)\S+/i;
const SECRET_FILE =
  /(?:^|[-_./])(?:secrets?|passwords?|passwd|credentials?|htpasswd|id_(?:rsa|ed25519|ecdsa)|private)(?:$|[-_./])|\.(?:key|pem|p12|pfx|jks|keystore)$/i;

/** Why the value of a variable must stay hidden, by name and value; undefined when it need not. */
export function whySecretValue(name: string, value: string): string | undefined {
  if (value === '') return undefined;
  const said = whyHidden(name, value)?.replace(/^its default /, 'it ');
  return said ?? (PARAMETER.test(value) || FLAG.test(value) ? 'it holds a password' : undefined);
}

/** Why a file must stay hidden, by its path and content. */
export function whyHiddenFile(path: string, content: string | undefined): string | undefined {
  if (SECRET_FILE.test(path)) return 'its name says so';
  if (content === undefined) return undefined;
  const byText = looksHidden(content);
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

const IN_COMMANDS: readonly RegExp[] = [
  /(?:^|\s)-{1,2}(?:require-?pass|masterauth|password|passwd|pass|secret(?:-key)?|token|api-?key)(?:\s+|=)(["']?)([^\s"'$-][^\s"']*)\1/gi,
  /\bredis-cli\b[^|;&]*?\s-a\s+(["']?)([^\s"'$-][^\s"']*)\1/gi,
  /\b(?:mysql|mariadb)(?:-?admin|-?dump|check)?\b[^|;&]*?\s-p(["']?)([^\s"'$-][^\s"']*)\1/gi,
  /[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:()([^/\s@$"'{}]+)@/gi,
];

/** The passwords that stand in a command line: after a flag that names one, or in a URL. */
export function passwordsIn(line: string): string[] {
  const found = IN_COMMANDS.flatMap((pattern) => [...line.matchAll(pattern)].map((match) => match[2] ?? ''));
  return [...new Set(found)].filter((password) => password !== '');
}
