// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Spring's own placeholders are told of.
import type { Fact, FoundVariable } from './contract.ts';
import { placeOf } from './folder.ts';
import { variableOfProperty } from './java-properties.ts';
import type { Source } from './written-addresses.ts';

const NOT_OURS =
  /^(?:PATH|HOME|USER|PWD|SHELL|LANG|TZ|TMPDIR|HOSTNAME|CI|JAVA_\w+|KUBERNETES_\w+|user\..*|java\..*|os\..*)$/;
/** Properties of a framework that lead to a backing service: their variables win over what the file says. */
const SERVICE_PROPERTY =
  /^(?:spring\.datasource\.(?:url|username|password)|spring\.r2dbc\.(?:url|username|password)|spring\.(?:data\.)?redis\.(?:host|port|password|url)|spring\.(?:data\.)?mongodb\.(?:uri|host|port|database|username|password)|spring\.rabbitmq\.(?:host|port|username|password)|quarkus\.datasource\.(?:jdbc\.url|username|password)|quarkus\.redis\.hosts|quarkus\.mongodb\.connection-string|datasources\.default\.(?:url|username|password)|redis\.uri|mongodb\.uri|rabbitmq\.uri)$/;

/**
 * The environment variables of Java and Kotlin: System.getenv, `${NAME:default}` in settings and @Value, and the variables
 * by which Spring, Quarkus and Micronaut let an environment win over a property that names a server.
 */
export function javaVariables(
  sources: readonly Source[],
  properties: ReadonlyMap<string, Fact<string>>,
  framework: string | undefined,
): FoundVariable[] {
  const found: FoundVariable[] = [];
  const add = (name: string, fallback: string | undefined, source: string): void => {
    if (!NOT_OURS.test(name)) found.push({ name, fallback, source });
  };
  for (const [name, { value, source }] of properties) {
    for (const placeholder of value.matchAll(/\$\{([A-Z][A-Z0-9_]*)(?::([^${}]*))?\}/g))
      add(placeholder[1] ?? '', placeholder[2], source);
    // A property of its own placeholder is set by that; any other is set by the variable of its name.
    if (SERVICE_PROPERTY.test(name) && !value.includes('${')) add(variableOfProperty(name, framework), value, source);
  }
  for (const { path, text } of sources) {
    const getenv =
      /System\.getenv\(\s*"(\w+)"\s*\)(?:\s*\)\s*\.orElse\(\s*"([^"]*)"|\s*\?:\s*"([^"]*)")?|System\.getenv\(\)\s*\.(?:getOrDefault\(\s*"(\w+)"\s*,\s*"([^"]*)"|get\(\s*"(\w+)")|System\.getenv\(\)\s*\[\s*"(\w+)"\s*\]/g;
    for (const match of text.matchAll(getenv)) {
      const name = match[1] ?? match[4] ?? match[6] ?? match[7] ?? '';
      add(name, match[2] ?? match[3] ?? match[5] ?? ternary(text, match.index, name), placeOf(path, text, match.index));
    }
    for (const match of text.matchAll(
      /@(?:Value|ConfigProperty|Property)\(\s*(?:name\s*=\s*)?"(?:\$\{)?([\w.-]+)(?::([^"}]*))?\}?"(?:\s*,\s*defaultValue\s*=\s*"([^"]*)")?/g,
    )) {
      const name = match[1] ?? '';
      const said = properties.get(name);
      // What the settings file answers needs nobody's value.
      if (/^[A-Z][A-Z0-9_]*$/.test(name)) add(name, match[2] ?? match[3], placeOf(path, text, match.index));
      else if (!said) add(variableOfProperty(name, framework), match[2] ?? match[3], placeOf(path, text, match.index));
    }
  }
  return found;
}

/** `System.getenv("PORT") != null ? … : 8080` and the like: the other branch. */
function ternary(text: string, index: number, name: string): string | undefined {
  const line = text.slice(index, index + 240).split(';')[0] ?? '';
  const chosen = new RegExp(
    String.raw`^System\.getenv\(\s*"${name}"\s*\)\s*[!=]=\s*null\s*\?[^:]*:\s*"?([^";)]+)"?`,
  ).exec(line)?.[1];
  return chosen === undefined || /[(.]/.test(chosen) ? undefined : chosen.trim();
}
