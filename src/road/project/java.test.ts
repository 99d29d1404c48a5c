// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Spring's own placeholders are read.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openFolder } from './folder.ts';
import { readJava } from './java.ts';
import { variableOfProperty } from './java-properties.ts';
import { javaRoutes } from './java-routes.ts';

function read(files: Record<string, string>): ReturnType<typeof readJava> {
  const directory = mkdtempSync(join(tmpdir(), 'java-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    return readJava(openFolder(directory));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const boot = (version: string): string =>
  `<project><parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId><version>${version}</version></parent><artifactId>shop</artifactId></project>`;

test('a jar of Spring Boot starts as its version unpacks it', () => {
  const start = (version: string): string | undefined => read({ 'pom.xml': boot(version) }).start(8080)?.value;
  assert.equal(start('2.7.18'), 'java org.springframework.boot.loader.JarLauncher');
  assert.equal(start('3.2.5'), 'java org.springframework.boot.loader.launch.JarLauncher');
  assert.equal(start('3.3.0'), 'java -jar app.jar');
  assert.equal(start('4.0.1'), 'java -jar app.jar');
});

test("Java's version is the next one that has images and is kept up", () => {
  const version = (body: string): string =>
    read({ 'pom.xml': `<project><artifactId>a</artifactId><properties>${body}</properties></project>` }).languageVersion
      .value;
  assert.equal(version('<java.version>1.8</java.version>'), '8');
  assert.equal(version('<maven.compiler.release>19</maven.compiler.release>'), '21');
  assert.equal(version('<maven.compiler.target>${jdk}</maven.compiler.target><jdk>17</jdk>'), '17');
  assert.equal(version(''), '21');
  const gradle = (text: string): string => read({ 'build.gradle': text }).languageVersion.value;
  assert.equal(gradle('java { sourceCompatibility = JavaVersion.VERSION_1_8 }'), '8');
  assert.equal(gradle('java { toolchain { languageVersion = JavaLanguageVersion.of(25) } }'), '25');
});

test('an environment wins over a property that names a server, under the name that the framework reads', () => {
  assert.equal(
    variableOfProperty('spring.datasource.hikari.pool-name', 'spring-boot'),
    'SPRING_DATASOURCE_HIKARI_POOLNAME',
  );
  assert.equal(variableOfProperty('quarkus.mongodb.connection-string', 'quarkus'), 'QUARKUS_MONGODB_CONNECTION_STRING');
  const { variables, port } = read({
    'pom.xml': boot('3.3.0'),
    'src/main/resources/application.yml':
      'server:\n  port: 9001\nspring:\n  datasource:\n    url: ${DB_URL:jdbc:h2:mem}\n    username: sa\n---\nserver:\n  port: 1\n',
    'src/test/resources/application.yml': 'server:\n  port: 2\n',
  });
  assert.deepEqual(port, { value: 9001, source: 'src/main/resources/application.yml:2' });
  assert.deepEqual(
    variables.map(({ name, fallback }) => `${name}=${fallback}`),
    ['DB_URL=jdbc:h2:mem', 'SPRING_DATASOURCE_USERNAME=sa'],
  );
});

test('routes below the path of their class, the method before or behind it', () => {
  const text =
    '@Path("/a")\nclass A {\n  @GET\n  @Path("/{id}")\n  String one() {}\n  @Path("/b") @POST\n  void b() {}\n}';
  assert.deepEqual(
    javaRoutes({ path: 'A.java', text }).map(({ method, path }) => `${method} ${path}`),
    ['GET /a/{id}', 'POST /a/b'],
  );
});
