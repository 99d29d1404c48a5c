import type { Command } from 'commander';

interface Options {
  readonly json?: boolean;
  readonly output?: string;
  readonly nagios?: string[];
  readonly puppet?: string[];
  readonly app?: string;
}

export function registerInspect(program: Command): void {
  program
    .command('inspect')
    .description('look at what runs on this machine, and print what it would become on Kubernetes; secrets stay hidden')
    .argument('<target>', 'a process id, :PORT, or a systemd unit by its name or file')
    .option('--nagios <file...>', 'Nagios objects or nrpe.cfg: their checks become probes and smoke tests')
    .option('--puppet <file...>', 'Puppet manifests: packages, files, services and crons')
    .option('--app <app>', 'name of the app')
    .option('-o, --output <folder>', 'write Dockerfile, k8s/ and smoke test there; nothing secret is written')
    .option('--json', 'print everything as one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry inspect :8080\n  wherry inspect 1234 --json\n  wherry inspect shop.service -o shop-on-kubernetes\n  wherry inspect ./shop.service --nagios /etc/nagios/nrpe.cfg --puppet shop.pp',
    )
    .action(async (target: string, options: Options) => {
      const { inspectToCarry, writeCarried } = await import('./inspect-carried.ts');
      const carried = await inspectToCarry(target, {
        ...(options.nagios ? { nagios: options.nagios } : {}),
        ...(options.puppet ? { puppet: options.puppet } : {}),
        ...(options.app === undefined ? {} : { app: options.app }),
      });
      const written = options.output === undefined ? [] : writeCarried(carried, options.output);
      if (options.json) {
        const { inspection, dockerfile, objects, notes } = carried;
        console.log(JSON.stringify({ ...inspection, dockerfile, objects, notes, written }, null, 2));
        return;
      }
      const { inspectText } = await import('./inspect-text.ts');
      console.log(inspectText(carried));
      if (options.output !== undefined) {
        const { directory } = carried.inspection.facts;
        for (const { path, action, why } of written)
          console.log(`${action} ${options.output}/${path}${why ? `: ${why}` : ''}`);
        if (directory !== '/')
          console.log(`Build it with: wherry image build ${directory} -f ${options.output}/Dockerfile`);
      }
    });
}
