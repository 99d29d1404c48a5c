import type { Hit, Rule, Subject } from './contract.ts';
import { patterns } from './patterns.ts';

const TWICE = 'every replica runs the scheduled job, so it runs as often as there are replicas';
const A_CRONJOB = 'Make it a command of its own, run by a CronJob; or a process with one replica (Procfile: clock: …).';

/** VIII. More load is answered by more processes, and the platform starts them. */
export const concurrency: readonly Rule[] = [
  {
    id: 'daemonises',
    factor: 'concurrency',
    severity: 'error',
    title: 'the start command goes to the background',
    why: 'The first process of a container is the container: when it ends, the pod has ended, and is started again without end.',
    breaks: { restart: 'the container ends as soon as the app has gone to the background, and is restarted for ever' },
    *read({ startLines }) {
      const daemon =
        /\bpm2\s+start\b(?!.*--no-daemon)|\bforever\s+start\b|\bgunicorn\b.*\s(?:-D|--daemon)\b|\bnohup\b|\bservice\s+\S+\s+start\b|\bsystemctl\s+start\b|\bapachectl\s+start\b|\bcelery\b.*--detach|\buwsgi\b.*--daemonize|\bpuma\b.*(?:-d\b|--daemon)|\bstart-stop-daemon\b/;
      for (const { text, file, line } of startLines) {
        const plain = text.replace(/",\s*"/g, ' ');
        const what = daemon.exec(plain)?.[0];
        // A script may start its helper and then stay with the app itself.
        if (
          !what ||
          (/\.sh$/.test(file) &&
            startLines.some((other) => other.file === file && other.line > line && /^exec\s/.test(other.text)))
        )
          continue;
        yield {
          file,
          line,
          message: `\`${what}\` goes to the background`,
          fix: `Start it in the foreground: ${foreground(plain)}`,
        };
      }
    },
  },
  {
    id: 'process-manager',
    factor: 'concurrency',
    severity: 'warning',
    title: 'a process manager inside the container',
    why: 'It hides crashes and restarts from Kubernetes, shares one memory limit between processes, and often keeps SIGTERM to itself.',
    *read({ startLines, dockerfiles }) {
      const manager =
        /\b(pm2-runtime|pm2-docker|pm2|forever|supervisord|supervisorctl|runsvdir|s6-svscan|circusd|honcho|foreman|monit|god|nodemon)\b/;
      const told = new Set<string>();
      const lines = [
        ...startLines,
        ...dockerfiles.flatMap(({ path, instructions }) =>
          instructions
            .filter(({ keyword }) => keyword === 'ENTRYPOINT')
            .map(({ text, line }) => ({ text, file: path, line })),
        ),
      ];
      for (const { text, file, line } of lines) {
        const name = manager.exec(text.replace(/",\s*"/g, ' '))?.[1];
        if (!name || name === 'nodemon' || told.has(name)) continue;
        told.add(name);
        yield {
          file,
          line,
          message: `${name} starts the app`,
          fix: 'Start the app itself, one process a container; further ones are lines of a Procfile (worker: …), each a Deployment.',
        };
      }
    },
  },
  {
    id: 'several-processes',
    factor: 'concurrency',
    severity: 'warning',
    title: 'several processes in one container',
    why: 'When one of them dies Kubernetes does not notice, and they can only be scaled together.',
    *read({ startLines }) {
      for (const { text, file, line } of startLines) {
        const plain = text.replace(/",\s*"/g, ' ');
        if (
          !/\bconcurrently\b|\bnpm-run-all\s+(?:-p|--parallel)|\brun-p\b|[^&>]&\s+\S/.test(plain) &&
          !(/\.sh$/.test(file) && /[^&>|]&\s*$/.test(plain))
        )
          continue;
        if (/\b(?:nohup|kill|wait\s)/.test(plain)) continue;
        yield {
          file,
          line,
          message: 'one command starts several processes',
          fix: 'One process a container: put the others into a Procfile (worker: …); each becomes a Deployment.',
        };
      }
    },
  },
  {
    id: 'job-in-process',
    factor: 'concurrency',
    severity: 'warning',
    title: 'scheduled jobs inside the web process',
    why: 'Each replica has the clock in it: two replicas send every mail twice, and a restart at the wrong minute sends none.',
    breaks: { 'two-replicas': TWICE, restart: 'a job whose minute falls into the restart does not run' },
    read: jobsInProcess,
  },
  {
    id: 'workers-by-host-cores',
    factor: 'concurrency',
    severity: 'warning',
    title: 'as many workers as the machine has cores',
    why: "The count is the node's, not the pod's share: 64 workers in a pod of half a core and 256 MiB are killed for their memory.",
    read: patterns([
      {
        in: ['node'],
        where: /cluster\.(?:fork|isPrimary|isMaster)|\.fork\(/,
        find: /os\.cpus\(\)\.length|\bcpus\(\)\.length|availableParallelism\(\)/g,
        message: 'forks one worker a core of the node',
        fix: 'One process a container, more replicas; or Number(process.env.WEB_CONCURRENCY ?? 1)',
        once: true,
      },
      {
        in: /(?:^|\/)gunicorn[\w.-]*\.py$/,
        find: /^\s*workers\s*=.*cpu_count\(\)/gm,
        message: 'gunicorn starts workers by the cores of the node',
        fix: 'workers = int(os.environ.get("WEB_CONCURRENCY", "1"))',
      },
      {
        in: ['ruby'],
        find: /^\s*workers\s+(?:Etc\.nprocessors|Concurrent\.(?:physical_)?processor_count)/gm,
        message: 'puma starts workers by the cores of the node',
        fix: 'workers ENV.fetch("WEB_CONCURRENCY", 0).to_i',
      },
    ]),
  },
  {
    id: 'work-after-answer',
    factor: 'concurrency',
    severity: 'note',
    title: 'work goes on after the answer was sent',
    why: 'When the pod is replaced the work ends with it, half done, though the caller was told it is under way.',
    breaks: { restart: 'background work that was under way in a web process is lost' },
    read: patterns([
      {
        in: ['python'],
        where: /@\w+(?:\.\w+)*\.(?:route|get|post|put|patch|delete)\(/,
        find: /^[ \t]+.*(?:threading\.)?Thread\(\s*target\s*=|\bbackground_tasks\.add_task\(|multiprocessing\.Process\(/gm,
        message: 'work is started beside the request',
        fix: 'Put it into a queue (Celery, RQ) with a worker of its own: Procfile: worker: celery -A app worker',
      },
      {
        in: ['java'],
        find: /@Async\b/g,
        message: 'work is started beside the request',
        fix: 'Put it into a queue (RabbitMQ, a table of jobs), read by a worker of its own.',
        once: true,
      },
    ]),
  },
];

function foreground(command: string): string {
  return command
    .replace(/\bpm2\s+start\b/, 'node')
    .replace(/\bforever\s+start\b/, 'node')
    .replace(/\s(?:-D|--daemon|--detach)\b/g, '')
    .replace(/\bnohup\s+/, '')
    .replace(/\s*(?:>\s*\S+|2>&1|&)\s*/g, ' ')
    .replace(/^\[?\s*"|"\s*\]?$/g, '')
    .trim()
    .slice(0, 120);
}

const schedulers = patterns([
  {
    in: ['python'],
    find: /\b(?:BackgroundScheduler|AsyncIOScheduler|APScheduler|BlockingScheduler)\(|\bschedule\.every\(/g,
    message: 'a scheduler runs in the process',
    fix: A_CRONJOB,
    once: true,
  },
  {
    in: ['node'],
    where: /['"](?:node-cron|cron|node-schedule|croner|toad-scheduler|agenda|bree)['"]/,
    find: /\b(?:cron|nodeCron)\.schedule\(|\bschedule\.scheduleJob\(|\bscheduleJob\(|new\s+(?:CronJob|Cron|ToadScheduler|Agenda|Bree)\(/g,
    message: 'a scheduler runs in the process',
    fix: A_CRONJOB,
  },
  {
    in: ['node'],
    find: /@Cron\(|@Interval\(/g,
    message: 'a scheduler runs in the process',
    fix: A_CRONJOB,
    once: true,
  },
  {
    in: ['node'],
    // A minute and more: housekeeping of connections ticks faster and belongs to each replica.
    find: /\bsetInterval\(\s*(?:async\s+)?[\w$.]+\s*,\s*(?:[6-9]\d{4}|\d{6,}|[^)\n]*(?:60\s*\*|\*\s*60|HOUR|DAY|MINUTE))/gi,
    unlessLine: /unref|ping|heartbeat|metric|keepalive|keep_alive/i,
    message: 'setInterval runs a job in every replica',
    fix: A_CRONJOB,
  },
  {
    in: ['java'],
    find: /@Scheduled\(/g,
    unlessUses: /shedlock|quartz/,
    unlessCode: /@SchedulerLock/,
    message: 'a scheduler runs in the process',
    fix: `${A_CRONJOB} Or lock it with ShedLock.`,
  },
  {
    in: ['go'],
    find: /\bcron\.New\(|gocron\.NewScheduler\(/g,
    message: 'a scheduler runs in the process',
    fix: A_CRONJOB,
  },
  { in: ['ruby'], find: /Rufus::Scheduler/g, message: 'a scheduler runs in the process', fix: A_CRONJOB, once: true },
  {
    in: ['rust'],
    find: /JobScheduler::new\(/g,
    message: 'a scheduler runs in the process',
    fix: A_CRONJOB,
    once: true,
  },
  {
    in: ['dotnet'],
    find: /new\s+PeriodicTimer\(|RecurringJob\.AddOrUpdate\(|AddQuartz\(/g,
    unlessCode: /UsePersistentStore/,
    message: 'a scheduler runs in the process',
    fix: A_CRONJOB,
  },
]);

function* jobsInProcess(app: Subject): Iterable<Hit> {
  if (!app.serves) return;
  // A process of its own for the clock is what the rule asks for.
  const clocks = app.facts.processes.map(({ command }) => command.value).join('\n');
  for (const hit of schedulers(app)) {
    const name =
      hit.file
        .split('/')
        .at(-1)
        ?.replace(/\.\w+$/, '') ?? hit.file;
    if (!new RegExp(`\\b${name.replace(/\W/g, '\\$&')}\\b`).test(clocks)) yield hit;
  }
}
