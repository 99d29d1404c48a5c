import type { Edit, Hit, Rule, Subject } from './contract.ts';
import { FROM_ENVIRONMENT, graveWhenStarted, patterns, placeParts, startsFile } from './patterns.ts';

const DEVELOPMENT: readonly { readonly find: RegExp; readonly instead: string }[] = [
  { find: /\bflask\b(?:\s+--?\S+(?:\s+\S+)?)*\s+run\b/, instead: 'gunicorn --bind 0.0.0.0:$PORT app:app' },
  { find: /\bmanage\.py\s+runserver\b/, instead: 'gunicorn --bind 0.0.0.0:$PORT PROJECT.wsgi' },
  { find: /\buvicorn\b.*--reload\b|\bgunicorn\b.*--reload\b|\bfastapi\s+dev\b/, instead: 'the same without --reload' },
  { find: /\bnodemon\b|\bts-node-dev\b|\btsx\s+watch\b|\bnode\s+--watch\b/, instead: 'node, on what the build made' },
  { find: /\bnext\s+dev\b|\bnuxt\s+dev\b|\bnuxi\s+dev\b/, instead: 'next build in the image, next start to serve' },
  {
    find: /\bvite\b(?!\s+build)|\breact-scripts\s+start\b|\bng\s+serve\b|\bvue-cli-service\s+serve\b|\bwebpack(?:-dev-server|\s+serve)\b/,
    instead: 'build it in the image, serve the folder with nginx',
  },
  { find: /\bnest\s+start\s+--watch\b/, instead: 'node dist/main' },
  {
    find: /\bphp\s+-S\b|\bartisan\s+serve\b|\bsymfony\s+serve\b/,
    instead: 'php-fpm behind nginx, or apache2-foreground',
  },
  {
    find: /\brails\s+s(?:erver)?\b.*-e\s+development|\bwebrick\b|\bshotgun\b|\brerun\b/,
    instead: 'bundle exec puma -C config/puma.rb',
  },
  { find: /\bdotnet\s+watch\b|\bdotnet\s+run\b/, instead: 'dotnet publish in the image, dotnet APP.dll to serve' },
  {
    find: /\bgo\s+run\b|\bcargo\s+(?:watch|run)\b|(?:^|\s)air(?:\s|$)/,
    instead: 'build it in the image, start the program',
  },
  {
    find: /\bmvnw?\s+(?:\S+\s+)*spring-boot:run\b|\bgradlew?\s+(?:\S+\s+)*bootRun\b|\bquarkus:dev\b|\bquarkusDev\b/,
    instead: 'java -jar app.jar',
  },
];

