import type { Hit, Rule, Subject } from './contract.ts';
import { homeOf, patterns } from './patterns.ts';

const CUT = 'requests that are under way when a pod is replaced are cut off';

/** IX. A process starts quickly and ends when it is told to. */
export const disposability: readonly Rule[] = [
  {
    id: 'no-sigterm',
    factor: 'disposability',
    severity: 'warning',
    title: 'SIGTERM is not handled',
    why: 'Kubernetes ends a pod with SIGTERM. As first process of a container an app without a handler for it does not hear it, and is killed after 30 seconds in mid-request.',
    breaks: { restart: CUT, rollback: CUT },
    read: noSigterm,
  },
  {
    id: 'signal-swallowed',
    factor: 'disposability',
    severity: 'warning',
    title: 'a shell or package manager stands before the app',
    why: 'SIGTERM goes to the first process only. A shell or npm does not pass it on in time: each pod takes 30 seconds to end, and is then killed.',
    breaks: { restart: CUT, rollback: CUT },
    read: signalSwallowed,
  },
  {
    id: 'long-start',
    factor: 'disposability',
    severity: 'warning',
    title: 'the start takes long or waits',
    why: 'A roll, a rollback and every new replica take that long; a liveness probe may kill the pod before it has begun.',
    read: longStart,
  },
  {
    id: 'no-health-route',
    factor: 'disposability',
    severity: 'warning',
    title: 'no route tells whether the app is well',
    why: 'Kubernetes can then only see that the port is open: an app that hangs stays in service.',
    *read(app) {
      if (!app.serves || app.facts.routes.length === 0) return;
      if (app.facts.routes.some(({ role }) => role === 'health' || role === 'ready') || hasHealthLibrary(app)) return;
      yield {
        ...homeOf(app),
        message: 'no GET /health (or /healthz, /livez, /ping)',
        fix: 'Add GET /health that answers 200 without asking the database.',
      };
    },
  },
  {
    id: 'no-readiness',
    factor: 'disposability',
    severity: 'warning',
    title: 'no route tells whether the app can serve',
    why: 'A new pod gets requests as soon as its port is open, before it reaches its database, and answers them with errors.',
    breaks: { restart: 'a new pod is asked before it reaches its database, and answers with errors' },
    *read(app) {
      const [service] = app.facts.services;
      if (!service || app.facts.routes.length === 0 || hasHealthLibrary(app)) return;
      if (app.facts.routes.some(({ role }) => role === 'ready')) return;
      yield {
        ...homeOf(app),
        message: `needs ${service.kind} (${service.source}), and no GET /ready asks for it`,
        fix: `Add GET /ready that asks ${service.kind} (SELECT 1, PING) and answers 503 while it is away.`,
      };
    },
  },
];

