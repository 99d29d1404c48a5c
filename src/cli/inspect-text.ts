import type { Fact } from '../road/project/index.ts';
import { colors as pc } from './colors.ts';
import type { Carried } from './inspect-carried.ts';

type Row = readonly [label: string, value: string, source: string];

const VALUE_WIDTH_MAX = 72;
const FILES_TOLD_MAX = 12;

/** What runs, then what it would become. */
export function inspectText({ inspection, dockerfile, objects, notes }: Carried): string {
  return [
    ...section('Runs', rowsOfProcess(inspection)),
    ...section('Unit', rowsOfUnit(inspection)),
    ...section('Checks', rowsOfChecks(inspection)),
    ...section('Puppet', rowsOfPuppet(inspection)),
    ...section('Found', rowsOfFacts(inspection)),
    ...(notes.length > 0 ? [pc.bold('Note'), ...notes.map((note) => `  ! ${note}`), ''] : []),
    pc.bold('Dockerfile'),
    ...dockerfile
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
    '',
    pc.bold('Objects'),
    ...objects.map(({ kind, metadata }) => `  ${kind.toLowerCase()}/${metadata.name}`),
  ].join('\n');
}

function section(title: string, rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const widths = [0, 1].map((column) =>
    Math.min(VALUE_WIDTH_MAX, Math.max(...rows.map((row) => row[column]?.length ?? 0))),
  );
  return [
    pc.bold(title),
    ...rows.map(([label, value, source]) =>
      `  ${label.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${pc.dim(source)}`.trimEnd(),
    ),
    '',
  ];
}

function rowsOfProcess({ process }: Carried['inspection']): Row[] {
  if (!process) return [];
  const at = `/proc/${process.id}`;
  return [
    [
      'process',
      `${process.id} (${process.name})${process.children.length > 0 ? `, and ${process.children.length} below it` : ''}`,
      at,
    ],
    ['program', process.executable.value, process.executable.source],
    ['arguments', process.arguments.join(' '), `${at}/cmdline`],
    ['working directory', process.workingDirectory.value, process.workingDirectory.source],
    ['user', process.user.value, process.user.source],
    ...process.listening.map(
      ({ address, port, source }): Row => [
        'listens on',
        `${address.includes(':') ? `[${address}]` : address}:${port}`,
        source,
      ],
    ),
    ...process.connections.map(
      ({ address, port, kind, source }): Row => ['talks to', `${address}:${port}${kind ? ` (${kind})` : ''}`, source],
    ),
    ...process.environment.map(
      ({ name, value, secret, source }): Row => [
        'variable',
        value === undefined ? `${name} (hidden: ${secret})` : `${name}=${value}`,
        source,
      ],
    ),
    ...process.openFiles.slice(0, FILES_TOLD_MAX).map(({ path, mode }): Row => ['open file', path, mode]),
    ...(process.openFiles.length > FILES_TOLD_MAX
      ? [['open files', `${process.openFiles.length - FILES_TOLD_MAX} more`, `${at}/fd`] as const]
      : []),
    ...process.mounts.map(({ path, type, from }): Row => ['mount', `${path} (${type})`, from]),
    ...process.packages.map(
      ({ name, version, files }): Row => ['Debian package', `${name} ${version}`, files[0] ?? ''],
    ),
  ];
}

function rowsOfUnit({ unit }: Carried['inspection']): Row[] {
  if (!unit) return [];
  const rows: Row[] = [];
  const row = (label: string, fact: Fact<string | number> | undefined): void => {
    if (fact) rows.push([label, String(fact.value), fact.source]);
  };
  row('unit', { value: unit.name, source: unit.paths.join(', ') });
  row('description', unit.description);
  for (const fact of unit.start) row('start', fact);
  for (const fact of unit.startBefore) row('before it', fact);
  for (const fact of unit.stop) row('stop', fact);
  row('user', unit.user);
  row('working directory', unit.workingDirectory);
  row('restart', unit.restart);
  row('seconds to stop', unit.stopSeconds);
  for (const { name, value, source } of unit.environment)
    row('variable', { value: value === undefined ? `${name} (hidden)` : `${name}=${value}`, source });
  for (const { name, value, source } of unit.limits) row(name, { value, source });
  for (const fact of unit.needs) row('needs', fact);
  return rows;
}

function rowsOfChecks({ checks }: Carried['inspection']): Row[] {
  return checks.map(({ name, plugin, kind, port, path, service, left, source }): Row => {
    if (left !== undefined) return [name, `${plugin}: left out, ${left}`, source];
    if (kind === 'http') return [name, `${plugin}: probe and smoke test GET ${path ?? '/'} at port ${port}`, source];
    if (kind === 'tcp') return [name, `${plugin}: probe of TCP port ${port}`, source];
    return [name, `${plugin}: probe of ${service}`, source];
  });
}

function rowsOfPuppet({ puppet }: Carried['inspection']): Row[] {
  if (!puppet) return [];
  return [
    ...puppet.packages.map(({ value, source }): Row => ['package', value, source]),
    ...puppet.files.map(
      ({ value, secret, source }): Row => [
        'file',
        secret === undefined ? `${value}: a key of a ConfigMap` : `${value}: a key of a Secret, since ${secret}`,
        source,
      ],
    ),
    ...puppet.services.map(({ value, source }): Row => ['service', value, source]),
    ...puppet.crons.map(({ value, schedule, source }): Row => ['cron', `${schedule} ${value}: a CronJob`, source]),
    ...puppet.users.map(({ value, source }): Row => ['user', value, source]),
    ...puppet.notes.map((note): Row => ['left out', note, '']),
  ];
}

function rowsOfFacts({ facts, graceSeconds }: Carried['inspection']): Row[] {
  const rows: Row[] = [];
  const row = (label: string, fact: Fact<string | number> | undefined): void => {
    if (fact) rows.push([label, String(fact.value), fact.source]);
  };
  row('name', facts.name);
  rows.push(['folder', facts.directory, '']);
  row('language', facts.language);
  row('language version', facts.languageVersion);
  row('framework', facts.framework);
  row('start', facts.start);
  row('port', facts.port);
  row('seconds to stop', graceSeconds);
  for (const { kind, image, source } of facts.services) {
    const outside = facts.settings.external?.[kind];
    rows.push(['needs', `${kind} (${outside ? `stays at ${outside.value}` : image.value})`, outside?.source ?? source]);
  }
  for (const { name, secret, service, fallback, sources } of facts.variables) {
    const value = service
      ? `${service.part} of ${service.kind}`
      : secret === undefined
        ? (fallback ?? 'no value')
        : secret;
    rows.push([secret === undefined ? 'setting' : 'secret', `${name}: ${value}`, sources.join(', ')]);
  }
  for (const { method, path, role, source } of facts.routes)
    rows.push(['route', `${method} ${path}${role ? ` (${role})` : ''}`, source]);
  return rows;
}
