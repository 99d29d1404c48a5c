import type { Fact, FoundVariable, ServiceKind } from './contract.ts';
import { type Folder, placeOf } from './folder.ts';

/** What a Prisma schema says: prisma.io/docs, "Prisma schema reference". */
export interface Prisma {
  /** Relative to the folder. */
  readonly schema: string;
  readonly variables: readonly FoundVariable[];
  readonly services: readonly Fact<ServiceKind>[];
}

const PROVIDERS: Readonly<Record<string, ServiceKind>> = {
  postgresql: 'postgres',
  postgres: 'postgres',
  cockroachdb: 'postgres',
  mysql: 'mysql',
  mongodb: 'mongodb',
};

export function readPrisma(folder: Folder): Prisma | undefined {
  const schema = folder.paths.find(
    (path) => path.endsWith('.prisma') && /\bdatasource\s/.test(folder.read(path) ?? ''),
  );
  if (schema === undefined) return undefined;
  const text = folder.read(schema) ?? '';
  const block = /\bdatasource\s+\w+\s*\{([^}]*)\}/.exec(text);
  const start = block ? block.index + block[0].indexOf('{') + 1 : 0;
  const body = block?.[1] ?? '';
  const provider = /\bprovider\s*=\s*"(\w+)"/.exec(body);
  const kind = Object.hasOwn(PROVIDERS, provider?.[1] ?? '') ? PROVIDERS[provider?.[1] ?? ''] : undefined;
  return {
    schema,
    variables: [...body.matchAll(/\benv\("(\w+)"\)/g)].map((match) => ({
      name: match[1] ?? '',
      fallback: undefined,
      source: placeOf(schema, text, start + match.index),
    })),
    services: kind && provider ? [{ value: kind, source: placeOf(schema, text, start + provider.index) }] : [],
  };
}
