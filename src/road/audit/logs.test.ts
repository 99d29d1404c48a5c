import { docker, FLASK, finds, leaves, mends, node, python } from './sample-app.ts';

finds(
  'logs-to-file',
  'a handler of Python',
  python({ 'log.py': 'import logging\nh = logging.FileHandler("app.log")\n' }),
  'log.py:2',
);
finds('logs-to-file', 'basicConfig', python({ 'log.py': 'logging.basicConfig(filename="app.log")\n' }), 'log.py:1');
finds(
  'logs-to-file',
  'winston',
  node({ 'log.js': "new winston.transports.File({ filename: 'app.log' });" }),
  'log.js:1',
);
finds(
  'logs-to-file',
  'logback',
  docker({
    'src/main/resources/logback.xml': '<configuration>\n<appender name="F" class="ch.qos.logback.core.FileAppender">\n',
  }),
  'src/main/resources/logback.xml:2',
);
finds(
  'logs-to-file',
  'monolog',
  docker({ 'log.php': "<?php\n$l->pushHandler(new StreamHandler('logs/app.log'));\n" }),
  'log.php:2',
);
finds('logs-to-file', 'a logger of Ruby', docker({ 'app.rb': "logger = Logger.new('log/app.log')\n" }), 'app.rb:1');
finds(
  'logs-to-file',
  'Serilog',
  docker({ 'Program.cs': 'Log.Logger = new LoggerConfiguration().WriteTo.File("log.txt").CreateLogger();\n' }),
  'Program.cs:1',
);
leaves(
  'logs-to-file',
  'standard output',
  python({ 'log.py': 'from logging import FileHandler\nlogging.StreamHandler(sys.stdout)\n' }),
);
leaves('logs-to-file', 'monolog on stderr', docker({ 'log.php': "<?php\nnew StreamHandler('php://stderr');\n" }));
leaves('logs-to-file', 'a logger on STDOUT', docker({ 'app.rb': 'logger = Logger.new(STDOUT)\n' }));

finds('logs-redirected', 'output into a file', node({ Procfile: 'web: node server.js >> app.log\n' }), 'Procfile:1');
leaves(
  'logs-redirected',
  'output to the log of the container',
  node({ Procfile: 'web: node server.js > /dev/stdout 2>&1\n' }),
);

const IMAGE = 'FROM python:3.13\nUSER 1\nCMD ["python", "app.py"]\n';
finds('log-buffered', 'an image without PYTHONUNBUFFERED', python({ Dockerfile: IMAGE }), 'Dockerfile:3');
leaves('log-buffered', 'python -u', python({ Dockerfile: IMAGE.replace('"app.py"', '"-u", "app.py"') }));
mends(
  'log-buffered',
  'a line after FROM',
  python({ Dockerfile: IMAGE }),
  'Dockerfile',
  IMAGE.replace('3.13\n', '3.13\nENV PYTHONUNBUFFERED=1\n'),
);

finds('secret-in-log', 'a password', node({ 'app.js': 'console.log(user.name, user.password);' }), 'app.js:1');
finds('secret-in-log', 'the whole environment', node({ 'app.js': 'console.log(process.env);' }), 'app.js:1');
finds('secret-in-log', 'an f-string', python({ 'app.py': `${FLASK}print(f"login {name} {password}")\n` }), 'app.py:3');
finds('secret-in-log', 'a key of Go', docker({ 'main.go': 'log.Printf("key %s", apiKey)\n' }), 'main.go:1');
leaves(
  'secret-in-log',
  'words about passwords',
  node({
    'app.js':
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is the sample's.
      "console.log('password changed');\nlogger.info(`token expired for ${user.id}`);\nconsole.log(process.env.PORT);",
  }),
);
leaves(
  'secret-in-log',
  'words about passwords in Python',
  python({ 'app.py': `${FLASK}logger.info("password of %s changed", name)\nprint("secret")\n` }),
);

leaves(
  'secret-in-log',
  'a word in a text',
  node({ 'app.js': 'log.warn("basic-auth", "Failed attempt: invalid username/password");' }),
);
