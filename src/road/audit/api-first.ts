import type { Rule } from './contract.ts';
import { homeOf } from './patterns.ts';

const ROUTES_MIN = 4;

/** XIII. What an app offers is written down before others build on it. */
export const apiFirst: readonly Rule[] = [
  {
    id: 'no-api-description',
    factor: 'api-first',
    severity: 'note',
    title: 'no description of the API',
    why: 'Two versions serve at once while a release rolls; without a description nobody can check that both keep what callers rely on.',
    *read(app) {
      const { facts, folder } = app;
      const routes = facts.routes.filter(({ role, path }) => role === undefined && path !== '/');
      if (routes.length < ROUTES_MIN) return;
      const described =
        folder.paths.some((path) =>
          /(?:^|\/)(?:openapi|swagger|asyncapi|api)[\w.-]*\.(?:ya?ml|json)$|\.(?:proto|graphqls?)$/i.test(path),
        ) ||
        app.uses(
          /swagger|openapi|fastapi|drf-spectacular|drf-yasg|apispec|flask-smorest|flask-restx|connexion|springdoc|springfox|swaggo|utoipa|rswag|swashbuckle|nswag|l5-swagger|api-platform|graphql|tsoa|zod-openapi|hono\/zod|NSwag/i,
        ) ||
        app.codeHas(/AddOpenApi|SwaggerModule|setup_swagger/) ||
        // Pages for people, not an API.
        app.codeHas(/render_template|res\.render\(|TemplateView|return view\(/);
      if (described) return;
      yield {
        ...homeOf(app),
        message: `${routes.length} routes and no OpenAPI description`,
        fix: 'Write openapi.yaml, or have it made from the code (@fastify/swagger, swagger-jsdoc, flask-smorest, drf-spectacular).',
      };
    },
  },
];
