import type { Language, LanguageFacts } from './contract.ts';
import { isDotnet, readDotnet } from './dotnet.ts';
import type { Folder } from './folder.ts';
import { isGo, readGo } from './go.ts';
import { isJava, readJava } from './java.ts';
import { isNode, isNodeToolOnly, readNode } from './node.ts';
import { isPhp, readPhp } from './php.ts';
import { isPython, readPython } from './python.ts';
import { isRuby, readRuby } from './ruby.ts';
import { isRust, readRust } from './rust.ts';
import { isGenerated, isStaticSite, readStaticSite } from './static-site.ts';

/** One language: how a folder shows it, and who reads the folder then. */
export interface LanguageEntry {
  readonly language: Language;
  /** Whether the folder holds an app of this language; looks at names of files, reads little. */
  readonly marks: (folder: Folder) => boolean;
  /** @throws UserError when a file that decides is broken. */
  readonly read: (folder: Folder) => LanguageFacts | Promise<LanguageFacts>;
  /** The file that gives it away: the first path that fits is the source of the language. */
  readonly sign: RegExp;
  /** What was looked for, told when nothing is recognised: `package.json (Node.js, TypeScript)`. */
  readonly lookedFor: string;
  /** What to do when no start command was found, one sentence. */
  readonly startAdvice: string;
  /** True when the folder uses this language only as a tool of another one that marks it too. */
  readonly yields?: (folder: Folder) => boolean;
}

/** The first that marks the folder reads it. A front end that Node.js tools build is read by node.ts. */
export const LANGUAGES: readonly LanguageEntry[] = [
  {
    language: 'node',
    marks: isNode,
    read: readNode,
    sign: /^package\.json$/,
    lookedFor: 'package.json (Node.js, TypeScript)',
    startAdvice:
      'Looked for the scripts start and start:prod and for main in package.json, and for server, app, index or main (.js, .mjs, .cjs) here and in src. Say it in package.json ("scripts": {"start": "node server.js"}), a Procfile (web: …) or wherry.yaml (start: …).',
    yields: isNodeToolOnly,
  },
  {
    language: 'python',
    marks: isPython,
    read: readPython,
    yields: (folder) =>
      isGenerated(folder) && !folder.paths.some((path) => /^(?:app|main|manage|server|wsgi|asgi)\.py$/.test(path)),
    sign: /^(?:requirements(?:\.txt|-prod\.txt|\/[\w-]+\.txt)|pyproject\.toml|Pipfile|setup\.py|manage\.py)$/,
    lookedFor: 'requirements.txt, pyproject.toml, Pipfile or *.py (Python)',
    startAdvice:
      "Looked for an app object (Flask, FastAPI, Starlette and their kin), a factory (create_app), Django's wsgi.py and main.py, app.py, server.py or run.py. Say it in a Procfile (web: gunicorn app:app) or wherry.yaml (start: …).",
  },
  {
    language: 'go',
    marks: isGo,
    read: readGo,
    sign: /^go\.mod$/,
    lookedFor: 'go.mod (Go)',
    startAdvice: 'A program has package main and func main(); name the one that serves in a Procfile (web: bin/NAME).',
  },
  {
    language: 'php',
    marks: isPhp,
    read: readPhp,
    sign: /^(?:composer\.json|(?:\w+\/)?index\.php)$/,
    lookedFor: 'composer.json or index.php (PHP)',
    startAdvice: 'Apache serves PHP; say start: in wherry.yaml for anything else.',
  },
  {
    language: 'ruby',
    marks: isRuby,
    read: readRuby,
    yields: isGenerated,
    sign: /^(?:Gemfile|config\.ru|(?:app|server|main|web)\.rb)$/,
    lookedFor: 'Gemfile, config.ru or app.rb (Ruby)',
    startAdvice: 'Say it in a Procfile (web: bundle exec puma) or wherry.yaml (start: …).',
  },
  {
    language: 'java',
    marks: isJava,
    read: readJava,
    sign: /^(?:pom\.xml|(?:build|settings)\.gradle(?:\.kts)?)$/,
    lookedFor: 'pom.xml or build.gradle (Java, Kotlin)',
    startAdvice: 'Say it in a Procfile (web: java -jar app.jar) or wherry.yaml (start: …).',
  },
  {
    language: 'rust',
    marks: isRust,
    read: readRust,
    sign: /^Cargo\.toml$/,
    lookedFor: 'Cargo.toml (Rust)',
    startAdvice: 'A program has src/main.rs or a [[bin]] in Cargo.toml.',
  },
  {
    language: 'dotnet',
    marks: isDotnet,
    read: readDotnet,
    sign: /\.(?:cs|fs|vb)proj$/,
    lookedFor: '*.csproj (.NET)',
    startAdvice: 'Say it in wherry.yaml (start: dotnet NAME.dll).',
  },
  {
    language: 'static',
    marks: isStaticSite,
    read: readStaticSite,
    sign: /(?:^|\/)index\.html$|^(?:hugo|config|_config|mkdocs)\.(?:toml|ya?ml|json)$/,
    lookedFor: 'index.html, hugo.toml, _config.yml or mkdocs.yml (static site)',
    startAdvice: 'nginx serves the files; say start: in wherry.yaml for anything else.',
  },
];
