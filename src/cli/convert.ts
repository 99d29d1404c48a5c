import type { Command } from 'commander';

export interface ConvertOptions {
  readonly file?: string[];
  readonly profile?: string[];
  readonly envFile?: string[];
  readonly projectDirectory?: string;
  readonly name?: string;
  readonly namespace: string;
  readonly host?: string;
  readonly imagePrefix: string;
  readonly output?: string;
  readonly strict?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

const several = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

export function registerConvert(program: Command): void {
  program
    .command('convert')
    .description(
      'turn a compose file into Kubernetes objects; every key is mapped or named, with the reason and what to do',
    )
    .argument('[compose.yaml...]', "files, later laid over earlier (the folder's own and its override)")
    .option('-f, --file <file>', 'a compose file; may be given several times', several)
    .option('--profile <profile>', 'turn a profile on; may be given several times', several)
    .option('--env-file <file>', 'in place of .env; may be given several times', several)
    .option('--project-directory <folder>', 'where relative paths lead from')
    .option('--name <name>', 'name of the app in the cluster')
    .option('-n, --namespace <namespace>', 'namespace', 'default')
    .option('--host <host>', 'host of the Ingress (NAME.localhost)')
    .option('--image-prefix <prefix>', 'what names of images that are built here begin with', 'localhost/')
    .option('-o, --output <folder>', 'write a file for each object instead of printing them')
    .option('--strict', 'end with status 1 when a key was dropped')
    .option('--verbose', 'report the keys that mean the same, too')
    .option('--json', 'print objects and report as one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  wherry convert\n  wherry convert compose.yaml -o k8s/\n  wherry convert -f compose.yaml -f compose.prod.yaml --profile web --strict\n  wherry convert compose.yaml --json',
    )
    .action(async (files: string[], options: ConvertOptions) => {
      const { convertCompose } = await import('./convert-compose.ts');
      await convertCompose([...files, ...(options.file ?? [])], options);
    });
}
