import { type ChildProcess, spawn } from 'node:child_process';

/** What is to be run; the caller has resolved every default. */
export interface SpawnRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Bytes for standard input, at most INPUT_BYTES_MAX. */
  readonly input: Uint8Array | undefined;
  /**
   * The program hands its answer through descriptor 3 and stays in the background; its standard output is not kept.
   * The reply comes with the first whole line there, or when the descriptor is closed.
   */
  readonly answersOnDescriptor?: boolean;
}

export interface SpawnReply {
  readonly exitCode: number | undefined;
  readonly signal: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly answer: Buffer;
  /** Why the program could not be started at all. */
  readonly fault: string | undefined;
}

/** Fits the buffer of a pipe, so that writing it never waits for the program. */
export const INPUT_BYTES_MAX = 60_000;
const HEADER_BYTES = 4;
const NUL = 0;

/**
 * Starting a program from a large process is slow: the kernel copies its tables while everything else in it stands still.
 * A small perl (perl-base is on every Debian) that only starts programs and collects what they say does it in a tenth
 * of the time, beside the event loop.
 */
const PROGRAM = `
use strict; use warnings; use IO::Select; use POSIX ();
open(my $hold, '<', '/dev/null'); binmode STDIN; binmode STDOUT; $SIG{PIPE} = 'IGNORE';
my ($in, %jobs, %job_of, %ended) = ('');
my $select = IO::Select->new(\\*STDIN);
sub reply { my ($job, $code, $signal, $fault) = @_;
  my $body = join("\\0", $job->{id}, $code, $signal, $fault, length $job->{out}, length $job->{err}) . "\\0" . $job->{out} . $job->{err} . $job->{answer};
  my $frame = pack('N', length $body) . $body; my $at = 0;
  while ($at < length $frame) { my $n = syswrite(STDOUT, $frame, length($frame) - $at, $at); exit 1 unless defined $n; $at += $n } }
sub drop { my ($job) = @_; for my $fh (values %{$job->{open}}) { $select->remove($fh); delete $job_of{fileno $fh}; close $fh } $job->{open} = {} }
sub start { my ($id, $kind, $cwd, $env, $argv, $input) = @_;
  my $job = { id => $id, kind => $kind, out => '', err => '', answer => '', open => {} };
  my (%read, %write); my @names = $kind eq 'answer' ? ('err', 'answer') : ('out', 'err');
  for my $name (@names) { pipe($read{$name}, $write{$name}) or return reply($job, '', '', "pipe: $!") }
  my ($input_read, $input_write); if (length $input) { pipe($input_read, $input_write) or return reply($job, '', '', "pipe: $!") }
  my $pid = fork(); return reply($job, '', '', "fork: $!") unless defined $pid;
  if (!$pid) {
    POSIX::setsid() if $kind eq 'answer';
    if ($input_read) { POSIX::dup2(fileno $input_read, 0) } else { POSIX::dup2(fileno $hold, 0) }
    if ($write{out}) { POSIX::dup2(fileno $write{out}, 1) } else { open(my $null, '>', '/dev/null'); POSIX::dup2(fileno $null, 1) }
    POSIX::dup2(fileno $write{err}, 2); POSIX::dup2(fileno $write{answer}, 3) if $write{answer};
    %ENV = @$env; $SIG{PIPE} = 'DEFAULT';
    if (!chdir $cwd) { syswrite(STDERR, "\\0chdir $cwd: $!"); POSIX::_exit(127) }
    no warnings; exec { $argv->[0] } @$argv; syswrite(STDERR, "\\0" . ($!{ENOENT} ? 'no such program' : "$!")); POSIX::_exit(127) }
  close $_ for values %write; if ($input_write) { close $input_read; syswrite($input_write, $input); close $input_write }
  $job->{pid} = $pid; $jobs{$id} = $job;
  for my $name (@names) { $job->{open}{$name} = $read{$name}; $job_of{fileno $read{$name}} = [$job, $name]; $select->add($read{$name}) } }
sub request { my ($body) = @_; my @field; my $at = 0;
  my $next = sub { my $end = index($body, "\\0", $at); my $text = substr($body, $at, $end - $at); $at = $end + 1; $text };
  my ($id, $kind) = ($next->(), $next->());
  if ($kind eq 'kill') { my $job = $jobs{$id}; kill('KILL', $job->{pid}) if $job; return }
  my $cwd = $next->(); my @env = map { $next->() } 1 .. 2 * $next->(); my @argv = map { $next->() } 1 .. $next->();
  start($id, $kind, $cwd, \\@env, \\@argv, substr($body, $at)) }
sub finish { my ($job) = @_; my $got = waitpid($job->{pid}, POSIX::WNOHANG()); if ($got == 0) { $ended{$job->{id}} = $job; return }
  my $status = $?; delete $ended{$job->{id}}; delete $jobs{$job->{id}}; drop($job);
  my $fault = $job->{err} =~ s/^\\0// ? $job->{err} : '';
  reply($job, $status & 127 ? '' : $status >> 8, $status & 127 ? $status & 127 : '', $fault) }
while (1) {
  for my $fh ($select->can_read(%ended ? 0.005 : undef)) {
    if (fileno $fh == 0) { my $n = sysread(STDIN, $in, 65536, length $in); exit 0 unless $n;
      while (length $in >= 4) { my $size = unpack('N', $in); last if length $in < 4 + $size; my $body = substr($in, 4, $size); substr($in, 0, 4 + $size) = ''; request($body) }
      next }
    my $entry = $job_of{fileno $fh} or next; my ($job, $name) = @$entry;
    my $n = sysread($fh, my $data, 65536);
    if ($n) { $job->{$name} .= $data if length $job->{$name} < 4194304;
      if ($name eq 'answer' && $data =~ /[\\n}]\\s*$/) { drop($job); delete $jobs{$job->{id}}; $ended{"reap$job->{id}"} = { id => "reap$job->{id}", pid => $job->{pid}, quiet => 1 }; reply($job, 0, '', '') }
      next }
    $select->remove($fh); delete $job_of{fileno $fh}; delete $job->{open}{$name}; close $fh;
    finish($job) unless %{$job->{open}} }
  for my $job (values %ended) {
    if ($job->{quiet}) { delete $ended{$job->{id}} if waitpid($job->{pid}, POSIX::WNOHANG()) != 0 } else { finish($job) } } }
`;

