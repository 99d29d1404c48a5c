import type { Rule } from './contract.ts';
import { FROM_ENVIRONMENT, patterns } from './patterns.ts';

const LOCAL = String.raw`(?:localhost|127\.0\.0\.1|::1|0\.0\.0\.0)`;
const CONNECTS =
  /createConnection|createPool|createClient|new (?:Pool|Client|Redis|MongoClient|Sequelize|DataSource|Knex)|knex\(|\.connect\(|pymysql|psycopg|asyncpg|mysql\.connector|redis\.(?:Redis|StrictRedis|NewClient)|MongoClient|sql\.Open|DATABASES\s*=|mysqli|PDO\(|create_engine|StrictRedis|memcache|amqplib|pika\.|establish_connection|Sequel\.connect|DriverManager|\bport['"]?\s*[:=]\s*['"]?(?:27017|3306|5432|6379|5672|11211)\b|\bdialect['"]?\s*[:=]/i;

/** IV. Databases, queues and caches are reached by an address from the environment. */
export const backingServices: readonly Rule[] = [
  {
    id: 'service-on-localhost',
    factor: 'backing-services',
    severity: 'error',
    title: 'a server is expected on localhost',
    why: 'In a pod localhost is the pod itself: the database is another pod, reached by the name of its Service.',
    breaks: { restart: 'the app looks for its database in its own container, finds none and does not start' },
    read: patterns([
      {
        in: ['node', 'python', 'go', 'java', 'ruby', 'php', 'rust', 'dotnet'],
        find: new RegExp(
          String.raw`\b(mysql|mariadb|postgres|postgresql|redis|rediss|mongodb|amqp|memcached|jdbc:\w+)(?:\+\w+)?:\/\/(?:[^\s@'"\x60/]*@)?${LOCAL}(?=[:/'"\x60?]|$)`,
          'g',
        ),
        unlessLine: FROM_ENVIRONMENT,
        message: (match) => `${match[1] ?? 'the server'} is looked for on localhost`,
        fix: (match) =>
          `Read the address from the environment: ${/redis/.test(match[1] ?? '') ? 'REDIS_URL' : /amqp/.test(match[1] ?? '') ? 'AMQP_URL' : /mongo/.test(match[1] ?? '') ? 'MONGODB_URL' : 'DATABASE_URL'}`,
      },
      {
        in: ['node', 'python', 'ruby', 'php', 'go', 'java', 'dotnet'],
        where: CONNECTS,
        find: new RegExp(String.raw`(?<![\w.])['"]?host(?:name)?['"]?\s*(?:=>|[:=])\s*(['"])${LOCAL}\1`, 'gi'),
        // host: of the app's own listener.
        unlessLine: new RegExp(`${FROM_ENVIRONMENT.source}|listen|\\.run\\(|\\bbind\\b`),
        message: 'a server is looked for on localhost',
        fix: 'Read the host from the environment: DATABASE_HOST',
      },
      {
        in: ['php'],
        find: new RegExp(String.raw`(?:new\s+mysqli|mysqli_connect|->connect)\(\s*['"]${LOCAL}['"]|host=${LOCAL}`, 'g'),
        unlessLine: FROM_ENVIRONMENT,
        message: 'a server is looked for on localhost',
        fix: 'Read the host from the environment: getenv("DATABASE_HOST")',
      },
      {
        in: ['go'],
        find: new RegExp(String.raw`@tcp\(${LOCAL}|\bhost=${LOCAL}|Addr:\s*"${LOCAL}:(?:6379|11211)`, 'g'),
        unlessLine: FROM_ENVIRONMENT,
        message: 'a server is looked for on localhost',
        fix: 'Read the address from the environment: os.Getenv("DATABASE_HOST")',
      },
      {
        in: ['dotnet'],
        find: /(?:Server|Data Source|Host)\s*=\s*(?:localhost|127\.0\.0\.1|\(localdb\)|\.\\)/gi,
        unlessLine: FROM_ENVIRONMENT,
        message: 'a server is looked for on localhost',
        fix: 'builder.Configuration.GetConnectionString("Default"), set by ConnectionStrings__Default',
      },
      {
        in: ['python', 'node', 'php', 'ruby'],
        find: /smtplib\.SMTP(?:_SSL)?\(\s*['"](?:localhost|127\.0\.0\.1)['"]|EMAIL_HOST\s*=\s*['"](?:localhost|127\.0\.0\.1)['"]/g,
        unlessLine: FROM_ENVIRONMENT,
        message: 'a mail server is looked for on localhost',
        fix: 'Read its host from the environment: SMTP_HOST',
      },
      {
        // Spring, Micronaut and .NET read these files, and let the environment overrule them.
        in: /(?:^|\/)(?:application|appsettings|bootstrap)[\w.-]*\.(?:properties|ya?ml|json)$/,
        find: new RegExp(
          String.raw`(?:jdbc:\w+:\/\/|mongodb:\/\/|redis:\/\/|amqp:\/\/)(?:[^\s@]*@)?${LOCAL}|(?:Server|Data Source|Host)=(?:localhost|127\.0\.0\.1)`,
          'gi',
        ),
        unlessLine: FROM_ENVIRONMENT,
        severity: 'warning',
        message: 'a server is looked for on localhost unless the environment overrules it',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is Spring's.
        fix: 'Write a variable there, with localhost as its fallback: ${DATABASE_URL:…}',
      },
      {
        in: /(?:^|\/)(?:database|redis|mongoid|cable|config|default|local)\.(?:ya?ml|json)$/,
        find: new RegExp(
          String.raw`(?:^|[\s{,])"?(?:host|hosts|url|uri)"?\s*:\s*"?(?:\w+:\/\/)?(?:[^\s@"]*@)?${LOCAL}`,
          'gm',
        ),
        unlessLine: /ENV|\$\{|<%/,
        severity: 'warning',
        message: 'a server is looked for on localhost',
        fix: 'Take the address from the environment there.',
      },
    ]),
  },
  {
    id: 'service-address-fixed',
    factor: 'backing-services',
    severity: 'warning',
    title: "another server's address in the code",
    why: 'An address in the code is the same in every cluster; moving the server, or testing against another one, needs a new image.',
    read: patterns([
      {
        in: ['node', 'python', 'go', 'java', 'ruby', 'php', 'rust', 'dotnet'],
        find: /(['"`])(?:[a-z][a-z0-9+]*:\/\/)(?:[^\s@'"`/]*@)?((?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:internal|local|lan|corp|intranet))(?=[:/'"`])/g,
        unlessLine: new RegExp(`${FROM_ENVIRONMENT.source}|svc\\.cluster\\.local|allowed|origin|trust`, 'i'),
        message: (match) => `the address ${match[2] ?? ''} is fixed`,
        fix: 'Read it from an environment variable.',
      },
      {
        in: ['node', 'python', 'go', 'java', 'ruby', 'php', 'rust', 'dotnet'],
        find: /\b(?:host|server|addr(?:ess)?)['"]?\s*(?:=>|:=|[:=])\s*(['"])((?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+)\1/gi,
        unlessLine: FROM_ENVIRONMENT,
        message: (match) => `the address ${match[2] ?? ''} is fixed`,
        fix: 'Read it from an environment variable.',
      },
    ]),
  },
];
