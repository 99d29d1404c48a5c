import { docker, FLASK, finds, leaves, node, python } from './sample-app.ts';

const start = (command: string): Record<string, string> => ({ Procfile: `web: ${command}\n` });
finds('daemonises', 'pm2 start', node(start('pm2 start server.js')), 'Procfile:1');
finds('daemonises', 'gunicorn as a daemon', python(start('gunicorn --daemon app:app')), 'Procfile:1');
finds('daemonises', 'nohup', python(start('nohup python app.py &')), 'Procfile:1');
leaves('daemonises', 'the foreground', python(start('gunicorn app:app')));

finds(
  'process-manager',
  'pm2-runtime',
  node({ Dockerfile: 'FROM node:24\nUSER node\nCMD ["pm2-runtime", "server.js"]\n' }),
  'Dockerfile:3',
);
finds(
  'process-manager',
  'supervisord',
  python({ Dockerfile: 'FROM python:3.13\nUSER 1\nCMD ["supervisord", "-n"]\n' }),
  'Dockerfile:3',
);
leaves('process-manager', 'the app itself', node({}));

finds('several-processes', 'two in one line', node(start('node worker.js & node server.js')), 'Procfile:1');
finds('several-processes', 'concurrently', node(start('concurrently "node a.js" "node b.js"')), 'Procfile:1');
leaves('several-processes', 'one after the other', node(start('node prepare.js && node server.js')));
leaves('several-processes', 'redirections', node(start('node server.js 2>&1')));

const ROUTE = "app.get('/', home);\n";
finds(
  'job-in-process',
  'node-cron',
  node({ 'app.js': `const cron = require('node-cron');\n${ROUTE}cron.schedule('0 3 * * *', mail);` }),
  'app.js:3',
);
finds('job-in-process', 'APScheduler', python({ 'app.py': `${FLASK}s = BackgroundScheduler()\n` }), 'app.py:3');
finds(
  'job-in-process',
  'an interval of an hour',
  node({ 'app.js': `${ROUTE}setInterval(cleanUp, 60 * 60 * 1000);` }),
  'app.js:2',
);
finds(
  'job-in-process',
  '@Scheduled',
  docker({ 'A.java': '@RestController\nclass A {\n  @Scheduled(cron = "0 0 3 * * *")\n  void mail() {}\n}\n' }),
  'A.java:3',
);
leaves(
  'job-in-process',
  'housekeeping of seconds',
  node({ 'app.js': `${ROUTE}setInterval(ping, 5000);\nsetInterval(() => {}, 600000).unref();` }),
);
leaves(
  'job-in-process',
  'a process of its own',
  node({
    'clock.js': "const cron = require('node-cron');\ncron.schedule('0 3 * * *', mail);",
    'app.js': ROUTE,
    Procfile: 'web: node server.js\nclock: node clock.js\n',
  }),
);

finds(
  'workers-by-host-cores',
  'cluster.fork',
  node({ 'app.js': 'for (let i = 0; i < os.cpus().length; i++) cluster.fork();' }),
  'app.js:1',
);
finds(
  'workers-by-host-cores',
  'gunicorn',
  python({ 'gunicorn.conf.py': 'workers = multiprocessing.cpu_count() * 2 + 1\n' }),
  'gunicorn.conf.py:1',
);
leaves(
  'workers-by-host-cores',
  'a count from the environment',
  python({ 'gunicorn.conf.py': 'workers = int(os.environ["WEB_CONCURRENCY"])\n' }),
);

finds(
  'work-after-answer',
  'a thread of a handler',
  python({ 'app.py': `${FLASK}@app.post("/a")\ndef a():\n    Thread(target=send).start()\n` }),
  'app.py:5',
);
leaves(
  'work-after-answer',
  'a thread of a library',
  python({ 'worker.py': 'def a():\n    Thread(target=send).start()\n' }),
);
