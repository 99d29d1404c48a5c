import { readFileSync } from 'node:fs';
import { codeOf, UserError } from '../../base/index.ts';
import type { ServiceKind } from '../project/index.ts';
import type { CheckFact } from './contract.ts';

interface Definition {
  readonly type: string;
  readonly fields: ReadonlyMap<string, { readonly value: string; readonly source: string }>;
  readonly source: string;
}

const SERVICES: Readonly<Record<string, ServiceKind>> = {
  check_mysql: 'mysql',
  check_mysql_query: 'mysql',
  check_mysql_health: 'mysql',
  check_pgsql: 'postgres',
  check_postgres: 'postgres',
  check_redis: 'redis',
  check_mongodb: 'mongodb',
  check_rabbitmq: 'rabbitmq',
  check_memcached: 'memcached',
};
const LEFT: readonly (readonly [RegExp, string])[] = [
  [
    /^check_(?:disk|load|swap|mem\w*|cpu\w*|users|uptime|ntp\w*|apt|raid|sensors|updates?)$/,
    'it looks at the machine, which Kubernetes does',
  ],
  [
    /^check_(?:procs|init_service|systemd\w*|service|file_age|log\w*)$/,
    'Kubernetes itself sees whether the process runs',
  ],
  [/^check_(?:ping|icmp|fping|ssh|dns|dig|dhcp)$/, 'it looks at the network or the machine'],
];

/**
 * The checks that Nagios or NRPE files define: objects (`define command`, `define service`) and `command[name]=…` lines.
 * A service is joined with its command, arguments and template. What becomes no probe says why.
 * @throws UserError when a file is not there.
 */
export function readNagios(paths: readonly string[]): CheckFact[] {
  const definitions = paths.flatMap((path) => definitionsOf(path, textOf(path)));
  const remote = paths.flatMap((path) => nrpeCommands(path, textOf(path)));
  const commands = new Map<string, { line: string; source: string }>();
  for (const { type, fields, source } of definitions) {
    const [name, line] = [fields.get('command_name')?.value, fields.get('command_line')?.value];
    if (type === 'command' && name !== undefined && line !== undefined) commands.set(name, { line, source });
  }
  const templates = new Map(
    definitions.flatMap((one) => (one.fields.has('name') ? [[one.fields.get('name')?.value ?? '', one]] : [])),
  );
  const checks: CheckFact[] = [];
  const used = new Set<string>();
  for (const definition of definitions.filter(({ type }) => type === 'service')) {
    const field = (key: string, depth = 0, from: Definition = definition): string | undefined => {
      const own = from.fields.get(key)?.value;
      const template = templates.get(from.fields.get('use')?.value.split(',')[0]?.trim() ?? '');
      return own ?? (template && depth < 8 ? field(key, depth + 1, template) : undefined);
    };
    const call = definition.fields.get('check_command') ?? definition.fields.get('__none');
    if (!call || definition.fields.get('register')?.value === '0') continue;
    const [name = '', ...given] = call.value.split('!');
    const asked = name.startsWith('check_nrpe') ? remote.find((one) => one.name === given[0]) : undefined;
    const line = asked?.line ?? withArguments(commands.get(name)?.line ?? [name, ...given].join(' '), given);
    if (asked) used.add(asked.name);
    // Nagios counts in minutes unless interval_length says otherwise.
    const minutes = Number(field('check_interval') ?? field('normal_check_interval'));
    checks.push(
      checkOf(field('service_description') ?? name, line, call.source, {
        intervalSeconds: Number.isFinite(minutes) ? minutes * 60 : undefined,
        attempts: numberOf(field('max_check_attempts')),
      }),
    );
  }
  for (const { name, line, source } of remote) {
    if (!used.has(name)) checks.push(checkOf(name, line, source, { intervalSeconds: undefined, attempts: undefined }));
  }
  return checks;
}

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;

function definitionsOf(path: string, text: string): Definition[] {
  const found: Definition[] = [];
  let open: { type: string; fields: Map<string, { value: string; source: string }>; source: string } | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const source = `${path}:${index + 1}`;
    const line = raw
      .replace(/^\s*[#;].*$/, '')
      .replace(/\s;.*$/, '')
      .trim();
    const begin = /^define\s+(\w+)\s*\{?/.exec(line);
    if (begin) open = { type: begin[1] ?? '', fields: new Map(), source };
    else if (line.startsWith('}') && open) {
      found.push(open);
      open = undefined;
    } else if (open) {
      const field = /^(\w+)\s+(.*)$/.exec(line);
      if (field) open.fields.set(field[1] ?? '', { value: (field[2] ?? '').trim(), source });
    }
  }
  return found;
}

function nrpeCommands(path: string, text: string): { name: string; line: string; source: string }[] {
  return text.split('\n').flatMap((line, index) => {
    const match = /^\s*command\[([^\]]+)\]\s*=\s*(.*)$/.exec(line);
    return match ? [{ name: match[1] ?? '', line: (match[2] ?? '').trim(), source: `${path}:${index + 1}` }] : [];
  });
}

function withArguments(line: string, given: readonly string[]): string {
  return line.replace(/\$ARG(\d+)\$/g, (_, number: string) => given[Number(number) - 1] ?? '');
}

function checkOf(
  name: string,
  line: string,
  source: string,
  more: Pick<CheckFact, 'intervalSeconds' | 'attempts'>,
): CheckFact {
  const words = line.match(/"[^"]*"|'[^']*'|\S+/g)?.map((word) => word.replace(/^(["'])(.*)\1$/, '$2')) ?? [];
  const plugin = (words.find((word) => /check_\w+$/.test(word)) ?? words[0] ?? name).split('/').at(-1) ?? name;
  const option = (...keys: string[]): string | undefined => {
    for (const [index, word] of words.entries()) {
      for (const key of keys) {
        if (word === key) return words[index + 1];
        if (key.startsWith('--') && word.startsWith(`${key}=`)) return word.slice(key.length + 1);
        if (!key.startsWith('--') && word.startsWith(key) && word.length > 2 && !word.startsWith('--'))
          return word.slice(2);
      }
    }
    return undefined;
  };
  const port = numberOf(option('-p', '--port'));
  const check = {
    name,
    plugin,
    port,
    path: undefined,
    tls: words.some((word) => /^(?:-S|--ssl)/.test(word)),
    expects: undefined,
    service: undefined,
    ...more,
    timeoutSeconds: numberOf(option('-t', '--timeout')),
    source,
    left: undefined,
  } satisfies Omit<CheckFact, 'kind'>;
  if (plugin === 'check_http' || plugin === 'check_curl' || plugin === 'check_https')
    return {
      ...check,
      kind: 'http',
      tls: check.tls || plugin === 'check_https',
      port: port ?? (check.tls || plugin === 'check_https' ? 443 : 80),
      path: option('-u', '--url', '--uri') ?? '/',
      expects: option('-s', '--string') ?? option('-r', '--regex', '--ereg'),
    };
  if (plugin === 'check_tcp')
    return { ...check, kind: 'tcp', ...(port === undefined ? { left: 'it names no port' } : {}) };
  const service = SERVICES[plugin];
  if (service) return { ...check, kind: 'service', service };
  const left =
    LEFT.find(([pattern]) => pattern.test(plugin))?.[1] ??
    'what it does is not known here; write a route for it and check that';
  return { ...check, kind: 'none', left };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new UserError(path, 'no such file', 'Name a file of Nagios objects or an nrpe.cfg.', { cause: error });
    throw error;
  }
}
