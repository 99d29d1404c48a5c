import type { Fact, FoundVariable } from './contract.ts';
import { lineOf } from './folder.ts';
import type { Source } from './written-addresses.ts';

/** In every PHP; naming them asks for nothing. */
export const BUILT_IN =
  /^(?:core|ctype|curl|date|dom|fileinfo|filter|hash|iconv|json|libxml|mbstring|openssl|pcre|pdo|pdo_sqlite|phar|posix|readline|reflection|session|simplexml|sodium|spl|sqlite3|standard|tokenizer|xml|xmlreader|xmlwriter|zlib)$/;

const SIGNS: readonly (readonly [string, RegExp])[] = [
  ['pdo_mysql', /['"]mysql:(?:host|unix_socket|dbname|charset|\$|\{|%|['"])/],
  ['pdo_pgsql', /['"]pgsql:(?:host|dbname|\$|\{|%|['"])/],
  ['mysqli', /\bnew\s+\\?mysqli\b|\bmysqli_(?:connect|init)\(/i],
  ['pgsql', /\bpg_p?connect\(/],
  ['redis', /\bnew\s+\\?Redis\(/],
  ['memcached', /\bnew\s+\\?Memcached\(/],
  ['intl', /\bnew\s+\\?(?:NumberFormatter|IntlDateFormatter|Collator)\b/],
  ['gd', /\bimagecreate\w*\(/],
  ['zip', /\bnew\s+\\?ZipArchive\b/],
];

export function extensionsOf(sources: readonly Source[]): Fact<string>[] {
  return SIGNS.flatMap(([value, pattern]) => {
    for (const { path, text } of sources) {
      // The settings of a framework name every database that there is.
      const index = path.startsWith('config/') ? -1 : text.search(pattern);
      if (index !== -1) return [{ value, source: `${path}:${lineOf(text, index + 1)}` }];
    }
    return [];
  });
}

export function laravelExtensions(example: readonly FoundVariable[]): Fact<string>[] {
  const drivers: Readonly<Record<string, string>> = {
    mysql: 'pdo_mysql',
    mariadb: 'pdo_mysql',
    pgsql: 'pdo_pgsql',
    redis: 'redis',
  };
  return example.flatMap(({ name, fallback, source }) => {
    const decides = /^(?:DB_CONNECTION|CACHE_STORE|CACHE_DRIVER|SESSION_DRIVER|QUEUE_CONNECTION)$/.test(name);
    const value = decides && fallback !== undefined && Object.hasOwn(drivers, fallback) ? drivers[fallback] : undefined;
    return value ? [{ value, source }] : [];
  });
}
