import type { Probe } from '../../engine/kinds/index.ts';
import { withoutDollars } from './compose-texts.ts';
import type { Application, Part } from './contract.ts';

/** A healthcheck as the part's readiness asks; undefined where nothing in the image could ask. */
export function composeHealth(application: Application, part: Part): object | undefined {
  if (part.kind === 'job' || part.kind === 'cronjob') return undefined;
  const probe = part.probes?.readiness ?? part.probes?.liveness;
  const test = probe && testOf(application, part, probe);
  if (!probe || !test) return undefined;
  const { startup } = part.probes ?? {};
  const start = startup
    ? (startup.periodSeconds ?? 10) * (startup.failureThreshold ?? 3)
    : (probe.initialDelaySeconds ?? 0);
  return {
    test,
    interval: `${probe.periodSeconds ?? 10}s`,
    timeout: `${probe.timeoutSeconds ?? 1}s`,
    retries: probe.failureThreshold ?? 3,
    ...(start > 0 ? { start_period: `${start}s`, start_interval: '1s' } : {}),
  };
}

function testOf(application: Application, part: Part, probe: Probe): string[] | undefined {
  if (probe.exec?.command) return ['CMD', ...probe.exec.command.map(withoutDollars)];
  // The asking is done inside the container, by whatever its image has.
  if (!hasShell(application, part)) return undefined;
  const port = numberOf(part, probe.httpGet?.port ?? probe.tcpSocket?.port);
  if (port === undefined) return undefined;
  if (probe.httpGet) return ['CMD-SHELL', withoutDollars(httpQuestion(port, probe.httpGet.path ?? '/'))];
  return probe.tcpSocket ? ['CMD-SHELL', withoutDollars(portQuestion(port))] : undefined;
}

function hasShell(application: Application, part: Part): boolean {
  if (!('build' in part.image)) return true;
  const name = part.image.build;
  const text = application.builds.find((build) => build.name === name)?.text;
  const base = text?.match(/^FROM\s+\S+/gim)?.at(-1) ?? '';
  return !/scratch$|distroless/i.test(base);
}

function numberOf(part: Part, port: string | number | undefined): number | undefined {
  return typeof port === 'number' ? port : part.ports.find(({ name }) => name === port)?.target;
}

function httpQuestion(port: number, path: string): string {
  const url = `http://127.0.0.1:${port}${path.replace(/["'\\$`]/g, encodeURIComponent)}`;
  return choice([
    ['curl', `curl -fsS -o /dev/null ${quoted(url)}`],
    ['wget', `wget -q -O /dev/null ${quoted(url)}`],
    ['node', `node -e ${quoted(`fetch("${url}").then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))`)}`],
    ['python3', `python3 -c ${quoted(`import urllib.request as r; r.urlopen("${url}")`)}`],
    ['php', `php -r ${quoted(`exit(@file_get_contents("${url}") === false ? 1 : 0);`)}`],
    ['ruby', `ruby -rnet/http -e ${quoted(`exit Net::HTTP.get_response(URI("${url}")).is_a?(Net::HTTPSuccess)`)}`],
  ]);
}

function portQuestion(port: number): string {
  return choice([
    ['nc', `nc -z 127.0.0.1 ${port}`],
    ['bash', `bash -c ${quoted(`exec 3<>/dev/tcp/127.0.0.1/${port}`)}`],
    [
      'node',
      `node -e ${quoted(`require("net").connect(${port}, "127.0.0.1").on("connect", () => process.exit(0)).on("error", () => process.exit(1))`)}`,
    ],
    ['python3', `python3 -c ${quoted(`import socket; socket.create_connection(("127.0.0.1", ${port}), 2)`)}`],
  ]);
}

/** The first program that is there asks. */
function choice(ways: readonly (readonly [string, string])[]): string {
  const branches = ways.map(([program, line]) => `command -v ${program} >/dev/null 2>&1; then ${line}`);
  return `if ${branches.join('; elif ')}; else exit 1; fi`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
