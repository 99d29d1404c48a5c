import { commandPort } from './commands.ts';
import type { DockerfileFacts, Fact, Settings, Variable } from './contract.ts';

const PORT_WITHOUT_WORD = 8080;

export interface PortClues {
  readonly settings: Settings;
  readonly dockerfile: DockerfileFacts | undefined;
  /** The start command that somebody named. */
  readonly web: Fact<string> | undefined;
  readonly variables: readonly Variable[];
  /** The port written in the code or the framework's own. */
  readonly said: Fact<number> | undefined;
}

/** The port that the app listens on, and the variable that it takes it from; notes tell what was assumed. */
export function portOf(clues: PortClues): {
  readonly port: Fact<number>;
  readonly variable: Variable | undefined;
  readonly notes: readonly string[];
} {
  const { settings, dockerfile, web, variables, said } = clues;
  const command = web ?? dockerfile?.command;
  const variable = portVariableOf(variables, web);
  const port =
    settings.port ?? dockerfile?.ports[0] ?? (command && commandPort(command)) ?? fallbackOf(variable) ?? said;
  if (!port) {
    const notes = variable
      ? []
      : [`no port found in the code: ${PORT_WITHOUT_WORD} is assumed; say port: in wherry.yaml`];
    return { port: { value: PORT_WITHOUT_WORD, source: 'default' }, variable, notes };
  }
  if (port.value < 1024 && variable && !dockerfile && !settings.port) {
    const note = `${port.source}: port ${port.value} needs root; ${variable.name} is set to ${PORT_WITHOUT_WORD} instead`;
    return { port: { value: PORT_WITHOUT_WORD, source: 'default' }, variable, notes: [note] };
  }
  const assumed = dockerfile !== undefined && port === said && said.source === 'default' && !variable;
  const notes = assumed
    ? [`${dockerfile.path}: no EXPOSE, so port ${port.value} is assumed; add EXPOSE or say port: in wherry.yaml`]
    : [];
  return { port, variable, notes };
}

/** Ports of others: of mail servers, of what is measured, of a database that no driver showed. */
const PORT_OF_OTHERS =
  /^(?:\w+_)?(?:SMTP|MAIL|EMAIL|IMAP|FTP|SSH|PROXY|METRICS|PROMETHEUS|STATSD|SYSLOG|LOGSTASH|KAFKA|ELASTIC\w*|NATS|MQTT|LDAP|DEBUG|GRPC|DB|DATABASE|SQL|MYSQL|POSTGRES\w*|PG|REDIS|MONGO\w*|RABBIT\w*|MEMCACHE\w*)_?PORT$/;
const OWN_PORT =
  /^(?:APP|HTTP|SERVER|WEB|API|LISTEN|SERVICE|NODE|FLASK|FLASK_RUN|UVICORN|GUNICORN|NITRO|NUXT|BIND|ROCKET|ASPNETCORE_HTTP)_PORTS?$/;

function portVariableOf(variables: readonly Variable[], web: Fact<string> | undefined): Variable | undefined {
  const free = variables.filter(({ service }) => service === undefined);
  const inCommand = web && free.find(({ name, sources }) => name.endsWith('PORT') && sources.includes(web.source));
  return (
    inCommand ??
    free.find(({ name }) => name === 'PORT') ??
    free.find(({ name }) => OWN_PORT.test(name)) ??
    free.find(({ name }) => name.endsWith('_PORT') && !PORT_OF_OTHERS.test(name))
  );
}

function fallbackOf(variable: Variable | undefined): Fact<number> | undefined {
  const port = Number(variable?.fallback);
  if (!variable || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  return { value: port, source: variable.sources[0] ?? 'default' };
}
