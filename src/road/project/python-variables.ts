import type { FoundVariable } from './contract.ts';
import { placeOf } from './folder.ts';

const NOT_OURS =
  /^(?:PATH|HOME|USER|PWD|SHELL|LANG|TZ|TMPDIR|HOSTNAME|CI|PYTHON\w+|DJANGO_SETTINGS_MODULE|FLASK_(?:APP|ENV|DEBUG))$/;
const LITERAL = String.raw`(?:[rRuUbB]?'((?:\\.|[^'\\\n])*)'|[rRuUbB]?"((?:\\.|[^"\\\n])*)"|(-?\d[\d_]*(?:\.\d+)?)|(True|False)\b|(None)\b)`;

/** The environment variables that a module reads: os.environ, os.getenv, environs/decouple calls, pydantic settings. */
export function pythonVariables(path: string, code: string): FoundVariable[] {
  const found: FoundVariable[] = [];
  const add = (name: string, fallback: string | undefined, index: number): void => {
    if (!NOT_OURS.test(name)) found.push({ name, fallback, source: placeOf(path, code, index) });
  };
  for (const match of code.matchAll(/\benviron\[\s*['"](\w+)['"]\s*\](?!\s*=[^=])/g)) {
    add(match[1] ?? '', undefined, match.index);
  }
  const calls = [String.raw`\benviron\.get`, String.raw`\bgetenv`];
  if (/\b(?:environ|environs|decouple)\b.*\bimport\b|\bimport\s+(?:environ|environs|decouple)\b/.test(code)) {
    calls.push(String.raw`\b(?:env|config)(?:\.(?:str|int|bool|url|db|list|float|json))?`);
  }
  const call = new RegExp(
    String.raw`(?:${calls.join('|')})\(\s*['"](\w+)['"]\s*(?:,\s*(?:cast\s*=\s*\w+\s*,\s*)?(?:default\s*=\s*)?${LITERAL})?`,
    'g',
  );
  for (const match of code.matchAll(call)) {
    const literal = match[2] ?? match[3] ?? match[4]?.replaceAll('_', '') ?? match[5];
    // os.environ.get("X") or "fallback"
    const after = /^\s*(?:,\s*)?\)\s*or\s*(?:'([^'\n]*)'|"([^"\n]*)"|(\d+))/.exec(
      code.slice(match.index + match[0].length),
    );
    add(match[1] ?? '', literal ?? after?.[1] ?? after?.[2] ?? after?.[3], match.index);
  }
  for (const model of code.matchAll(/^class\s+\w+\([^)]*BaseSettings[^)]*\):[^\n]*\n((?:(?:[ \t]+[^\n]*)?\n)*)/gm)) {
    const body = model[1] ?? '';
    const prefix = /env_prefix\s*=\s*['"](\w*)['"]/.exec(body)?.[1] ?? '';
    const start = model.index + model[0].length - body.length;
    const field = new RegExp(String.raw`^(?: {4}|\t)([a-z]\w*)\s*:\s*[^=\n]+(?:=\s*${LITERAL})?[^\n]*$`, 'gm');
    for (const match of body.matchAll(field)) {
      const name = match[1] ?? '';
      if (name === 'model_config') continue;
      add(`${prefix}${name}`.toUpperCase(), match[2] ?? match[3] ?? match[4] ?? match[5], start + match.index);
    }
  }
  return found;
}
