import { docker, FLASK, finds, leaves, node, python } from './sample-app.ts';

const GET = "app.get('/users', (q, r) => r.json(users));\n";
finds(
  'state-in-memory',
  'an array that a handler fills',
  node({ 'app.js': `const users = [];\n${GET}app.post('/users', (q, r) => {\n  users.push(q.body);\n});\n` }),
  'app.js:1',
);
finds(
  'state-in-memory',
  'a counter of identities',
  node({ 'app.js': `let nextId = 1;\n${GET}app.post('/users', (q, r) => {\n  r.json({ id: nextId++ });\n});\n` }),
  'app.js:1',
);
finds(
  'state-in-memory',
  'a Map in a module of its own',
  node({
    'store.js': 'export const sessions = new Map();\nexport function add(id, s) {\n  sessions.set(id, s);\n}\n',
    'app.js': GET,
  }),
  'store.js:1',
);
finds(
  'state-in-memory',
  'a dict of Python',
  python({ 'app.py': `${FLASK}carts = {}\n@app.post("/carts")\ndef add():\n    carts["a"] = 1\n` }),
  'app.py:3',
);
finds(
  'state-in-memory',
  'a global of Python',
  python({ 'app.py': `${FLASK}hits = 0\n@app.get("/")\ndef index():\n    global hits\n    hits += 1\n` }),
  'app.py:3',
);
finds(
  'state-in-memory',
  'a map of Go',
  docker({
    'main.go':
      'var todos = map[string]string{}\n\nfunc add(w http.ResponseWriter, r *http.Request) {\n\ttodos["a"] = "b"\n}\n',
  }),
  'main.go:1',
);
finds(
  'state-in-memory',
  'a map of a Spring controller',
  docker({
    'A.java':
      '@RestController\nclass A {\n  private final Map<Long, User> users = new ConcurrentHashMap<>();\n  void add(User u) { users.put(1L, u); }\n}\n',
  }),
  'A.java:3',
);
finds(
  'state-in-memory',
  'a constant of Ruby',
  docker({
    'app.rb': "require 'sinatra'\nTODOS = []\npost '/todos' do\n  TODOS << params\nend\n",
    Gemfile: "gem 'sinatra'",
  }),
  'app.rb:2',
);
finds(
  'state-in-memory',
  'a list of .NET',
  docker({ 'Program.cs': 'var todos = new List<Todo>();\napp.MapPost("/todos", (Todo t) => todos.Add(t));\n' }),
  'Program.cs:1',
);
leaves(
  'state-in-memory',
  'what is filled once at the start',
  node({ 'app.js': `const routes = [];\nroutes.push('/');\nconst names = { a: 1 };\n${GET}` }),
);
leaves(
  'state-in-memory',
  'variables of a function',
  node({ 'app.js': "app.get('/users', (q, r) => {\n  const users = [];\n  users.push(1);\n});\n" }),
);
leaves(
  'state-in-memory',
  'metrics and caches',
  python({
    'app.py': `${FLASK}cache = {}\nrequest_metrics = {}\n@app.get("/")\ndef i():\n    cache["a"] = 1\n    request_metrics["b"] = 2\n`,
  }),
);

finds(
  'session-in-memory',
  'express-session without a store',
  node({
    'app.js':
      "const session = require('express-session');\napp.use(session({ secret: process.env.S, cookie: { secure: true } }));",
  }),
  'app.js:2',
);
finds(
  'session-in-memory',
  'Flask-Session in files',
  python({ 'app.py': `${FLASK}app.config["SESSION_TYPE"] = "filesystem"\n` }),
  'app.py:3',
);
finds('session-in-memory', 'PHP sessions', docker({ 'index.php': '<?php\nsession_start();\n' }), 'index.php:2');
finds(
  'session-in-memory',
  'sessions of .NET',
  docker({ 'Program.cs': 'b.Services.AddDistributedMemoryCache();\nb.Services.AddSession();\n' }),
  'Program.cs:1',
);
leaves(
  'session-in-memory',
  'a session with a store',
  node({
    'app.js':
      "const session = require('express-session');\napp.use(session({ secret: 'x', store: new RedisStore({ client }) }));",
  }),
);
leaves(
  'session-in-memory',
  'sessions in the database',
  python({ 'settings.py': 'SESSION_ENGINE = "django.contrib.sessions.backends.db"\n' }),
);

finds('cache-in-memory', 'node-cache', node({ 'app.js': "const NodeCache = require('node-cache');" }), 'app.js:1');
leaves('cache-in-memory', 'a cache in Redis', python({ 'app.py': `${FLASK}config = {"CACHE_TYPE": "RedisCache"}\n` }));

