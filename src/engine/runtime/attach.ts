import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecSpec } from './contract.ts';

/**
 * The monitor's attach socket is of packets (SOCK_SEQPACKET), which node:net cannot open. perl-base is on every Debian:
 * it relays packets as frames: one byte of stream (2 standard output, 3 standard error), four of length, the data.
 */
const RELAY = `
use strict; use Socket; use IO::Select;
chdir $ARGV[0] or die "chdir: $!"; socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0) or die "socket: $!";
connect($s, pack_sockaddr_un("attach")) or die "connect: $!"; $| = 1; binmode STDOUT; binmode STDIN;
my $set = IO::Select->new($s, \\*STDIN);
sub all { my ($h, $b) = @_; my $o = 0; while ($o < length $b) { my $n = syswrite($h, $b, length($b) - $o, $o); exit 1 unless defined $n; $o += $n } }
while (1) { for my $h ($set->can_read) {
  if ($h == $s) { my $n = recv($s, my $b, 65536, 0); exit 0 if !defined $n || length($b) == 0; all(\\*STDOUT, substr($b, 0, 1) . pack("N", length($b) - 1) . substr($b, 1)) }
  else { my $n = sysread(STDIN, my $b, 8192); if (!$n) { $set->remove(\\*STDIN); shutdown($s, 1); next } send($s, $b, 0) or exit 1 }
} }`;

const STDERR = 3;
const HEADER_BYTES = 5;

/** Joins the streams of a running container. Resolves when the container closes them or the caller leaves. */
export function attachToContainer(containerDirectory: string, spec: Omit<ExecSpec, 'argv'>): Promise<void> {
  return new Promise((resolve, reject) => {
    const relay = spawn('perl', ['-e', RELAY, containerDirectory], { stdio: ['pipe', 'pipe', 'pipe'] });
    let faults = '';
    let pending: Buffer = Buffer.alloc(0);
    relay.stdin.on('error', () => {});
    // Without input of ours the container's input must stay as it is, so the relay's stays open.
    spec.stdin?.pipe(relay.stdin);
    relay.stderr.on('data', (chunk: Buffer) => {
      faults = (faults + chunk.toString()).slice(-1000);
    });
    relay.stdout.on('data', (chunk: Buffer) => {
      pending = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
      while (pending.length >= HEADER_BYTES) {
        const length = pending.readUInt32BE(1);
        if (pending.length < HEADER_BYTES + length) break;
        const target = pending[0] === STDERR ? spec.stderr : spec.stdout;
        target?.write(pending.subarray(HEADER_BYTES, HEADER_BYTES + length));
        pending = pending.subarray(HEADER_BYTES + length);
      }
    });
    const leave = () => relay.kill('SIGKILL');
    spec.signal?.addEventListener('abort', leave, { once: true });
    spec.onResize?.((size) => void resize(containerDirectory, size).catch(() => undefined));
    relay.on('error', reject);
    relay.on('close', (code) => {
      spec.signal?.removeEventListener('abort', leave);
      if (code && !spec.signal?.aborted && faults) reject(new Error(`attach: ${faults.trim()}`));
      else resolve();
    });
  });
}

/** conmon reads terminal sizes from its control pipe. */
async function resize(containerDirectory: string, size: { columns: number; rows: number }): Promise<void> {
  const control = await open(join(containerDirectory, 'ctl'), 'r+');
  try {
    await control.write(`1 ${size.rows} ${size.columns}\n`);
  } finally {
    await control.close();
  }
}
