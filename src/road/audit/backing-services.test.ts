import { docker, FLASK, finds, leaves, node, python } from './sample-app.ts';

finds(
  'service-on-localhost',
  'an address',
  node({ 'db.js': "const r = createClient({ url: 'redis://localhost:6379' });" }),
  'db.js:1',
);
finds(
  'service-on-localhost',
  'a host in a call',
  python({ 'db.py': 'c = pymysql.connect(\n    host="localhost",\n    user="a")\n' }),
  'db.py:2',
);
finds(
  'service-on-localhost',
  'mysqli',
  docker({ 'index.php': "<?php\n$db = new mysqli('127.0.0.1', 'a');\n" }),
  'index.php:2',
);
finds(
  'service-on-localhost',
  'a Go data source',
  docker({ 'main.go': 'db, _ := sql.Open("mysql", "a:b@tcp(127.0.0.1:3306)/shop")\n' }),
  'main.go:1',
);
finds(
  'service-on-localhost',
  'Spring settings',
  docker({ 'application.properties': 'spring.datasource.url=jdbc:mysql://localhost:3306/shop\n' }),
  'application.properties:1',
);
finds(
  'service-on-localhost',
  'a .NET connection string',
  docker({ 'Db.cs': 'var c = "Server=localhost;Database=shop";\n' }),
  'Db.cs:1',
);
finds('service-on-localhost', 'a mail server', python({ 'mail.py': 's = smtplib.SMTP("localhost")\n' }), 'mail.py:1');
leaves(
  'service-on-localhost',
  'a fallback of a variable',
  node({ 'db.js': "const p = createPool({ host: process.env.DB_HOST ?? 'localhost' });" }),
);
leaves(
  'service-on-localhost',
  "the app's own listener",
  node({ 'app.js': "const pool = createPool(u);\napp.listen({ port: 80, host: '127.0.0.1' });" }),
);
leaves('service-on-localhost', 'comments', python({ 'db.py': '# mysql://localhost/shop\n' }));

finds(
  'service-address-fixed',
  'an address of a private network',
  node({ 'app.js': "fetch('http://10.0.3.7:9000/prices');" }),
  'app.js:1',
);
finds(
  'service-address-fixed',
  'an internal name',
  python({ 'app.py': `${FLASK}PRICES = "https://prices.corp/v1"\n` }),
  'app.py:3',
);
leaves('service-address-fixed', 'a public address', node({ 'app.js': "fetch('https://api.stripe.com/v1');" }));
leaves(
  'service-address-fixed',
  'a fallback of a variable',
  node({ 'app.js': "const url = process.env.PRICES ?? 'http://10.0.3.7:9000/';" }),
);

leaves(
  'service-on-localhost',
  'a fallback on the next line',
  python({
    'conf.py': 'import os\nU = os.environ.get("DATABASE_URL",\n                   "postgresql://localhost/shop")\n',
  }),
);

finds(
  'service-on-localhost',
  'settings of a driver in a file of their own',
  node({ 'db.config.js': "module.exports = {\n  HOST: 'localhost',\n  PORT: 27017,\n};" }),
  'db.config.js:2',
);

finds(
  'service-on-localhost',
  'a host beside what comes from the environment',
  node({ 'db.js': "const pool = createPool({\n  user: process.env.DB_USER,\n  host: 'localhost',\n});" }),
  'db.js:3',
);
