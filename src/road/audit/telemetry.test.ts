import { finds, leaves, node } from './sample-app.ts';

const ROUTE = "app.get('/users', list);\n";
finds('no-metrics', 'an app that measures nothing', node({ 'server.js': ROUTE }), 'package.json:5');
leaves('no-metrics', 'a library that measures', node({ 'server.js': ROUTE }, { 'prom-client': '^15.0.0' }));
leaves('no-metrics', 'GET /metrics', node({ 'server.js': `${ROUTE}app.get('/metrics', m);` }));

finds('no-tracing', 'calls of other servers', node({ 'server.js': `${ROUTE}fetch('https://a/b');` }), 'package.json:5');
leaves('no-tracing', 'an app that calls nobody', node({ 'server.js': ROUTE }));
leaves(
  'no-tracing',
  'OpenTelemetry',
  node({ 'server.js': `${ROUTE}fetch('https://a/b');` }, { '@opentelemetry/sdk-node': '^0.200.0' }),
);

finds('no-request-log', 'an app that logs nothing', node({ 'server.js': ROUTE }), 'package.json:5');
leaves('no-request-log', 'morgan', node({ 'server.js': ROUTE }, { morgan: '^1.0.0' }));
