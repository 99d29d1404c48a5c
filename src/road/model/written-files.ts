import { type Facts, type Language, openFolder, placeOf } from '../project/index.ts';

/** Calls and packages that write into the file system, by language. Comments count too: a wrong yes costs little. */
const WRITES: Readonly<Partial<Record<Language, { readonly files: RegExp; readonly calls: RegExp }>>> = {
  node: {
    files: /\.(?:[cm]?[jt]sx?)$/,
    calls:
      /\b(?:writeFile|appendFile|createWriteStream|outputFile|mkdir|mkdtemp|copyFile|rename|symlink|truncate|rm|unlink)(?:Sync)?\s*\(|\bopen(?:Sync)?\([^)\n]*,\s*['"`][wax]|\b(?:multer|better-sqlite3|sqlite3?|node:sqlite|fs-extra|lowdb|nedb|lmdb|formidable|node-persist|winston-daily-rotate-file)\b|(?:\bfrom|\bimport|\brequire\()\s*['"]level['"]/,
  },
  python: {
    files: /\.py$/,
    calls:
      /\bopen\([^)\n]*,\s*(?:mode\s*=\s*)?['"][rb]*[wax+]|\b(?:write_text|write_bytes|makedirs|mkdir|mkdtemp|copyfile|copytree|unlink|touch)\s*\(|\b(?:sqlite3?|shelve|dbm|FileField|ImageField|FileHandler|RotatingFileHandler|TimedRotatingFileHandler|default_storage|FileSystemStorage|SQLITE)\b|\.save\(\s*(?:os\.path|f?['"])/i,
  },
  go: {
    files: /\.go$/,
    calls:
      /\bos\.(?:Create|WriteFile|OpenFile|Mkdir|MkdirAll|Rename|Remove|RemoveAll|Truncate)\(|\bioutil\.WriteFile|\bsqlite/,
  },
  rust: {
    files: /\.rs$/,
    calls:
      /\bfs::(?:write|create_dir|create_dir_all|rename|remove_file|remove_dir_all|copy|OpenOptions)\b|\bFile::create|\bOpenOptions\b|\bsqlite/,
  },
};
/** Servers and frameworks that write beside the code: caches, sockets, compiled pages. */
const WRITING = /^(?:next|strapi|@strapi\/strapi|ghost|directus|payload|@keystone-6\/core)$/;
const TEST =
  /(?:^|\/)(?:tests?|__tests__|spec|e2e|fixtures|scripts|migrations|docs)\/|(?:^|[._/])(?:test|spec|conftest)[._]/;

/**
 * Whether the app's own code is known to write no files, so that its root file system may be read-only.
 * @returns undefined when it may; else why not, with place
 */
export function whyWritable(facts: Facts): string | undefined {
  if (facts.dockerfile) return `${facts.dockerfile.path}: what its image writes is not known`;
  const language = facts.language?.value;
  // Pages are served by a server that keeps its own files in /tmp.
  if (language === 'static' || (facts.output && facts.start?.value.startsWith('nginx '))) return undefined;
  const sign = language && WRITES[language];
  if (!language || !sign) return `what ${language ?? 'the image'} writes is not known`;
  const framework = facts.packages.find(({ value }) => WRITING.test(value));
  if (framework) return `${framework.source}: ${framework.value} writes files as it runs`;
  const folder = openFolder(facts.directory);
  for (const path of folder.paths) {
    if (!sign.files.test(path) || TEST.test(path)) continue;
    const text = folder.read(path);
    // Larger than source is: not known.
    if (text === undefined) return `${path}: too large to see whether it writes files`;
    const match = sign.calls.exec(text);
    if (match) return `${placeOf(path, text, match.index)}: the code seems to write files (${match[0].trim()})`;
  }
  return undefined;
}
