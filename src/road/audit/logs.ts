import type { Hit, Rule, Subject } from './contract.ts';
import { patterns } from './patterns.ts';

const HIDDEN = /redact|mask|\*\*\*|\?\s*['"]|!!|typeof|\.length/i;
const STDOUT = /std(?:out|err)|\/dev\//i;

/** XI. Logs are a stream on standard output; the platform keeps them. */
export const logs: readonly Rule[] = [
  {
    id: 'logs-to-file',
    factor: 'logs',
    severity: 'warning',
    title: 'logs are written to files',
    why: '`kubectl logs` shows nothing of them, nobody collects them, they fill the disk of the node, and the crash that they would explain deletes them.',
    breaks: { restart: 'the log that would say why it crashed is deleted with the container' },
    read: patterns([
      {
        in: ['python'],
        find: /\b(?:logging\.(?:handlers\.)?)?(?:FileHandler|RotatingFileHandler|TimedRotatingFileHandler|WatchedFileHandler)\b(?!\s*,|\s*$)|\bbasicConfig\([^)]*\bfilename\s*=|\blogger\.add\(\s*['"][^'"]+['"]/g,
        unlessLine: new RegExp(`${STDOUT.source}|^\\s*(?:from|import)\\s`, 'i'),
        message: 'the log goes to a file',
        fix: 'logging.basicConfig(stream=sys.stdout, level=logging.INFO)',
      },
      {
        in: ['node'],
        find: /transports\.(?:File|DailyRotateFile)\(|new\s+DailyRotateFile\(|type\s*:\s*['"](?:file|dateFile|rotating-file)['"]|pino\.destination\(\s*['"]|pino\/file/g,
        unlessLine: STDOUT,
        message: 'the log goes to a file',
        fix: 'new winston.transports.Console(), or pino() as it is',
      },
      {
        in: ['node'],
        where: /['"]morgan['"]/,
        find: /morgan\([^)]*stream\s*:/g,
        unlessLine: new RegExp(`${STDOUT.source}|logger|winston|pino`, 'i'),
        message: 'the access log goes to a file',
        fix: "morgan('combined')",
      },
      {
        in: /(?:log4j2?|logback|log4net|nlog)[\w.-]*\.(?:xml|ya?ml|properties|config)$/i,
        find: /<(?:appender[^>]*class="[^"]*(?:Rolling)?FileAppender"|(?:Rolling|RollingRandomAccess)?File\s+name|target[^>]*type="File")|appender\.\w+\.type\s*=\s*(?:Rolling)?File|log4j\.appender\.\w+=.*FileAppender/gi,
        message: 'the log goes to a file',
        fix: '<appender name="STDOUT" class="ch.qos.logback.core.ConsoleAppender"> and no other',
      },
      {
        in: /(?:^|\/)application[\w.-]*\.(?:properties|ya?ml)$/,
        find: /^logging\.file(?:\.name|\.path)?\s*[=:]\s*\S|^logging:(?:\s*\n[ \t]+.*)*?\n[ \t]+file:/gm,
        message: 'the log goes to a file',
        fix: 'Delete the line: Spring Boot logs to standard output.',
      },
      {
        in: ['php'],
        find: /new\s+(?:RotatingFileHandler|StreamHandler)\(\s*(?!['"]php:\/\/(?:stdout|stderr))[^)]+/g,
        unlessLine: /php:\/\/(?:stdout|stderr)/,
        message: 'the log goes to a file',
        fix: "new StreamHandler('php://stderr')",
      },
      {
        in: /(?:^|\/)\.env(?:\.example)?$|(?:^|\/)config\/logging\.php$/,
        find: /^LOG_CHANNEL=(?:stack|single|daily)\b|env\(['"]LOG_CHANNEL['"],\s*['"](?:stack|single|daily)['"]\)/gm,
        message: 'Laravel logs to storage/logs',
        fix: 'LOG_CHANNEL=stderr',
      },
      {
        in: ['ruby'],
        find: /Logger\.new\(\s*(?!STDOUT|STDERR|\$std|nil|IO)(?:['"]|Rails\.root|File)[^)]*/g,
        message: 'the log goes to a file',
        fix: 'config.logger = ActiveSupport::Logger.new(STDOUT)',
      },
      {
        in: ['go'],
        find: /log\.SetOutput\(\s*(?!os\.Std|io\.(?:Discard|MultiWriter\(os))\w*[fF]ile|lumberjack\.Logger\{/g,
        message: 'the log goes to a file',
        fix: 'slog.New(slog.NewJSONHandler(os.Stdout, nil))',
      },
      {
        in: ['dotnet'],
        find: /\.WriteTo\.File\(|AddFile\(/g,
        message: 'the log goes to a file',
        fix: '.WriteTo.Console()',
      },
      {
        in: ['rust'],
        find: /tracing_appender::rolling|WriteLogger::new\(|FileAppender::builder/g,
        message: 'the log goes to a file',
        fix: 'tracing_subscriber::fmt().json().init()',
      },
    ]),
  },
  {
    id: 'logs-redirected',
    factor: 'logs',
    severity: 'warning',
    title: 'the start sends the output to a file',
    why: '`kubectl logs` then shows nothing, and the file ends with the container.',
    breaks: { restart: 'the log that would say why it crashed is deleted with the container' },
    *read({ startLines }) {
      for (const { text, file, line } of startLines) {
        const to =
          /(?:^|\s)(?:1|&)?>>?\s*((?!\/dev\/|&)[\w./$-]*(?:\.log|\/log\/\S*|\.out)\b)/.exec(text)?.[1] ??
          /--(?:access|error)?-?log-?file[= ]((?!-|\/dev\/)\S+\.log)/.exec(text.replace(/",\s*"/g, ' '))?.[1];
        if (to) yield { file, line, message: `the output goes to ${to}`, fix: `Leave out what sends it to ${to}.` };
      }
    },
  },
  {
    id: 'log-buffered',
    factor: 'logs',
    severity: 'note',
    title: "Python's output is held back",
    why: 'What is printed stays in a buffer of 8 KiB: the last lines before a crash are never seen.',
    breaks: { restart: 'the last printed lines before a crash are lost' },
    read: logBuffered,
  },
  {
    id: 'secret-in-log',
    factor: 'logs',
    severity: 'error',
    title: 'a secret is logged',
    why: 'Logs are collected, kept and read by many more people than may read a Secret.',
    read: patterns([
      {
        in: ['node'],
        find: /\b(?:console|logger|log|winston)\.(?:log|info|debug|warn|error|trace)\((?:[^()\n'"`]|'[^'\n]*'|"[^"\n]*"|`[^`\n]*`|\([^()\n]*\))*?(?:process\.env\s*[,)]|(?<![\w$'"`])(?:[\w$]+\.)*(?:password|passwd|passphrase|secret|apiKey|api_key|accessToken|access_token|refreshToken|privateKey|creditCard|cvv)\b(?!\s*[:?(.]|\w))/gi,
        unlessLine: HIDDEN,
        message: 'a secret, or the whole environment, is logged',
        fix: 'Leave it out; with pino: redact: ["*.password", "*.token"]',
      },
      {
        in: ['node'],
        find: /\b(?:console|logger|log|winston)\.(?:log|info|debug|warn|error|trace)\([^\n]*\$\{(?:[\w$]+\.)*(?:password|passwd|secret|apiKey|accessToken|privateKey)\}/gi,
        unlessLine: HIDDEN,
        message: 'a secret is logged',
        fix: 'Leave it out; with pino: redact: ["*.password", "*.token"]',
      },
      {
        in: ['python'],
        find: /\b(?:print|logger\.\w+|logging\.\w+|log\.\w+|app\.logger\.\w+)\((?:[^()\n'"]|[fFrRbB]*'[^'\n]*'|[fFrRbB]*"[^"\n]*"|\([^()\n]*\))*?(?:\b(?:os\.)?environ\s*[,)]|(?<![\w'".])(?:\w+\.)*(?:\w*password|passwd|secret\w*|api_key|access_token|private_key)\s*[,)])/gi,
        unlessLine: HIDDEN,
        message: 'a secret, or the whole environment, is logged',
        fix: 'Leave it out.',
      },
      {
        in: ['python'],
        find: /\b(?:print|logger\.\w+|logging\.\w+|log\.\w+|app\.logger\.\w+)\(\s*f['"][^\n]*\{(?:\w+\.)*(?:\w*password|passwd|secret\w*|api_key|access_token|private_key)(?:![rsa])?\}/gi,
        unlessLine: HIDDEN,
        message: 'a secret is logged',
        fix: 'Leave it out.',
      },
      {
        in: ['go'],
        find: /\b(?:log|fmt|slog|logger)\.(?:Print\w*|Info\w*|Debug\w*|Error\w*|Fatal\w*)\([^\n]*?(?:os\.Environ\(\)|,\s*(?:\w+\.)*(?:password|passwd|secret|apiKey|accessToken|privateKey)\s*[,)])/gi,
        message: 'a secret, or the whole environment, is logged',
        fix: 'Leave it out.',
      },
      {
        in: ['java', 'dotnet'],
        find: /\b(?:log|logger|_logger|System\.out|Console)\.(?:info|debug|warn|error|trace|print\w*|Log\w*|Write\w*)\([^\n]*?[,+]\s*(?:\w+\.)*(?:password|passwd|secret|apiKey|accessToken|privateKey|getPassword\(\))\s*[,)+;]/gi,
        message: 'a secret is logged',
        fix: 'Leave it out.',
      },
      {
        in: ['ruby', 'php'],
        find: /\b(?:logger\.\w+|Rails\.logger\.\w+|puts|error_log|Log::\w+)\(?[^\n]*(?:#\{[^}]*(?:password|secret|api_key|token)\}|\$(?:password|secret|apiKey|token)\b|\bENV\.to_h|\$_ENV\s*[),])/gi,
        message: 'a secret is logged',
        fix: 'Leave it out; in Rails: config.filter_parameters += [:password]',
      },
    ]),
  },
];

function* logBuffered(app: Subject): Iterable<Hit> {
  for (const { path, text, instructions, lastStage } of app.dockerfiles) {
    const final = instructions.filter(({ stage }) => stage === lastStage);
    const command = final.filter(({ keyword }) => keyword === 'CMD' || keyword === 'ENTRYPOINT').at(-1);
    const from = final.find(({ keyword }) => keyword === 'FROM');
    // The command, or a script that it names.
    const starts = app.startLines
      .filter(({ file }) => file === path || /\.(?:sh|bash)$/.test(file))
      .map(({ text: line }) => line);
    if (!command || !from || !starts.some((line) => /\bpython3?\b(?!.*(?:\s-u\b|"-u"))/.test(line))) continue;
    if (/PYTHONUNBUFFERED/.test(text)) continue;
    yield {
      file: path,
      line: command.line,
      message: 'PYTHONUNBUFFERED is not set',
      fix: 'ENV PYTHONUNBUFFERED=1',
      edits: [{ path, at: from.end, remove: '', insert: '\nENV PYTHONUNBUFFERED=1' }],
    };
  }
}
