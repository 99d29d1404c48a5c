import { whyHidden } from '../model/index.ts';
import type { SecretFiles } from './contract.ts';
import { yamlText } from './yaml-text.ts';

/**
 * A Secret of a chart: what `secrets` gives, else what the cluster has, else a random password. `lookup` finds nothing in a dry
 * run, so that shows passwords that are never used.
 */
export function secretTemplate(secret: SecretFiles): string {
  const { name, type, labels, lines, files, owned } = secret;
  const at = JSON.stringify(name);
  const before: string[] = [
    `{{- $old := (lookup "v1" "Secret" .Release.Namespace ${at}).data | default dict }}`,
    `{{- $given := index .Values.secrets ${at} | default dict }}`,
  ];
  const data: string[] = [];
  const variables = new Map<string, string>();
  const known = (key: string): string =>
    `index $given ${JSON.stringify(key)} | default (index $old ${JSON.stringify(key)} | default "" | b64dec)`;
  const lacking = (key: string): string => JSON.stringify(`give it: --set-file secrets.${name}.${key}=FILE`);
  const add = (key: string, expression: string): void => {
    const variable = `$value${variables.size}`;
    variables.set(key, variable);
    before.push(`{{- ${variable} := ${expression} }}`);
    data.push(`  ${key}: {{ ${variable} | b64enc | quote }}`);
  };
  for (const [key, value] of lines) {
    if (value.is === 'random') add(key, `${known(key)} | default (randAlphaNum 32)`);
    else if (value.is === 'joined') add(key, joined(value.template, variables));
    else if (whyHidden(key, String(value.text))) add(key, `required ${lacking(key)} (${known(key)})`);
    else add(key, `${known(key)} | default ${JSON.stringify(String(value.text))}`);
  }
  for (const [key] of files) add(key, `required ${lacking(key)} (${known(key)})`);
  for (const key of owned)
    data.push(`  {{- with ${known(key)} }}`, `  ${key}: {{ . | b64enc | quote }}`, '  {{- end }}');
  const head = yamlText({ apiVersion: 'v1', kind: 'Secret', metadata: { name, labels }, type });
  return `${before.join('\n')}\n${head}data:\n${data.join('\n')}\n`;
}

/** `mysql://${username}:${password}@host` as an expression of its parts. */
function joined(template: string, variables: ReadonlyMap<string, string>): string {
  const parts = template
    .split(/(\$\{[^}]+\})/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('${') && variables.get(part.slice(2, -1))) || JSON.stringify(part));
  return `print ${parts.join(' ')}`;
}