const debugInCode = patterns([
  {
    in: ['python'],
    find: /^DEBUG\s*=\s*True\b/gm,
    unlessLine: FROM_ENVIRONMENT,
    message: 'DEBUG = True',
    fix: 'DEBUG = os.environ.get("DEBUG") == "1"',
    edits: (match, file) =>
      /^import os$/m.test(file.code)
        ? [{ path: file.path, at: match.index, remove: match[0], insert: 'DEBUG = os.environ.get("DEBUG") == "1"' }]
        : [],
  },
  {
    in: ['python'],
    find: /\.run\((?:[^()\n]|\([^()\n]*\))*?\bdebug\s*=\s*True\b/g,
    severity: graveWhenStarted,
    message: 'debug=True',
    fix: 'debug=os.environ.get("FLASK_DEBUG") == "1"',
    edits: (match, file) =>
      /^import os$/m.test(file.code) ? endOf(match, file.path, 'True', 'os.environ.get("FLASK_DEBUG") == "1"') : [],
  },
  {
    in: ['python'],
    find: /(?:app\.debug|app\.config\[['"]DEBUG['"]\]|FastAPI\([^)\n]*\bdebug)\s*=\s*True\b/g,
    unlessLine: FROM_ENVIRONMENT,
    message: 'debugging is switched on',
    fix: 'Leave it out; FLASK_DEBUG=1 switches it on for a laptop.',
  },
  {
    in: ['php'],
    find: /ini_set\(\s*['"]display_errors['"]\s*,\s*(?:['"]?1|true|['"]on)/gi,
    severity: 'warning',
    message: 'errors are shown to whoever asks',
    fix: "ini_set('display_errors', '0'); ini_set('log_errors', '1');",
  },
  {
    in: ['php'],
    find: /['"]debug['"]\s*=>\s*true\b/g,
    message: 'debugging is switched on',
    fix: "'debug' => (bool) env('APP_DEBUG', false)",
  },
  {
    in: ['dotnet'],
    find: /UseDeveloperExceptionPage\(\)/g,
    unlessFile: /IsDevelopment\(\)/,
    message: 'error pages show the source',
    fix: 'if (app.Environment.IsDevelopment()) app.UseDeveloperExceptionPage();',
  },
  {
    in: ['ruby'],
    find: /consider_all_requests_local\s*=\s*true|set\s+:show_exceptions\s*,\s*true/g,
    unlessFile: /Rails\.env\.development|config\.enable_reloading\s*=\s*true|config\.cache_classes\s*=\s*false/,
    message: 'error pages show the source',
    fix: 'config.consider_all_requests_local = false',
  },
]);

const DEVELOPMENT_MODE =
  /\b(?:NODE_ENV[= ]"?development|FLASK_ENV[= ]"?development|FLASK_DEBUG[= ]"?(?:1|true)|DEBUG[= ]"?(?:1|True|true)|RAILS_ENV[= ]"?development|RACK_ENV[= ]"?development|APP_DEBUG[= ]"?true|APP_ENV[= ]"?(?:local|dev)|ASPNETCORE_ENVIRONMENT[= ]"?Development)\b/;

/** What the last stage of an image sets, or a stage that it begins from. */
function* developmentImage(app: Subject): Iterable<Hit> {
  for (const { path, instructions, lastStage } of app.dockerfiles) {
    const stages = new Set<number>();
    for (let stage: number | undefined = lastStage; stage !== undefined && !stages.has(stage); ) {
      stages.add(stage);
      const from = instructions
        .find((one) => one.keyword === 'FROM' && one.stage === stage)
        ?.text.split(/\s/)[0]
        ?.toLowerCase();
      stage = instructions.find(
        ({ keyword, text }) => keyword === 'FROM' && from !== undefined && text.toLowerCase().endsWith(` as ${from}`),
      )?.stage;
    }
    const last = instructions.filter(({ keyword, stage }) => keyword === 'ENV' && stages.has(stage));
    for (const { text, line } of last) {
      const name = DEVELOPMENT_MODE.exec(text)?.[0].split(/[= ]/)[0];
      const after = last.some(
        (other) =>
          other.line > line && name !== undefined && other.text.includes(name) && !DEVELOPMENT_MODE.test(other.text),
      );
      if (name && !after)
        yield {
          file: path,
          line,
          message: `the image switches development mode on (${name})`,
          fix: 'Write production there, or leave it out.',
        };
    }
  }
}

/** X. What runs here runs there. */
export const devProdParity: readonly Rule[] = [
  {
    id: 'development-server',
    factor: 'dev-prod-parity',
    severity: 'error',
    title: "the development server is the app's start",
    why: 'It serves few requests at a time, watches files, may show the source in its error pages, and is told by its makers not to be used so.',
    breaks: { 'two-replicas': 'the development server is slow under load, however many replicas there are' },
    *read({ startLines }) {
      const told = new Set<string>();
      for (const { text, file, line } of startLines) {
        const plain = text.replace(/",\s*"/g, ' ');
        const found = DEVELOPMENT.find(({ find }) => find.test(plain));
        if (!found || told.has(`${file}:${line}`)) continue;
        told.add(`${file}:${line}`);
        yield {
          file,
          line,
          // A compose file mostly starts the laptop's variant.
          ...(/compose[\w.-]*\.ya?ml$/.test(file) ? { severity: 'note' as const } : {}),
          message: `the start is ${found.find.exec(plain)?.[0].trim() ?? plain}`,
          fix: `Start with: ${found.instead}`,
        };
      }
    },
  },
  {
    id: 'development-server-in-code',
    factor: 'dev-prod-parity',
    severity: 'warning',
    title: "the code starts the framework's development server",
    why: "Flask's own server is told by its makers not to be used in production.",
    *read(app) {
      for (const { path, code, dialect } of app.sources) {
        if (dialect !== 'python' || !/\bFlask\(/.test(code)) continue;
        const name = /^(\w+)\s*=\s*Flask\(/m.exec(code)?.[1] ?? 'app';
        const at = code.search(new RegExp(`^[ \\t]*${name}\\.run\\(`, 'm'));
        if (at < 0 || !startsFile(app, path)) continue;
        yield {
          file: path,
          line: code.slice(0, at).split('\n').length + (code[at] === '\n' ? 1 : 0),
          message: `python ${path} starts Flask's development server`,
          fix: `Start with: gunicorn --bind 0.0.0.0:$PORT ${path.replace(/\.py$/, '').replaceAll('/', '.')}:app`,
        };
      }
    },
  },
  {
    id: 'debug-on',
    factor: 'dev-prod-parity',
    severity: 'error',
    title: 'debugging is switched on',
    why: "An error page then shows source, settings and variables to whoever asks; Werkzeug's even runs their code.",
    *read(app) {
      yield* debugInCode(app);
      yield* developmentImage(app);
    },
  },
  {
    id: 'different-database',
    factor: 'dev-prod-parity',
    severity: 'warning',
    title: 'another database on the laptop than in the cluster',
    why: 'What SQLite accepts, MySQL and PostgreSQL may refuse: the fault shows only after the deploy. And without the variable a pod starts with an empty database of its own.',
    *read({ facts, sources }) {
      for (const { name, fallback, sources: places } of facts.variables) {
        const [source] = places;
        if (!source || !fallback || !/^(?:sqlite|h2:|jdbc:(?:h2|sqlite)|file:.*\.(?:db|sqlite))/i.test(fallback))
          continue;
        yield {
          ...placeParts(source),
          message: `${name} falls back on ${fallback.split(':')[0] ?? 'SQLite'}`,
          fix: 'Use the same kind of server on the laptop: wherry up brings it; or docker compose up db',
        };
      }
      for (const { path, code, dialect } of sources) {
        const engine =
          dialect === 'python'
            ? /^(?=[\s\S]*backends\.(?:postgresql|mysql))[\s\S]*?['"]ENGINE['"]\s*:\s*['"]django\.db\.backends\.sqlite3/.exec(
                code,
              )
            : null;
        if (engine)
          yield {
            file: path,
            line: engine[0].split('\n').length,
            message: 'SQLite is the database unless a variable chooses another one',
            fix: 'Use the same kind of server on the laptop: wherry up brings it; or docker compose up db',
          };
        const or =
          dialect === 'python'
            ? /(?:environ\.get|getenv)\([^\n]*?\)[^\n]*?\bor\s*\\?\s*f?['"](sqlite):/.exec(code)
            : null;
        if (or)
          yield {
            file: path,
            line: code.slice(0, or.index).split('\n').length,
            message: 'the database falls back on sqlite',
            fix: 'Use the same kind of server on the laptop: wherry up brings it; or docker compose up db',
          };
        if (dialect === 'node' || dialect === 'python') continue;
        const match = /(?:getenv|ENV\.fetch|GetEnvironmentVariable|unwrap_or|env\()[^\n]*['"](sqlite:[^'"]*)['"]/i.exec(
          code,
        );
        if (match)
          yield {
            file: path,
            line: code.slice(0, match.index).split('\n').length,
            message: `the database falls back on ${match[1] ?? 'SQLite'}`,
            fix: 'Use the same kind of server on the laptop: wherry up brings it; or docker compose up db',
          };
      }
    },
  },
  {
    id: 'start-needs-development',
    factor: 'dev-prod-parity',
    severity: 'warning',
    title: 'the start needs packages of development',
    why: 'The image must carry compilers and tools to run, and compiles at every start of every pod.',
    *read({ facts }) {
      const needed = facts.startNeedsDevelopment;
      if (!needed || !facts.start) return;
      yield {
        ...placeParts(facts.start.source),
        message: `the start runs ${needed.value}, a package of development (${needed.source})`,
        fix: 'Compile in a build script ("build": "tsc"), start what it made ("start": "node dist/server.js").',
      };
    },
  },
];

function endOf(match: RegExpExecArray, path: string, from: string, to: string): readonly Edit[] {
  return [{ path, at: match.index + match[0].length - from.length, remove: from, insert: to }];
}
