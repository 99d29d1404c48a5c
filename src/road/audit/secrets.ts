/** Shapes that services give their keys; each is unlike anything else that stands in code. */
export const KEY_SHAPES: readonly { readonly what: string; readonly find: RegExp }[] = [
  { what: 'an AWS access key', find: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g },
  { what: 'a GitHub token', find: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})\b/g },
  { what: 'a GitLab token', find: /\bglpat-[\w-]{20,}/g },
  { what: 'a Slack token', find: /\bxox[abeoprs]-(?:\d+-)?[\w-]{10,}/g },
  { what: 'a Slack webhook', find: /hooks\.slack\.com\/services\/T\w{6,}\/B\w{6,}\/\w{20,}/g },
  { what: 'a Stripe secret key', find: /\b[sr]k_live_[0-9a-zA-Z]{16,}/g },
  { what: 'a Google API key', find: /\bAIza[0-9A-Za-z_-]{35}\b/g },
  { what: 'a SendGrid key', find: /\bSG\.[\w-]{16,}\.[\w-]{30,}/g },
  { what: 'a Mailgun key', find: /\bkey-[0-9a-f]{32}\b/g },
  { what: 'an npm token', find: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { what: 'a PyPI token', find: /\bpypi-AgEI[\w-]{50,}/g },
  { what: 'an OpenAI key', find: /\bsk-(?:proj-)?[A-Za-z0-9_-]{40,}/g },
  { what: 'an Anthropic key', find: /\bsk-ant-[\w-]{30,}/g },
  { what: 'a DigitalOcean token', find: /\bdop_v1_[0-9a-f]{64}\b/g },
  { what: 'a Telegram bot token', find: /\b\d{8,10}:AA[\w-]{33}\b/g },
  { what: 'an Azure storage key', find: /AccountKey=[A-Za-z0-9+/]{60,}={0,2}/g },
  { what: 'a JSON web token', find: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/g },
  { what: 'a private key', find: /-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY(?: BLOCK)?-----/g },
];

/** A value that stands for another: nobody's password. */
export function isPlaceholder(value: string): boolean {
  return (
    value.trim() === '' ||
    /^(?:change[-_]?(?:me|it|this)|your[-_ ].*|my[-_ ].*|<.*>|\[.*\]|\{.*\}|%.*%|x{3,}.*|\*+|\.+|…|-+|todo|tbd|none|null|undefined|nil|true|false|example.*|dummy.*|placeholder.*|fake.*|test(?:ing)?|redacted|hidden|optional|required\b.*|nullable\b.*|sometimes\b.*|string|text|password|passwd|secret|token|user|username|name|key|apikey|api[-_]key)$/i.test(
      value.trim(),
    ) ||
    /\$\{|\$\(|\{\{|<%|%\(|%[sd]\b|\{\w*\}|\bexample\.(?:com|org)|^\$\w|^#\{|^(?:process\.env|os\.environ)/.test(value)
  );
}

/** Names, labels and paths read as words; a secret does not. */
export function looksLikeWords(value: string): boolean {
  return (
    /^(?:https?:\/\/|\/|\.{1,2}\/|@|#)/.test(value) ||
    /^[a-z]+(?:[._-][a-z]+)+$/.test(value) ||
    /^[A-Z][a-z]+(?:[A-Z][a-z]+)*$/.test(value) ||
    /^[a-z]+(?:[A-Z][a-z]+)+$/.test(value) ||
    /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(value) ||
    /^(?:bearer|basic|digest|sha\d+|md5|hs256|rs256|bcrypt|argon2\w*|x-[\w-]+|authorization|jwt|oauth2?)$/i.test(value)
  );
}

/** Shannon entropy in bits a character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / text.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}

/** The value with its middle left out, fit to be shown. */
export function masked(value: string): string {
  return value.length <= 8 ? '…' : `${value.slice(0, 4)}…`;
}
