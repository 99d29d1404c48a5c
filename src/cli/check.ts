import { Argument, type Command, Option } from 'commander';
import type { AuditReport, Finding, Moment, Severity } from '../road/audit/index.ts';
import { colors as pc } from './colors.ts';

const LEVELS = ['error', 'warning', 'note', 'never'] as const;
type Level = (typeof LEVELS)[number];

interface Options {
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly junit?: boolean;
  readonly fix?: boolean;
  readonly rules?: boolean;
  readonly failOn: Level;
}

export function registerCheck(program: Command): void {
  program
    .command('check')
    .description('the twelve-factor audit of an app: what will break on Kubernetes, why, and the way out')
    .addArgument(new Argument('[folder]', "the app's folder, or a folder or file of Kubernetes objects").default('.'))
    .option('--fix', 'make the changes that are safe to make')
    .option('--rules', 'list what is looked for, and why')
    .addOption(new Option('--json', 'print findings and summary as JSON').conflicts(['sarif', 'junit']))
    .addOption(new Option('--sarif', 'print SARIF 2.1.0, as code hosts read it').conflicts(['junit']))
    .option('--junit', 'print JUnit XML, as CI systems read it')
    .addOption(
      new Option('--fail-on <level>', 'end with status 1 from this severity on').choices(LEVELS).default('error'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  wherry check\n  wherry check examples/users --json\n  wherry check k8s/\n  wherry check --fix\n  wherry check --rules\n  wherry check --sarif --fail-on warning > check.sarif\n\nA finding that the owner lives with goes into wherry.yaml, with the reason:\n  accept:\n    - rule: no-metrics\n      reason: measured by the mesh',
    )
    .action(async (path: string, options: Options) => {
      if (options.rules) {
        const { printRules } = await import('./check-rules.ts');
        printRules(options.json ?? false);
        return;
      }
      const { checkFolder } = await import('./check-folder.ts');
      const { report, mended } = await checkFolder(path, options.fix ?? false);
      if (options.json) console.log(JSON.stringify(jsonOf(report), null, 2));
      else if (options.sarif || options.junit) {
        const { junitOf, sarifOf } = await import('../road/audit/index.ts');
        console.log(
          options.junit ? junitOf(report).trimEnd() : JSON.stringify(sarifOf(report, program.version() ?? ''), null, 2),
        );
      } else {
        for (const { file, line, message, fix } of mended)
          console.log(`${pc.green('mended')} ${file}:${line} ${message}: ${fix}`);
        if (mended.length > 0) console.log('');
        const { textOf } = await import('./check-text.ts');
        console.log(textOf(report));
      }
      if (isOver(report, options.failOn)) process.exitCode = 1;
    });
}

function isOver({ findings }: AuditReport, level: Level): boolean {
  if (level === 'never') return false;
  const counted: readonly Severity[] = LEVELS.slice(0, LEVELS.indexOf(level) + 1) as Severity[];
  return findings.some(({ severity }) => counted.includes(severity));
}

const shown = ({ rule, factor, severity, file, line, message, why, fix, fixable }: Finding): object => ({
  rule,
  factor,
  severity,
  file,
  line,
  message,
  why,
  fix,
  fixable,
});

function jsonOf({ findings, accepted, unused, summary }: AuditReport): object {
  return {
    findings: findings.map(shown),
    accepted: accepted.map(({ finding, reason, source }) => ({ ...shown(finding), reason, source })),
    unused,
    summary: { ...summary, breaks: summary.breaks satisfies Readonly<Record<Moment, readonly string[]>> },
  };
}
