import type { Rule, Subject } from './contract.ts';
import { homeOf } from './patterns.ts';

const METRICS =
  /prom-client|prometheus|opentelemetry|statsd|dd-trace|ddtrace|datadog|newrelic|micrometer|spring-boot-starter-actuator|express-prom-bundle|fastify-metrics|yabeda|metrics-exporter|App\.Metrics|applicationinsights|elastic-apm/i;
const TRACES =
  /opentelemetry|dd-trace|ddtrace|newrelic|jaeger|zipkin|elastic-apm|sentry|sleuth|micrometer-tracing|applicationinsights|honeycomb|skywalking|@vercel\/otel/i;
const REQUEST_LOG =
  /morgan|pino-http|express-winston|koa-logger|@hapi\/good|hono\/logger|lograge|django-structlog|structlog|asgi-correlation|starlette-logg/i;

const isServer = (app: Subject): boolean => app.serves && app.facts.routes.length > 0;

/** XIV. What runs where nobody can look tells how it is. */
export const telemetry: readonly Rule[] = [
  {
    id: 'no-metrics',
    factor: 'telemetry',
    severity: 'note',
    title: 'no metrics',
    why: 'A canary is judged, replicas are added and a slow release is noticed by rate, errors and durations; without them only people notice.',
    *read(app) {
      if (!isServer(app) || app.facts.routes.some(({ role }) => role === 'metrics') || app.uses(METRICS)) return;
      yield {
        ...homeOf(app),
        message: 'no GET /metrics and no library that measures',
        fix: fixFor(
          app,
          'npm install prom-client',
          'pip install prometheus-client',
          'a Prometheus client library and GET /metrics',
        ),
      };
    },
  },
  {
    id: 'no-tracing',
    factor: 'telemetry',
    severity: 'note',
    title: 'no tracing',
    why: 'A request that passes several pods cannot be followed; the slow one among them cannot be found.',
    *read(app) {
      // An app of one process has nothing to follow a request to.
      if (!isServer(app) || app.uses(TRACES)) return;
      const calls =
        /\bfetch\(\s*[`'"]https?:|axios\.(?:get|post)|requests\.(?:get|post)\(|httpx\.|http\.(?:Get|Post)\(|RestTemplate|WebClient|HttpClient|Net::HTTP|Guzzle|reqwest::/;
      if (!app.codeHas(calls)) return;
      yield {
        ...homeOf(app),
        message: 'calls other servers and passes no trace on',
        fix: fixFor(
          app,
          'npm install @opentelemetry/auto-instrumentations-node, and node --import @opentelemetry/auto-instrumentations-node/register',
          'pip install opentelemetry-distro, and opentelemetry-instrument before the start command',
          'the OpenTelemetry SDK of the language',
        ),
      };
    },
  },
  {
    id: 'no-request-log',
    factor: 'telemetry',
    severity: 'note',
    title: 'requests are not logged',
    why: '`kubectl logs` then says nothing of what was asked and how it was answered, also while a release rolls.',
    *read(app) {
      if (!isServer(app)) return;
      const language = app.facts.language?.value;
      // Servers of these write an access log, or measure each request, without being asked.
      if (language !== 'node' && language !== 'go' && language !== 'python') return;
      const start = app.startLines.map(({ text }) => text).join('\n');
      const logged =
        app.uses(REQUEST_LOG) ||
        app.codeHas(
          /logger\s*:\s*(?!false)|middleware\.Logger|gin\.Default\(|gin\.Logger|handlers\.(?:Combined)?LoggingHandler|after_request|@app\.middleware|accesslog|onResponse|req(?:uest)?\.(?:method|url)[\s\S]{0,80}log|log[\s\S]{0,80}r(?:eq|equest)?\.(?:method|Method|url|URL)/,
        ) ||
        /uvicorn|fastapi\s+run|--access-logfile|hypercorn|granian/.test(start) ||
        app.uses(/@nestjs\/core|"next"/);
      if (logged) return;
      yield {
        ...homeOf(app),
        message: 'no request is logged',
        fix: fixFor(
          app,
          'npm install pino-http; app.use(pinoHttp())',
          'gunicorn --access-logfile - …',
          'a logging middleware around the router',
        ),
      };
    },
  },
];

function fixFor(app: Subject, node: string, python: string, other: string): string {
  const language = app.facts.language?.value;
  return language === 'node' ? node : language === 'python' ? python : other;
}