function hasHealthLibrary(app: Subject): boolean {
  return (
    app.uses(
      /terminus|lightship|spring-boot-starter-actuator|quarkus-smallrye-health|micronaut-management|django-health-check|okcomputer|rails\/health|fastify-healthcheck/,
    ) || app.codeHas(/MapHealthChecks|rails_health_check|rails\/health#show/)
  );
}

function* noSigterm(app: Subject): Iterable<Hit> {
  if (!app.serves) return;
  const start = app.startLines.map(({ text }) => text.replace(/",\s*"/g, ' ')).join('\n');
  const home = homeOf(app);
  const has = (dialect: string): boolean => app.sources.some((source) => source.dialect === dialect);
  const place = (pattern: RegExp): { file: string; line: number } => {
    const source = app.sources.find(({ code }) => pattern.test(code));
    if (!source) return home;
    const index = source.code.search(pattern);
    return { file: source.path, line: source.code.slice(0, index).split('\n').length };
  };
  const language = app.facts.language?.value;
  const is = (dialect: 'node' | 'python' | 'go' | 'rust' | 'java'): boolean =>
    language ? language === dialect : has(dialect);

  if (is('node') && !/\b(?:next|nuxt|serve|http-server)\b/.test(start)) {
    const handled =
      app.codeHas(/['"]SIGTERM['"]|enableShutdownHooks|closeWithGrace|createTerminus|gracefulShutdown\(/) ||
      app.uses(
        /close-with-grace|@godaddy\/terminus|http-graceful-shutdown|lightship|stoppable|fastify-graceful-shutdown|"next"/,
      );
    if (!handled && app.codeHas(/\.listen\(|createServer\(/)) {
      const nest = app.uses(/@nestjs\/core/);
      yield {
        ...place(/\.listen\(/),
        message: 'Node.js as first process of a container does not end at SIGTERM by itself',
        fix: nest
          ? 'app.enableShutdownHooks();'
          : "process.once('SIGTERM', () => server.close(() => process.exit(0)));",
      };
    }
  } else if (is('go') && app.codeHas(/ListenAndServe|\.Run\(|\.Start\(/)) {
    if (app.codeHas(/signal\.Notify|signal\.NotifyContext|graceful|endless/)) return;
    yield {
      ...place(/ListenAndServe|\.Run\(|\.Start\(/),
      message: 'SIGTERM ends the server in mid-request',
      fix: 'ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM); … <-ctx.Done(); server.Shutdown(…)',
    };
  } else if (is('rust') && app.codeHas(/axum::|warp::|hyper::/)) {
    if (app.codeHas(/with_graceful_shutdown|SignalKind::terminate|ctrl_c/)) return;
    yield {
      ...place(/axum::serve|\.serve\(|warp::serve/),
      message: 'SIGTERM ends the server in mid-request',
      fix: 'axum::serve(listener, app).with_graceful_shutdown(terminated()) with tokio::signal::unix::SignalKind::terminate()',
    };
  } else if (
    is('python') &&
    /\bpython3?\s+(?:-u\s+)?\S+\.py/.test(start) &&
    !/gunicorn|uvicorn|hypercorn|waitress|granian|daphne/.test(start)
  ) {
    if (app.codeHas(/signal\.SIGTERM|add_signal_handler|uvicorn\.run|web\.run_app|waitress|hypercorn/)) return;
    yield {
      ...home,
      message: 'a Python program as first process of a container does not hear SIGTERM',
      fix: 'Start it with a server (gunicorn app:app), or: signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))',
    };
  } else if (is('java') && app.uses(/spring-boot/)) {
    const settings = app.texts.filter(({ path }) => /application[\w.-]*\.(?:properties|ya?ml)$/.test(path));
    const version =
      /(?:spring-boot-starter-parent<\/artifactId>\s*<version>|org\.springframework\.boot['"]?\)?\s*version\s*['"]|spring-boot[\w.-]*:)(\d+)\.(\d+)/.exec(
        app.texts.find(({ path }) => /pom\.xml$|build\.gradle/.test(path))?.text ?? '',
      );
    // Graceful by default from 3.4 on.
    const late = version !== null && (Number(version[1]) > 3 || (Number(version[1]) === 3 && Number(version[2]) >= 4));
    if (late || settings.some(({ code }) => /shutdown\s*[=:]\s*graceful/.test(code))) return;
    yield {
      file: settings[0]?.path ?? home.file,
      line: 1,
      severity: 'note',
      message: 'Spring Boot before 3.4 cuts open requests at SIGTERM unless told otherwise',
      fix: 'server.shutdown=graceful',
    };
  }
}

const META = /[$`\\|&;<>(){}*?[\]~#!'"]/;

function* signalSwallowed(app: Subject): Iterable<Hit> {
  for (const { path, text, instructions, lastStage } of app.dockerfiles) {
    for (const instruction of instructions) {
      if (instruction.stage !== lastStage || !/^(?:CMD|ENTRYPOINT)$/.test(instruction.keyword)) continue;
      const { keyword, text: command, line, start, end } = instruction;
      // An ENTRYPOINT takes the CMD as its arguments; then only the first counts.
      if (
        keyword === 'CMD' &&
        instructions.some((other) => other.stage === lastStage && other.keyword === 'ENTRYPOINT')
      )
        continue;
      const exec = command.startsWith('[');
      const plain = exec ? command.replace(/^\[\s*"|"\s*\]$/g, '').replace(/"\s*,\s*"/g, ' ') : command;
      if (/\b(?:tini|dumb-init|catatonit)\b/.test(plain)) continue;
      const direct = directStart(app, plain);
      const edit = (
        words: string,
      ): { edits: readonly [{ path: string; at: number; remove: string; insert: string }] } => ({
        edits: [{ path, at: start, remove: text.slice(start, end), insert: `${keyword} ${words}` }],
      });
      if (/^(?:npm|yarn|pnpm|bun)\s/.test(plain)) {
        const words = direct && JSON.stringify(direct.split(/\s+/));
        yield {
          file: path,
          line,
          message: `${plain.split(/\s/)[0] ?? 'npm'} is the first process, and the app its grandchild`,
          fix: `${keyword} ${words ?? '["node", "server.js"], with what the script runs'}`,
          ...(words ? edit(words) : {}),
        };
      } else if (!exec && command !== '') {
        // `exec` makes the app take the shell's place.
        if (/^exec\s/.test(command) || /&&\s*exec\s|;\s*exec\s/.test(command)) continue;
        const simple = !META.test(command) && !/^\w+=/.test(command);
        const words = simple ? JSON.stringify(command.split(/\s+/)) : undefined;
        yield {
          file: path,
          line,
          message: `${keyword} without brackets runs a shell as first process`,
          fix: `${keyword} ${words ?? `["sh", "-c", ${JSON.stringify(`exec ${command}`)}]`}`,
          ...(words ? edit(words) : {}),
        };
      } else if (exec && /^(?:\/bin\/)?(?:ba|da|a)?sh\s+-l?c\s/.test(plain) && !/\bexec\s/.test(plain)) {
        yield {
          file: path,
          line,
          message: 'a shell is the first process',
          fix: `Write exec before the app's own command: ${plain.replace(/(-l?c\s+)/, '$1exec ').slice(0, 100)}`,
        };
      }
    }
  }
  // A script that is the first process and does not hand over.
  const scripts = new Set(
    app.startLines.filter(({ file }) => /\.(?:sh|bash)$|entrypoint$/.test(file)).map(({ file }) => file),
  );
  for (const file of scripts) {
    const lines = app.startLines.filter((line) => line.file === file);
    if (lines.some(({ text }) => /(?:^|;|&&|\|\|)\s*exec\s/.test(text))) continue;
    const last = lines.filter(({ text }) => !/^(?:fi|done|esac|\}|exit\b.*|wait\b.*)$/.test(text)).at(-1);
    if (!last) continue;
    yield {
      file,
      line: last.line,
      message: 'the script stays the first process: the app does not hear SIGTERM',
      fix: `exec ${last.text}`,
    };
  }
}

/** What `npm start` runs, when it is one plain program and nothing comes before it. */
function directStart(app: Subject, command: string): string | undefined {
  if (!/^(?:npm|yarn|pnpm)\s+(?:run\s+)?start$/.test(command)) return undefined;
  const manifest = app.folder.read('package.json') ?? '';
  if (/"prestart"\s*:|"poststart"\s*:/.test(manifest)) return undefined;
  const script = /"start"\s*:\s*"((?:\\.|[^"\\])*)"/.exec(manifest)?.[1]?.trim();
  return script && /^node\s+[\w./@=:\s-]+$/.test(script) ? script.replace(/\s+/g, ' ') : undefined;
}

const heavy = patterns([
  {
    in: ['python'],
    find: /^(?:\w+\s*(?::[^=\n]+)?=\s*)(?:\w+\.)*(?:from_pretrained|load_model|torch\.load|joblib\.load|pickle\.load|SentenceTransformer|pipeline|spacy\.load|whisper\.load_model)\(/gm,
    message: 'a model is loaded when the module is imported',
    fix: 'Bring the model in the image, and have a startupProbe with room for the load (failureThreshold: 60).',
  },
]);

function* longStart(app: Subject): Iterable<Hit> {
  for (const { text, file, line } of app.startLines) {
    const what =
      /\b(sleep\s+(?:[5-9]|\d{2,})|wait-for-it(?:\.sh)?|dockerize\s+-wait|wait-for\s|until\s.+;\s*do|while\s+!)/.exec(
        text.replace(/",\s*"/g, ' '),
      )?.[1];
    if (what)
      yield {
        file,
        line,
        severity: 'note',
        message: `the start waits (${what.trim()})`,
        fix: 'Start at once and answer 503 at /ready until what is needed is there; Kubernetes keeps the traffic away meanwhile.',
      };
  }
  yield* heavy(app);
}
