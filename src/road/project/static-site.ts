import type { Fact, LanguageFacts } from './contract.ts';
import { type Folder, lineOf } from './folder.ts';
import { existsBelow, factIn } from './source-files.ts';

const NGINX_VERSION = '1.27';
/** Where written pages stand, the likeliest first. */
const PLACES = ['', 'public', 'site', 'www', 'html', 'htdocs', 'static', 'src', 'dist', 'build', 'out', '_site'];

interface Generator {
  readonly name: string;
  /** The file that its tool reads. */
  readonly file: string;
  readonly command: string;
  readonly output: string;
  readonly manifestFiles: readonly string[];
}

export function isStaticSite(folder: Folder): boolean {
  return generatorOf(folder) !== undefined || pagesOf(folder) !== undefined;
}

/** Whether a generator makes the pages, whose own language is then only its tool. */
export function isGenerated(folder: Folder): boolean {
  return generatorOf(folder) !== undefined;
}

/** A site of files: written pages, or those that Hugo, Jekyll or MkDocs make. nginx serves them. */
export function readStaticSite(folder: Folder): LanguageFacts {
  const generator = generatorOf(folder);
  const pages = generator ? { value: generator.output, source: generator.file } : pagesOf(folder);
  const index = pages && `${pages.value === '.' ? '' : `${pages.value}/`}index.html`;
  return {
    name: generator?.name === 'mkdocs' ? factIn(folder, 'mkdocs.yml', /^site_name:\s*['"]?([^'"\n]+)/m) : undefined,
    version: undefined,
    languageVersion: { value: NGINX_VERSION, source: 'default' },
    framework: generator && { value: generator.name, source: generator.file },
    packageManager: { value: 'none', source: 'default' },
    manifestFiles: generator?.manifestFiles ?? [],
    packages: packagesOf(folder, generator?.manifestFiles[0]),
    build: generator && { value: generator.command, source: generator.file },
    start: () => ({ value: "nginx -g 'daemon off;'", source: 'default' }),
    migrate: undefined,
    output: pages,
    variables: [],
    routes: [{ method: 'GET', path: '/', source: generator?.file ?? index ?? 'default', role: undefined }],
    sources: [],
    native: [],
    port: { value: 8080, source: 'default' },
    notes: generator ? [] : brokenLinks(folder, pages?.value ?? '.'),
  };
}

function generatorOf(folder: Folder): Generator | undefined {
  const hugo = ['hugo.toml', 'hugo.yaml', 'hugo.yml', 'hugo.json', 'config.toml', 'config.yaml'].find(
    (path) =>
      folder.has(path) &&
      (path.startsWith('hugo.') ||
        (/baseURL/i.test(folder.read(path) ?? '') &&
          folder.paths.some((each) => /^(?:content|layouts|themes|archetypes)\//.test(each)))),
  );
  if (hugo) {
    const output = factIn(folder, hugo, /^\s*publishDir\s*[=:]\s*["']?([\w./-]+)/m)?.value ?? 'public';
    return { name: 'hugo', file: hugo, command: 'hugo --minify', output, manifestFiles: [] };
  }
  const jekyll = ['_config.yml', '_config.yaml'].find((path) => folder.has(path));
  const gemfile = folder.read('Gemfile') ?? '';
  if (
    jekyll &&
    (/\bgem\s*\(?\s*["'](?:jekyll|github-pages)["']/.test(gemfile) ||
      folder.paths.some((path) => /^(?:_posts|_layouts|_includes)\/|^index\.(?:md|markdown)$/.test(path)))
  ) {
    const manifestFiles = ['Gemfile', 'Gemfile.lock'].filter((path) => folder.has(path));
    const run = manifestFiles.length > 0 ? 'bundle exec jekyll' : 'jekyll';
    const output = factIn(folder, jekyll, /^destination:\s*["']?\.?\/?([\w./-]+)/m)?.value ?? '_site';
    return { name: 'jekyll', file: jekyll, command: `JEKYLL_ENV=production ${run} build`, output, manifestFiles };
  }
  const mkdocs = ['mkdocs.yml', 'mkdocs.yaml'].find((path) => folder.has(path));
  if (!mkdocs) return undefined;
  const output = factIn(folder, mkdocs, /^site_dir:\s*["']?([\w./-]+)/m)?.value ?? 'site';
  const manifestFiles = ['requirements.txt'].filter((path) => folder.has(path));
  return { name: 'mkdocs', file: mkdocs, command: 'mkdocs build', output, manifestFiles };
}

/** What the generator is extended with: gems, or packages of Python. */
function packagesOf(folder: Folder, manifest: string | undefined): Fact<string>[] {
  if (manifest === undefined) return [];
  const pattern = manifest === 'Gemfile' ? /^\s*gem\s*\(?\s*["']([\w-]+)/ : /^\s*([A-Za-z][\w-]*)/;
  return (folder.read(manifest) ?? '').split('\n').flatMap((line, index) => {
    const name = pattern.exec(line)?.[1];
    return name ? [{ value: name.toLowerCase(), source: `${manifest}:${index + 1}` }] : [];
  });
}

/** The folder of the pages, `.` for the top; its index.html is the source. */
function pagesOf(folder: Folder): Fact<string> | undefined {
  for (const place of PLACES) {
    const index = place === '' ? 'index.html' : `${place}/index.html`;
    if (folder.has(index) || existsBelow(folder, index)) return { value: place || '.', source: index };
  }
  return undefined;
}

/** Links to files that are not there: what a visitor meets as 404. At most five are named. */
function brokenLinks(folder: Folder, root: string): string[] {
  const below = root === '.' ? '' : `${root}/`;
  const missing: string[] = [];
  for (const path of folder.paths) {
    if (!path.startsWith(below) || !/\.html?$/.test(path) || missing.length >= 5) continue;
    const text = folder.read(path) ?? '';
    for (const match of text.matchAll(
      /<(?:script|link|img|source)\b[^>]{0,400}?\b(?:src|href)\s*=\s*["']([^"'?#]+)/gi,
    )) {
      const link = match[1] ?? '';
      if (/^(?:[a-z][a-z0-9+.-]*:|\/\/)|[{}<%]/i.test(link) || link === '/') continue;
      const target = new URL(link, `http://site/${path.slice(below.length)}`).pathname.slice(1);
      const file = `${below}${decodeURI(target)}`;
      if (folder.has(file) || existsBelow(folder, file) || missing.length >= 5) continue;
      missing.push(`${path}:${lineOf(text, match.index)}: ${link} is not in the folder`);
    }
  }
  return missing;
}
