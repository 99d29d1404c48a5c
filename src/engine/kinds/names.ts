// The rules of names and values, each answering the texts of its faults (none: it holds), worded as upstream's
// apimachinery/pkg/util/validation.

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const NAME_PART = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_PATTERN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN_PATTERN = new RegExp(`^${SUBDOMAIN}$`);
const LABEL_1035_PATTERN = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const NAME_PART_PATTERN = new RegExp(`^${NAME_PART}$`);
const LABEL_VALUE_PATTERN = new RegExp(`^(${NAME_PART})?$`);
const WILDCARD_PATTERN = new RegExp(`^\\*\\.${SUBDOMAIN}$`);

export function tooLongText(most: number): string {
  return `must be no more than ${most} characters`;
}

export function betweenText(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

/** Upstream's RegexError. */
export function patternText(message: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${pattern}')`;
  return `${message} (e.g. ${examples.map((example) => `'${example}', `).join('or ')}regex used for validation is '${pattern}')`;
}

/** RFC 1123 label: namespaces, and parts of names that become host names. */
export function isDnsLabel(value: string): string[] {
  const faults: string[] = [];
  if (value.length > 63) faults.push(tooLongText(63));
  if (!LABEL_PATTERN.test(value)) {
    faults.push(
      SUBDOMAIN_PATTERN.test(value)
        ? 'must not contain dots'
        : patternText(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            LABEL,
            'my-name',
            '123-abc',
          ),
    );
  }
  return faults;
}

/** RFC 1123 subdomain: what most objects are named by. */
export function isDnsSubdomain(value: string): string[] {
  const faults: string[] = [];
  if (value.length > 253) faults.push(tooLongText(253));
  if (!SUBDOMAIN_PATTERN.test(value)) {
    faults.push(
      patternText(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        SUBDOMAIN,
        'example.com',
      ),
    );
  }
  return faults;
}

/** RFC 1035 label: begins with a letter. */
export function isDns1035Label(value: string): string[] {
  const faults: string[] = [];
  if (value.length > 63) faults.push(tooLongText(63));
  if (!LABEL_1035_PATTERN.test(value)) {
    faults.push(
      patternText(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        LABEL_1035,
        'my-name',
        'abc-123',
      ),
    );
  }
  return faults;
}

/** `*.example.com`. */
export function isWildcardDns(value: string): string[] {
  const faults: string[] = [];
  if (value.length > 253) faults.push(tooLongText(253));
  if (!WILDCARD_PATTERN.test(value)) {
    faults.push(
      patternText(
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
        `\\*\\.${SUBDOMAIN}`,
        '*.example.com',
      ),
    );
  }
  return faults;
}

const NAME_PART_MESSAGE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** A label key: an optional DNS subdomain and a slash, then a name of 63 characters at most. */
export function isQualifiedName(value: string): string[] {
  const parts = value.split('/');
  const rule = patternText(NAME_PART_MESSAGE, NAME_PART, 'MyName', 'my.name', '123-abc');
  const faults: string[] = [];
  if (parts.length > 2) {
    return [`a valid label key ${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const name = parts.at(-1) ?? '';
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') faults.push('prefix part must be non-empty');
    else for (const fault of isDnsSubdomain(prefix)) faults.push(`prefix part ${fault}`);
  }
  if (name === '') faults.push('name part must be non-empty');
  else if (name.length > 63) faults.push(`name part ${tooLongText(63)}`);
  if (!NAME_PART_PATTERN.test(name)) faults.push(`name part ${rule}`);
  return faults;
}

export function isLabelValue(value: string): string[] {
  const faults: string[] = [];
  if (value.length > 63) faults.push(tooLongText(63));
  if (!LABEL_VALUE_PATTERN.test(value)) {
    faults.push(
      patternText(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        `(${NAME_PART})?`,
        'MyValue',
        'my_value',
        '12345',
      ),
    );
  }
  return faults;
}

/** A name that stands in a path: RBAC objects may be called `system:node`. */
export function isPathSegmentName(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((sign) => value.includes(sign)).map((sign) => `may not contain '${sign}'`);
}

/** A prefix of a path segment: `.` and `..` may still grow. */
export function isPathSegmentPrefix(value: string): string[] {
  return ['/', '%'].filter((sign) => value.includes(sign)).map((sign) => `may not contain '${sign}'`);
}

export function isPortNumber(value: number): string[] {
  return value >= 1 && value <= 65535 ? [] : [betweenText(1, 65535)];
}

/** IANA service name. */
export function isPortName(value: string): string[] {
  const faults: string[] = [];
  if (value.length > 15) faults.push(tooLongText(15));
  if (!/^[-a-z0-9]+$/.test(value))
    faults.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) faults.push('must contain at least one letter (a-z)');
  if (value.includes('--')) faults.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) faults.push('must not begin or end with a hyphen');
  return faults;
}

/** Environment variables: since v1.34 any printable ASCII but `=`. */
export function isEnvironmentName(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty'];
  return /^[\x20-\x3c\x3e-\x7e]*$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** Keys of ConfigMaps and Secrets. */
export function isConfigKey(value: string): string[] {
  const faults: string[] = [];
  if (value.length > 253) faults.push(tooLongText(253));
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) {
    faults.push(
      patternText(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        '[-._a-zA-Z0-9]+',
        'key.name',
        'KEY_NAME',
        'key-name',
      ),
    );
  }
  if (value === '.') faults.push("must not be '.'");
  else if (value === '..') faults.push("must not be '..'");
  else if (value.startsWith('..')) faults.push("must not start with '..'");
  return faults;
}

export function isHttpHeaderName(value: string): string[] {
  return /^[-A-Za-z0-9]+$/.test(value)
    ? []
    : [
        patternText(
          "a valid HTTP header must consist of alphanumeric characters or '-'",
          '[-A-Za-z0-9]+',
          'X-Header-Name',
        ),
      ];
}

export function isPercent(value: string): string[] {
  return /^[0-9]+%$/.test(value)
    ? []
    : [
        patternText(
          "a valid percent string must be a numeric string followed by an ending '%'",
          '[0-9]+%',
          '1%',
          '93%',
        ),
      ];
}

type NameRule = (name: string, isPrefix: boolean) => string[];

// A generateName may end in a dash: what is checked is the name it could become.
const masked =
  (rule: (name: string) => string[]): NameRule =>
  (name, isPrefix) =>
    rule(isPrefix && name.endsWith('-') && name.length > 1 ? `${name.slice(0, -2)}a` : name);

export const dnsSubdomainName: NameRule = masked(isDnsSubdomain);
export const dnsLabelName: NameRule = masked(isDnsLabel);
export const dns1035LabelName: NameRule = masked(isDns1035Label);
export const pathSegmentName: NameRule = (name, isPrefix) =>
  isPrefix ? isPathSegmentPrefix(name) : isPathSegmentName(name);

const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** The five signs that follow a generateName; without vowels, so that no words come of it. */
export function randomSuffix(length = 5): string {
  let suffix = '';
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  for (const byte of bytes) suffix += SUFFIX_ALPHABET[byte % SUFFIX_ALPHABET.length];
  return suffix;
}

/** A generateName with its suffix; the base is cut so that the whole is a DNS label. */
export function generateName(base: string): string {
  return base.slice(0, 58) + randomSuffix();
}
