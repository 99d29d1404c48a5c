import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';

const CONNECT_TIMEOUT_MS = 10_000;

/** A connection to a port of our own network's 127.0.0.1, for pods on the node's network. */
export function connectLoopback(port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(new Error(`connect to 127.0.0.1:${port}: timed out`)));
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

/**
 * Runs inside the pod's network: connects to ::1 or 127.0.0.1, says so with one byte, then copies both ways. Perl is part
 * of every Debian and starts in a few milliseconds.
 */
const BRIDGE = String.raw`
use strict; use Socket; use IO::Select;
my $port = shift; my $peer;
socket($peer, PF_INET, SOCK_STREAM, 0) or die "$!\n";
unless (connect($peer, sockaddr_in($port, inet_aton('127.0.0.1')))) {
  my $why = $!;
  my $six = eval { socket($peer, PF_INET6, SOCK_STREAM, 0) && connect($peer, Socket::pack_sockaddr_in6($port, Socket::inet_pton(AF_INET6, '::1'))) };
  unless ($six) { print STDERR "$why\n"; exit 1 }
}
binmode $_ for (*STDIN, *STDOUT, $peer);
syswrite(STDOUT, "+");
$SIG{PIPE} = 'IGNORE';
my $select = IO::Select->new(\*STDIN, $peer);
sub all { my ($to, $data) = @_; my $at = 0; while ($at < length $data) { my $n = syswrite($to, $data, length($data) - $at, $at); return 0 unless defined $n; $at += $n } return 1 }
while ($select->count) {
  for my $from ($select->can_read) {
    my $n = sysread($from, my $data, 65536);
    if ($from == $peer) { exit 0 unless $n && all(\*STDOUT, $data) }
    elsif ($n) { exit 0 unless all($peer, $data) }
    else { $select->remove($from); shutdown($peer, 1) }
  }
}
`;

/** A connection to a port inside another network namespace. @throws when nothing listens there, in the kubelet's words */
export function connectInside(networkNamespace: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const bridge = spawn('nsenter', [`--net=${networkNamespace}`, 'perl', '-e', BRIDGE, String(port)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let fault = '';
    let connected = false;
    const fail = (why: string) =>
      reject(
        new Error(
          `failed to connect to localhost:${port} inside namespace ${JSON.stringify(networkNamespace)}: ${why}`,
        ),
      );
    bridge.once('error', (error) => fail(error.message));
    bridge.stderr.on('data', (chunk: Buffer) => {
      fault = (fault + chunk.toString()).slice(-500);
    });
    bridge.once('close', () => {
      if (!connected) fail(fault.trim().toLowerCase() || 'the bridge ended');
    });
    bridge.stdin.on('error', () => {});
    bridge.stdout.once('readable', () => {
      const sign: unknown = bridge.stdout.read(1);
      if (!(sign instanceof Buffer)) return;
      connected = true;
      const stream = Duplex.from({ readable: bridge.stdout, writable: bridge.stdin });
      stream.once('close', () => bridge.kill('SIGKILL'));
      resolve(stream);
    });
  });
}
