import type { Hit, Rule, Subject } from './contract.ts';
import { patterns, placeParts } from './patterns.ts';

const INTERNAL =
  /^\/(?:api\/|v\d+\/)*(?:admin|internal|debug|console|actuator|manage(?:ment)?|dashboard\/admin|_debug|backoffice|superuser)(?:\/|$)/i;
const GUARDED =
  /auth|login_required|requires?_?(?:login|admin|role|user)|permission|passport|jwt|guard|token|session|current_user|is_?admin|ensure|verify|protect|policy|role|credential|basic_?auth|middleware\(|before_action|Depends\(|Security\(|staff_member_required|admin\.site/i;
const LINES_BEFORE = 4;
const LINES_AFTER = 6;

/** XV. Who asks is known, and what they may do is decided by the app. */
export const authentication: readonly Rule[] = [
  {
    id: 'admin-without-authentication',
    factor: 'authentication',
    severity: 'warning',
    title: 'a route for administrators asks nobody who they are',
    why: 'In a cluster the network is shared: every pod reaches every route, and an Ingress opens all of them.',
    read: openAdmin,
  },
  {
    id: 'cors-any',
    factor: 'authentication',
    severity: 'warning',
    title: 'every site may call the API from a browser',
    why: 'The same image serves tests and production: the origins that may call differ, and belong to its environment.',
    read: patterns([
      {
        in: ['node'],
        find: /Access-Control-Allow-Origin['"]?\s*[,:]\s*['"]\*['"]|\bcors\(\s*\{[^}]*\borigin\s*:\s*(?:['"]\*['"]|true\b)|enableCors\(\s*\)|register\(\s*cors\s*,\s*\{[^}]*origin\s*:\s*(?:['"]\*['"]|true\b)/g,
        message: 'CORS is open to every origin',
        fix: "origin: (process.env.CORS_ORIGINS ?? '').split(',')",
      },
      {
        in: ['node'],
        where: /['"]cors['"]/,
        find: /\buse\(\s*cors\(\s*\)/g,
        message: 'CORS is open to every origin',
        fix: "cors({ origin: (process.env.CORS_ORIGINS ?? '').split(',') })",
      },
      {
        in: ['python'],
        find: /CORS_(?:ALLOW_ALL_ORIGINS|ORIGIN_ALLOW_ALL)\s*=\s*True|allow_origins\s*=\s*\[\s*['"]\*['"]|\bCORS\(\s*\w+\s*\)|origins['"]?\s*[=:]\s*['"]\*['"]/g,
        message: 'CORS is open to every origin',
        fix: 'allow_origins=os.environ.get("CORS_ORIGINS", "").split(",")',
      },
      {
        in: ['java', 'go', 'php', 'ruby', 'rust', 'dotnet'],
        find: /Access-Control-Allow-Origin['"]\s*(?:,|:|=>)?\s*:?\s*['"]?\s*\*|allowedOrigins\(\s*"\*"|@CrossOrigin(?:\(\s*(?:origins\s*=\s*)?"\*"\s*\)|(?!\())|AllowAllOrigins\s*[:=]\s*true|AllowAnyOrigin\(\)|CorsLayer::(?:permissive|very_permissive)\(|origins\s+['"]\*['"]/g,
        message: 'CORS is open to every origin',
        fix: 'Read the origins from the environment (CORS_ORIGINS).',
      },
    ]),
  },
  {
    id: 'actuator-open',
    factor: 'authentication',
    severity: 'error',
    title: 'all endpoints of Spring Boot Actuator are open',
    why: '/actuator/env and /actuator/heapdump give passwords to every pod that asks.',
    read: patterns([
      {
        in: /(?:^|\/)application[\w.-]*\.(?:properties|ya?ml)$/,
        find: /^management\.endpoints\.web\.exposure\.include\s*[=:]\s*["']?\*|exposure:\s*\n\s+include:\s*["']?\*/gm,
        message: 'every endpoint of the actuator is exposed',
        fix: 'management.endpoints.web.exposure.include=health,info,prometheus',
      },
    ]),
  },
];

function* openAdmin(app: Subject): Iterable<Hit> {
  // Guarded as a whole somewhere that a look at one route cannot see.
  if (app.uses(/spring-boot-starter-security|spring-security|devise|next-auth|helmet-auth|django-admin/)) return;
  const told = new Set<string>();
  for (const { path, method, source } of app.facts.routes) {
    if (!INTERNAL.test(path)) continue;
    const { file, line } = placeParts(source);
    const code = app.sources.find((candidate) => candidate.path === file)?.code;
    if (code === undefined || told.has(`${file}:${line}`)) continue;
    const near = code
      .split('\n')
      .slice(Math.max(0, line - 1 - LINES_BEFORE), line + LINES_AFTER)
      .join('\n');
    const whole =
      /\.use\([^)\n]*(?:auth|passport|jwt|session|guard|protect)|before_request|addHook\(\s*['"](?:onRequest|preHandler)|BASIC_AUTH_FORCE|\[Authorize|LoginRequiredMixin|@(?:PreAuthorize|Secured|RolesAllowed|UseGuards)\b|before_action|->middleware\(|add_middleware\([^)\n]*Auth|dependencies\s*=\s*\[/i.test(
        code,
      );
    if (whole || GUARDED.test(near.replace(/authoriz(?:ation|ed) by/gi, ''))) continue;
    told.add(`${file}:${line}`);
    yield {
      file,
      line,
      message: `nothing near ${method} ${path} asks who is calling`,
      fix: 'Ask for a login or token there; or serve it on a port of its own that no Service names.',
    };
  }
}
