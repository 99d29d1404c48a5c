import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goRoutes } from './go-routes.ts';
import { goVariables } from './go-variables.ts';

const variables = (text: string): string[] =>
  goVariables([{ path: 'a.go', text }]).map(
    ({ name, fallback, source, optional }) => `${name}=${fallback ?? (optional ? '?' : '-')} ${source}`,
  );
const routes = (text: string): string[] =>
  goRoutes('a.go', text).map(({ method, path, role }) => `${method} ${path}${role ? ` ${role}` : ''}`);

test('a fallback is found in the statement behind, in cmp.Or and in functions of the app', () => {
  assert.deepEqual(variables('port := os.Getenv("PORT")\n\tif port == "" {\n\t\tport = "8080"\n\t}\n'), [
    'PORT=8080 a.go:1',
  ]);
  assert.deepEqual(variables('addr := cmp.Or(os.Getenv("ADDR"), ":8080")'), ['ADDR=:8080 a.go:1']);
  assert.deepEqual(variables('host, ok := os.LookupEnv("DB")\nif !ok { host = "db" }'), ['DB=db a.go:1']);
  const helper =
    'func env[T any](key string, fallback T) T {\n\tif v, ok := os.LookupEnv(key); ok {\n\t}\n\treturn fallback\n}\n';
  assert.deepEqual(
    variables(`${helper}a := env("WORKERS", 1_000)\nb := env("TTL", 2*time.Minute)\nc := env("ROOT", here())`),
    ['WORKERS=1000 a.go:6', 'TTL=2m a.go:7', 'ROOT=? a.go:8'],
  );
});

test('what is not read is no variable: setting one, the tool chain, another function of the same shape', () => {
  assert.deepEqual(
    variables(
      'os.Setenv("X", "1")\nos.Getenv("GOPATH")\nfunc get(key, d string) string { return table[key] }\nget("Y", "z")',
    ),
    [],
  );
});

test('struct tags of three libraries, viper with and without a prefix, and urfave/cli', () => {
  assert.deepEqual(
    variables(
      'type s struct {\n A int `env:"A,required" envDefault:"1"`\n B int `envconfig:"B" default:"2" required:"true"`\n C int `env:"C, default=3"`\n D int `json:"d"`\n}',
    ),
    ['A=1 a.go:2', 'B=2 a.go:3', 'C=3 a.go:4'],
  );
  assert.deepEqual(
    variables(
      'viper.SetEnvPrefix("app")\nviper.AutomaticEnv()\nviper.SetDefault("port", 1)\nviper.GetString("db.url")',
    ),
    ['APP_PORT=1 a.go:3'],
  );
  assert.deepEqual(
    variables(
      'viper.SetEnvKeyReplacer(strings.NewReplacer(".", "_"))\nviper.AutomaticEnv()\nviper.GetString("db.url")',
    ),
    ['DB_URL=- a.go:3'],
  );
  assert.deepEqual(
    variables(
      'fs.Int("port", 9898, "where")\nfs.StringP("level", "l", "info", "how much")\nfs.String("file", "", "")\nfs.String("unit", "s", "or ms")\nzap.String("port", config.Port)\nviper.BindPFlags(fs)\nviper.AutomaticEnv()\nviper.GetInt("port")\nviper.GetString("level")\nviper.GetString("file")\nviper.GetString("other")\nviper.GetString("unit")',
    ),
    ['PORT=9898 a.go:8', 'LEVEL=info a.go:9', 'FILE=? a.go:10', 'OTHER=- a.go:11', 'UNIT=s a.go:12'],
  );
  assert.deepEqual(variables('&cli.StringFlag{Name: "x", EnvVars: []string{"LISTEN"}}'), ['LISTEN=- a.go:1']);
});

test('routes stand below the prefixes of groups, closures and subrouters', () => {
  assert.deepEqual(routes('v1 := r.Group("/v1")\nusers := v1.Group("/users")\nusers.GET("/:id", f)\nr.POST("", f)'), [
    'GET /v1/users/:id',
    'POST /',
  ]);
  assert.deepEqual(
    routes(
      'r.Route("/api", func(r chi.Router) {\n r.Get("/a", f)\n r.Route("/b", func(r chi.Router) { r.Put("/c", f) })\n})\nr.Get("/d", f)',
    ),
    ['GET /api/a', 'PUT /api/b/c', 'GET /d'],
  );
  assert.deepEqual(
    routes(
      'mux.HandleFunc("POST /orders", f)\nmux.Handle("example.com/x", f)\nr.HandleFunc("/y", f).Methods("DELETE")\nmux.HandleFunc("GET /healthz", f)',
    ),
    ['POST /orders', 'GET /x', 'DELETE /y', 'GET /healthz health'],
  );
});