/** A running spawner. One a process. */
export interface Spawner {
  /** Resolves when the program has ended (see SpawnRequest for those that stay). Rejects when the spawner itself is gone. */
  spawn(request: SpawnRequest): { readonly id: number; readonly reply: Promise<SpawnReply> };
  kill(id: number): void;
  close(): void;
}

let current: Spawner | undefined;

/** The spawner that `run` uses, when one was started in this process and lives. */
export function currentSpawner(): Spawner | undefined {
  return current;
}

/** Starts it; from then on `run` goes through it. Without perl nothing changes. */
export function startSpawner(): Spawner | undefined {
  if (current) return current;
  const child = spawn('perl', ['-e', PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.pid === undefined) {
    child.on('error', () => {});
    return undefined;
  }
  current = spawnerOf(child);
  return current;
}

function spawnerOf(child: ChildProcess): Spawner {
  const pending = new Map<number, { resolve(reply: SpawnReply): void; reject(error: Error): void }>();
  let count = 0;
  let received: Buffer = Buffer.alloc(0);
  const lost = (): void => {
    if (current === spawner) current = undefined;
    for (const { reject } of pending.values()) reject(new Error('the process that starts programs is gone'));
    pending.clear();
  };
  /** Only a program that is awaited keeps this process alive. */
  const hold = (awaited: boolean): void => {
    for (const part of [child, child.stdin, child.stdout] as (Partial<{ ref(): void; unref(): void }> | null)[]) {
      if (awaited) part?.ref?.();
      else part?.unref?.();
    }
  };
  const write = (body: Buffer): void => {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(body.length);
    child.stdin?.write(Buffer.concat([header, body]));
  };
  child.on('error', lost);
  child.on('exit', lost);
  child.stdin?.on('error', () => {});
  child.stdout?.on('data', (chunk: Buffer) => {
    received = received.length > 0 ? Buffer.concat([received, chunk]) : chunk;
    while (received.length >= HEADER_BYTES) {
      const size = received.readUInt32BE(0);
      if (received.length < HEADER_BYTES + size) return;
      const { id, reply } = readReply(received.subarray(HEADER_BYTES, HEADER_BYTES + size));
      received = received.subarray(HEADER_BYTES + size);
      pending.get(id)?.resolve(reply);
      pending.delete(id);
      if (pending.size === 0) hold(false);
    }
  });
  const spawner: Spawner = {
    spawn(request) {
      const id = ++count;
      const reply = new Promise<SpawnReply>((resolve, reject) => pending.set(id, { resolve, reject }));
      hold(true);
      const env = Object.entries(request.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
      const fields = [
        String(id),
        request.answersOnDescriptor ? 'answer' : 'run',
        request.cwd,
        String(env.length),
        ...env.flat(),
        String(request.argv.length),
        ...request.argv,
      ];
      write(Buffer.concat([Buffer.from(`${fields.join('\0')}\0`), request.input ?? Buffer.alloc(0)]));
      return { id, reply };
    },
    kill: (id) => write(Buffer.from(`${id}\0kill\0`)),
    close() {
      child.stdin?.end();
      lost();
    },
  };
  hold(false);
  return spawner;
}

function readReply(body: Buffer): { id: number; reply: SpawnReply } {
  let at = 0;
  const next = (): string => {
    const end = body.indexOf(NUL, at);
    const text = body.toString('utf8', at, end);
    at = end + 1;
    return text;
  };
  const id = Number(next());
  const [code, signal, fault] = [next(), next(), next()];
  const [stdoutBytes, stderrBytes] = [Number(next()), Number(next())];
  const part = (bytes: number): Buffer => {
    const bytesOf = body.subarray(at, at + bytes);
    at += bytes;
    return bytesOf;
  };
  const stdout = part(stdoutBytes);
  const stderr = part(stderrBytes);
  return {
    id,
    reply: {
      exitCode: code === '' ? undefined : Number(code),
      signal: signal === '' ? undefined : Number(signal),
      fault: fault === '' ? undefined : fault,
      stdout,
      stderr,
      answer: body.subarray(at),
    },
  };
}
