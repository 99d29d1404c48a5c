import type { Edit, Hit, Rule, Subject, TextFile } from './contract.ts';
import { graveWhenStarted, hitAt, patterns, startsFile } from './patterns.ts';

const UNREACHED = 'it listens on localhost, where neither probes nor other pods reach it';
const PRIVILEGED_MAX = 1023;
/** `listen(process.env.PORT, 'localhost')` hides all the same: only a host from the environment counts. */
const HOST_FROM_ENVIRONMENT = /process\.env\.(?:HOST|BIND|ADDRESS|LISTEN)/;

/** The edit that puts another text in place of the last occurrence within a match. */
function instead(match: RegExpExecArray, file: TextFile, from: string, to: string): readonly Edit[] {
  const at = match[0].lastIndexOf(from);
  return at < 0 ? [] : [{ path: file.path, at: match.index + at, remove: from, insert: to }];
}

const fixedHosts = patterns([
  {
    in: ['node'],
    find: /\.listen\([^)\n]*?(['"])(?:localhost|127\.0\.0\.1)\1/g,
    unlessLine: HOST_FROM_ENVIRONMENT,
    message: UNREACHED,
    fix: "Write '0.0.0.0' there.",
    edits: (match, file) => instead(match, file, /127\.0\.0\.1/.test(match[0]) ? '127.0.0.1' : 'localhost', '0.0.0.0'),
  },
  {
    in: ['node'],
    where: /['"]fastify['"]/,
    find: /\.listen\(\s*\{\s*port\b(?:(?!host)[^}])*\}/g,
    message: 'Fastify listens on localhost unless told a host',
    fix: "listen({ host: '0.0.0.0', port })",
    edits: (match, file) => instead(match, file, '{', "{ host: '0.0.0.0',"),
  },
  {
    in: ['python'],
    find: /(?:\.run|run_app|run_simple|serve|uvicorn\.run)\((?:[^()\n]|\([^()]*\))*?\bhost\s*=\s*(['"])(?:localhost|127\.0\.0\.1)\1/g,
    severity: graveWhenStarted,
    message: UNREACHED,
    fix: 'host="0.0.0.0"',
    edits: (match, file) => instead(match, file, /127\.0\.0\.1/.test(match[0]) ? '127.0.0.1' : 'localhost', '0.0.0.0'),
  },
  {
    in: ['python'],
    where: /\buvicorn\b/,
    find: /uvicorn\.run\((?:(?!\bhost\b)[^()]|\([^()]*\))*\)/g,
    message: 'uvicorn listens on localhost unless told a host',
    fix: 'uvicorn.run(app, host="0.0.0.0", …)',
  },
  {
    in: /(?:^|\/)gunicorn(?:\.conf|_config|_conf)?\.py$/,
    find: /^\s*bind\s*=\s*f?['"](?:localhost|127\.0\.0\.1):?/gm,
    message: UNREACHED,
    fix: 'bind = "0.0.0.0:" + os.environ.get("PORT", "8000")',
    edits: (match, file) => instead(match, file, /127\.0\.0\.1/.test(match[0]) ? '127.0.0.1' : 'localhost', '0.0.0.0'),
  },
  {
    in: ['go'],
    find: /(?:ListenAndServe(?:TLS)?|net\.Listen|\.Run|\.Start|\.Listen)\(\s*(?:"tcp"\s*,\s*)?"(?:localhost|127\.0\.0\.1):|\bAddr\s*:\s*"(?:localhost|127\.0\.0\.1):(?!6379|11211)/g,
    message: UNREACHED,
    fix: '":8080", or ":" + os.Getenv("PORT")',
    edits: (match, file) => instead(match, file, /127\.0\.0\.1/.test(match[0]) ? '127.0.0.1' : 'localhost', ''),
  },
  {
    in: ['rust'],
    find: /(?:bind|TcpListener::bind|from)\(\s*\(?\s*(?:"(?:localhost|127\.0\.0\.1)|\(?\[127,\s*0,\s*0,\s*1\])/g,
    message: UNREACHED,
    fix: '"0.0.0.0:8080"',
    edits: (match, file) => [
      ...instead(match, file, '127.0.0.1', '0.0.0.0'),
      ...instead(match, file, 'localhost', '0.0.0.0'),
    ],
  },
  {
    in: ['dotnet'],
    find: /(?:UseUrls|\.Run|Urls\.Add)\(\s*"https?:\/\/(?:localhost|127\.0\.0\.1)/g,
    message: UNREACHED,
    fix: '"http://+:8080", or leave it out and set ASPNETCORE_HTTP_PORTS',
    edits: (match, file) => instead(match, file, /127\.0\.0\.1/.test(match[0]) ? '127.0.0.1' : 'localhost', '+'),
  },
  {
    in: ['ruby'],
    find: /set\s+:bind\s*,\s*['"](?:localhost|127\.0\.0\.1)['"]|\bbind\s+['"]tcp:\/\/(?:localhost|127\.0\.0\.1)/g,
    message: UNREACHED,
    fix: "set :bind, '0.0.0.0'",
    edits: (match, file) => instead(match, file, /127\.0\.0\.1/.test(match[0]) ? '127.0.0.1' : 'localhost', '0.0.0.0'),
  },
  {
    in: /(?:^|\/)application[\w.-]*\.properties$/,
    find: /^server\.address\s*=\s*(?:localhost|127\.0\.0\.1)/gm,
    message: UNREACHED,
    fix: 'Delete the line.',
  },
]);

/** Flask's own server, where the start runs it and the code names no host. */
function* flaskDefault(app: Subject): Iterable<Hit> {
  for (const file of app.sources) {
    const name = /^(\w+)\s*=\s*Flask\(/m.exec(file.code)?.[1];
    if (name === undefined || !startsFile(app, file.path)) continue;
    const match = new RegExp(`^[ \\t]*${name}\\.run\\((?:[^()\\n]|\\([^()\\n]*\\))*\\)`, 'm').exec(file.code);
    if (match && !/\bhost\s*=/.test(match[0]))
      yield hitAt(
        file,
        match.index,
        "Flask's own server listens on localhost unless told a host",
        'host="0.0.0.0", or start with gunicorn --bind 0.0.0.0:$PORT',
      );
  }
}

/** VII. The app listens on a port that its surroundings choose. */
export const portBinding: readonly Rule[] = [
  {
    id: 'listens-on-localhost',
    factor: 'port-binding',
    severity: 'error',
    title: 'the app listens on localhost only',
    why: "Probes and traffic come from outside the pod: to a socket on 127.0.0.1 they get 'connection refused', and the pod is never ready.",
    breaks: { restart: UNREACHED },
    *read(app) {
      yield* fixedHosts(app);
      yield* flaskDefault(app);
    },
  },
  {
    id: 'starts-on-localhost',
    factor: 'port-binding',
    severity: 'error',
    title: 'the start command binds localhost',
    why: "Probes and traffic come from outside the pod: to a socket on 127.0.0.1 they get 'connection refused', and the pod is never ready.",
    breaks: { restart: UNREACHED },
    *read({ startLines }) {
      for (const { text, file, line } of startLines) {
        const plain = text.replace(/",\s*"/g, ' ');
        if (!/(?:--bind|-b|--host|-H|--binding|--address|-S|--hostname)[= ](?:localhost|127\.0\.0\.1)/.test(plain))
          continue;
        yield {
          file,
          line,
          message: UNREACHED,
          fix: `${plain.replace(/localhost|127\.0\.0\.1/, '0.0.0.0').slice(0, 120)}`,
        };
      }
    },
  },
  {
    id: 'port-fixed',
    factor: 'port-binding',
    severity: 'note',
    title: 'the port is fixed in the code',
    why: 'Kubernetes carries a fixed port too; but a second container in the pod, or a platform that gives PORT, cannot have its way.',
    read: patterns([
      {
        in: ['node'],
        find: /\.listen\(\s*(?:\{\s*(?:host\s*:\s*[^,}]+,\s*)?port\s*:\s*)?(\d{2,5})\b/g,
        message: (match) => `port ${match[1] ?? ''} is fixed`,
        fix: (match) => `Number(process.env.PORT ?? ${match[1] ?? ''})`,
        edits: (match, file) => instead(match, file, match[1] ?? '', `Number(process.env.PORT ?? ${match[1] ?? ''})`),
      },
      {
        in: ['python'],
        find: /\.run\((?:[^()\n]|\([^()\n]*\))*?\bport\s*=\s*(\d{2,5})\b/g,
        message: (match) => `port ${match[1] ?? ''} is fixed`,
        fix: (match) => `port=int(os.environ.get("PORT", "${match[1] ?? ''}")), with import os`,
        edits: (match, file) =>
          /^import os$/m.test(file.code)
            ? instead(match, file, match[1] ?? '', `int(os.environ.get("PORT", "${match[1] ?? ''}"))`)
            : [],
      },
      {
        in: ['go'],
        find: /(?:ListenAndServe|\.Run|\.Start|\.Listen)\(\s*"[\w.]*:(\d{2,5})"/g,
        message: (match) => `port ${match[1] ?? ''} is fixed`,
        fix: '":" + cmp.Or(os.Getenv("PORT"), "8080")',
      },
      {
        in: ['rust'],
        find: /(?:bind|from)\(\s*\(?\s*(?:"[\d.]+:(\d{2,5})"|\(?\[[\d, ]+\]\s*,\s*(\d{2,5})|"[\d.]+"\s*,\s*(\d{2,5}))/g,
        message: (match) => `port ${match[1] ?? match[2] ?? match[3] ?? ''} is fixed`,
        fix: 'std::env::var("PORT").ok().and_then(|p| p.parse().ok()).unwrap_or(8080)',
      },
      {
        in: ['dotnet'],
        find: /(?:UseUrls|\.Run|Urls\.Add)\(\s*"https?:\/\/[^":]+:(\d{2,5})"/g,
        message: (match) => `port ${match[1] ?? ''} is fixed`,
        fix: 'Leave it out and set ASPNETCORE_HTTP_PORTS',
      },
      {
        in: ['ruby'],
        find: /set\s+:port\s*,\s*(\d{2,5})/g,
        message: (match) => `port ${match[1] ?? ''} is fixed`,
        fix: "set :port, ENV.fetch('PORT', 4567)",
        edits: (match, file) => instead(match, file, match[1] ?? '', `ENV.fetch('PORT', ${match[1] ?? ''})`),
      },
    ]),
  },
  {
    id: 'needs-root',
    factor: 'port-binding',
    severity: 'warning',
    title: 'the container runs as root',
    why: 'A cluster with Pod Security "restricted" refuses it, and a fault in the app is then a fault of the node.',
    read: needsRoot,
  },
];

const OWN_USER = /nonroot|unprivileged|bitnami|chainguard|rootless|openshift|ubi\d?\/(?:nodejs|python)/i;

function* needsRoot(app: Subject): Iterable<Hit> {
  for (const { path, instructions, lastStage } of app.dockerfiles) {
    const final = instructions.filter(({ stage }) => stage === lastStage);
    const from = final.find(({ keyword }) => keyword === 'FROM');
    if (!from) continue;
    const users = final.filter(({ keyword }) => keyword === 'USER');
    const user = users.at(-1);
    const low = final.find(
      ({ keyword, text }) =>
        keyword === 'EXPOSE' && [...text.matchAll(/\b(\d+)/g)].some(({ 1: port }) => Number(port) <= PRIVILEGED_MAX),
    );
    const fix = `After the last COPY in ${path}: USER 10001${low ? ', and a port from 1024 on' : ''}`;
    if (user && /^(?:root|0)(?::|$)/.test(user.text)) {
      yield { file: path, line: user.line, message: `USER ${user.text}: the app runs as root`, fix };
    } else if (!user && !OWN_USER.test(from.text) && !inheritsUser(instructions, from.text)) {
      yield { file: path, line: from.line, message: 'no USER: the app runs as root', fix };
    } else if (user && low) {
      yield {
        file: path,
        line: low.line,
        severity: 'note',
        message: `EXPOSE ${low.text}: a port below 1024, which a user other than root may not open everywhere`,
        fix: 'Listen on 8080; the Service can still offer 80.',
      };
    }
  }
}

/** The last stage begins from an earlier one, which has a USER. */
function inheritsUser(
  instructions: readonly { keyword: string; text: string; stage: number }[],
  from: string,
): boolean {
  const name = from.split(/\s/)[0]?.toLowerCase();
  const parent = instructions.find(
    ({ keyword, text }) =>
      keyword === 'FROM' &&
      name !== undefined &&
      new RegExp(`\\sAS\\s+${name.replace(/\W/g, '\\$&')}$`, 'i').test(text),
  );
  return (
    parent !== undefined && instructions.some(({ keyword, stage }) => keyword === 'USER' && stage === parent.stage)
  );
}
