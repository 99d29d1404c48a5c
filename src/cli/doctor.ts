import type { Command } from 'commander';
import { colors as pc } from './colors.ts';

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('what this machine allows, and the exact command that mends each lack')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  wherry doctor --json')
    .action(async ({ json }: { json?: boolean }) => {
      const { inspectMachine } = await import('../engine/cluster/index.ts');
      const checks = inspectMachine();
      if (json) console.log(JSON.stringify(checks, null, 2));
      else {
        for (const { name, ok, finding, mend, optional } of checks) {
          const sign = ok ? pc.green('✓') : optional ? pc.yellow('-') : pc.red('✗');
          console.log(`${sign} ${name.padEnd(12)} ${finding}${mend ? `\n  ${' '.repeat(12)} mend it: ${mend}` : ''}`);
        }
      }
      if (checks.some(({ ok, optional }) => !ok && !optional)) process.exitCode = 1;
    });
}
