import type { Fact } from './contract.ts';

/** Servers for the author's own desk: they watch files, tell strangers about faults, or take one request at a time. */
const DEVELOPMENT: readonly (readonly [RegExp, string])[] = [
  [/\bflask\s+(?:\S+\s+)*run\b/, 'flask run'],
  [/\bmanage\.py\s+runserver\b/, 'manage.py runserver'],
  [/\b(?:uvicorn|gunicorn|hypercorn)\b.*\s--reload\b/, '--reload'],
  [/\bfastapi\s+dev\b/, 'fastapi dev'],
  [/\bnodemon\b/, 'nodemon'],
  [/\bts-node-dev\b/, 'ts-node-dev'],
  [/\b(?:tsx|node)\s+(?:--)?watch\b/, 'watch mode'],
  [/\b(?:next|nuxt|nuxi|astro|remix|gatsby|react-router)\s+(?:dev|develop)\b/, 'a dev command'],
  [/\bnest\s+start\b/, 'nest start'],
  [/(?:^|[\s/])vite(?:\s+(?:dev|serve)|\s+-|\s*$)/, 'vite'],
  [/\breact-scripts\s+start\b/, 'react-scripts start'],
  [/\bng\s+serve\b/, 'ng serve'],
  [/\bnx\s+(?:run\s+\S+:)?serve\b/, 'nx serve'],
  [/\bvue-cli-service\s+serve\b/, 'vue-cli-service serve'],
  [/\bwebpack(?:-dev-server|\s+serve)\b/, 'webpack serve'],
  [/\bphp\s+artisan\s+serve\b/, 'php artisan serve'],
  [/\bphp\s+-S\b/, 'php -S'],
  [/\b(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?dev\b/, 'a dev script'],
];

/** The development server that a command starts; undefined when it starts none. */
export function developmentServer(command: string): string | undefined {
  return DEVELOPMENT.find(([pattern]) => pattern.test(command))?.[1];
}

/** The note for a start command, given by the user, that starts a development server. */
export function developmentNote(command: Fact<string>, better: string | undefined): string | undefined {
  const server = developmentServer(command.value);
  if (server === undefined) return undefined;
  const wayOut = better === undefined ? 'name what serves in production' : `better: ${better}`;
  return `${command.source}: ${server} is a development server and not made for others to reach; ${wayOut}`;
}

/** The port that a command line says itself: `--port 5000`, `-b 0.0.0.0:8000`, `PORT=3000 node …`. */
export function commandPort(command: Fact<string>): Fact<number> | undefined {
  const match =
    /(?:\s(?:--port|--server\.port|--http-port|-p)[\s=]|(?:--bind|-b|--listen|--http)[\s=]?[\w.[\]*:]*?:|\bPORT=)(\d{2,5})\b/.exec(
      command.value,
    ) ?? /\brunserver\s+(?:[\w.]+:)?(\d{2,5})\b/.exec(command.value);
  const port = Number(match?.[1]);
  return port >= 1 && port <= 65_535 ? { value: port, source: command.source } : undefined;
}