finds(
  'rate-limit-in-memory',
  'express-rate-limit as it is',
  node({ 'app.js': "import rateLimit from 'express-rate-limit';\napp.use(rateLimit({ windowMs: 1000, max: 5 }));" }),
  'app.js:2',
);
finds(
  'rate-limit-in-memory',
  'Flask-Limiter as it is',
  python({ 'app.py': `${FLASK}from flask_limiter import Limiter\nlimiter = Limiter(get_remote_address, app=app)\n` }),
  'app.py:4',
);
leaves(
  'rate-limit-in-memory',
  'limits in Redis',
  node({
    'app.js': "import rateLimit from 'express-rate-limit';\napp.use(rateLimit({ max: 5, store: new RedisStore({}) }));",
  }),
);
leaves(
  'rate-limit-in-memory',
  'a limiter with storage',
  python({
    'app.py': `${FLASK}from flask_limiter import Limiter\nlimiter = Limiter(key, storage_uri=os.environ["REDIS_URL"])\n`,
  }),
);

finds('files-on-local-disk', 'multer', node({ 'app.js': "const upload = multer({ dest: 'uploads/' });" }), 'app.js:1');
finds(
  'files-on-local-disk',
  'a file written by a handler',
  python({
    'app.py': `${FLASK}@app.post("/a")\ndef a():\n    with open("data.json", "w") as f:\n        f.write("x")\n`,
  }),
  'app.py:5',
);
finds(
  'files-on-local-disk',
  'an upload of Flask',
  python({ 'app.py': `${FLASK}@app.post("/a")\ndef a():\n    request.files["f"].save("uploads/a")\n` }),
  'app.py:5',
);
finds(
  'files-on-local-disk',
  'MEDIA_ROOT',
  python({ 'settings.py': 'MEDIA_ROOT = BASE_DIR / "media"\n' }),
  'settings.py:1',
);
finds(
  'files-on-local-disk',
  'an upload of PHP',
  docker({ 'up.php': '<?php\nmove_uploaded_file($a, "uploads/b");\n' }),
  'up.php:2',
);
finds(
  'files-on-local-disk',
  'a file of Go',
  docker({
    'main.go': 'import "net/http"\nfunc h(w http.ResponseWriter, r *http.Request) {\n\tf, _ := os.Create("a.txt")\n}\n',
  }),
  'main.go:3',
);
leaves(
  'files-on-local-disk',
  'temporary files',
  python({ 'app.py': `${FLASK}@app.post("/a")\ndef a():\n    open("/tmp/a", "w")\n` }),
);
leaves(
  'files-on-local-disk',
  'reading',
  python({ 'app.py': `${FLASK}@app.get("/a")\ndef a():\n    return open("data.json").read()\n` }),
);
leaves(
  'files-on-local-disk',
  'uploads to an object store',
  node({ 'app.js': "const upload = multer({ dest: 'x/' });" }, { multer: '^2.0.0', 'multer-s3': '^3.0.0' }),
);

finds(
  'sqlite-as-database',
  'an address',
  python({ 'app.py': `${FLASK}app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///shop.db"\n` }),
  'app.py:3',
);
finds('sqlite-as-database', 'a file of Python', python({ 'db.py': 'c = sqlite3.connect("shop.db")\n' }), 'db.py:1');
finds(
  'sqlite-as-database',
  'a file of Node.js',
  node({ 'db.js': "const Database = require('better-sqlite3');\nconst db = new Database('shop.db');" }),
  'db.js:2',
);
finds(
  'sqlite-as-database',
  'H2 of Spring',
  docker({ 'application.properties': 'spring.datasource.url=jdbc:h2:mem:shop\n' }),
  'application.properties:1',
);
leaves(
  'sqlite-as-database',
  'a fallback of a variable',
  python({ 'app.py': `${FLASK}import os\nU = os.environ.get("DATABASE_URL", "sqlite:///dev.db")\n` }),
);
leaves('sqlite-as-database', 'other databases', python({ 'db.py': 'c = pymysql.connect(host=h)\n' }));

leaves(
  'sqlite-as-database',
  'classes of settings for a laptop and for tests',
  python({
    'conf.py':
      'class DevConfig(Config):\n    U = "sqlite:///dev.db"\n\nclass TestConfig(Config):\n    U = "sqlite://"\n',
  }),
);
finds(
  'sqlite-as-database',
  'a class of settings for production',
  python({ 'conf.py': 'class ProdConfig(Config):\n    U = "sqlite:///shop.db"\n' }),
  'conf.py:2',
);
leaves(
  'state-in-memory',
  'code of the browser',
  node({
    'src/i18n.js':
      "import { createI18n } from 'vue-i18n';\nconst messages = {};\nexport function load(l) {\n  messages[l] = 1;\n}\n",
  }),
);

leaves(
  'state-in-memory',
  'what a bundler made',
  node({
    'lib/bundle.js': `const users = [];\napp.get('/u', (q) => {\n  users.push(q);\n});\nvar a="${'x'.repeat(6000)}";\n`,
  }),
);
