import type { FoundVariable } from './contract.ts';
import { lineOf, placeOf } from './folder.ts';

const NOT_OURS =
  /^(?:HTTP_\w+|REMOTE_ADDR|REQUEST_METHOD|PATH_INFO|PATH|HOME|USER|PWD|SHELL|LANG|TZ|TMPDIR|HOSTNAME|CI|PYTHON\w+|DJANGO_SETTINGS_MODULE|FLASK_(?:APP|ENV|DEBUG))$/;
const LITERAL = String.raw`(?:[rRuUbBfF]?'((?:\\.|[^'\\\n])*)'|[rRuUbBfF]?"((?:\\.|[^"\\\n])*)"|(-?\d[\d_]*(?:\.\d+)?)|(True|False)\b|(None)\b)`;
const READS = /environ|getenv|env[.(\w]*\(|config\(|BaseSettings/;

/**
 * The environment variables that a module reads: os.environ, os.getenv, calls of environs, django-environ and decouple,
 * starlette's Config, fields of pydantic settings.
 */
export function pythonVariables(
  path: string,
  code: string,
  wrappers: readonly string[] = wrappersIn(code),
): FoundVariable[] {
  if (!READS.test(code) && !wrappers.some((name) => code.includes(`${name}(`))) return [];
  const found: FoundVariable[] = [];
  const add = (name: string, fallback: string | undefined, index: number): void => {
    if (!NOT_OURS.test(name)) found.push({ name, fallback, source: placeOf(path, code, index) });
  };
  for (const match of code.matchAll(/\benviron\[\s*['"](\w+)['"]\s*\](?!\s*=[^=])/g)) {
    add(match[1] ?? '', undefined, match.index);
  }
  readCalls(code, add, wrappers);
  readScheme(path, code, found);
  readSettingsClasses(code, add);
  return found;
}

type Add = (name: string, fallback: string | undefined, index: number) => void;

/** The functions of a module that read the variable they are given by name: `def envbool(name, default): os.getenv(name)`. */
export function wrappersIn(code: string): string[] {
  if (!/environ|getenv/.test(code)) return [];
  const found: string[] = [];
  for (const match of code.matchAll(/^def\s+(\w+)\(\s*(\w+)[^)]*\)[^:\n]*:\n((?:[ \t]+[^\n]*\n|\n)+)/gm)) {
    const [, name = '', parameter = '', body = ''] = match;
    if (new RegExp(String.raw`(?:environ\.get\(|getenv\(|environ\[)\s*${parameter}\b`).test(body)) found.push(name);
  }
  return found;
}

function readCalls(code: string, add: Add, wrappers: readonly string[]): void {
  const calls = [
    String.raw`\benviron\.(?:get|setdefault)`,
    String.raw`\bgetenv`,
    ...wrappers.map((name) => String.raw`(?<!\bdef\s+)\b${name}`),
  ];
  if (
    /^\s*(?:from\s+(?:environ|environs|decouple|starlette\.config)\s+import|import\s+(?:environ|environs|decouple))\b/m.test(
      code,
    )
  ) {
    calls.push(
      String.raw`\b(?:env|config)(?:\.(?:str|int|bool|url|db|db_url|cache|cache_url|email_url|search_url|list|tuple|dict|float|decimal|json|path|timedelta|bytes|get_value))?`,
    );
  }
  // env.db() and env.cache() of django-environ read DATABASE_URL and CACHE_URL when they are given no name.
  if (/\benviron\b/.test(code)) {
    for (const match of code.matchAll(/\benv\.(db|cache|email)(?:_url)?\(\s*(?:\)|default\s*=\s*['"]([^'"]*)['"])/g)) {
      const name = match[1] === 'db' ? 'DATABASE_URL' : match[1] === 'cache' ? 'CACHE_URL' : 'EMAIL_URL';
      add(name, match[2], match.index);
    }
  }
  // dj_database_url.config(default=…) reads DATABASE_URL.
  for (const match of code.matchAll(/\bdj_database_url\.config\(\s*([^)]*)/g)) {
    const named = /\benv\s*=\s*['"](\w+)['"]/.exec(match[1] ?? '')?.[1] ?? 'DATABASE_URL';
    add(named, /\bdefault\s*=\s*['"]([^'"]*)['"]/.exec(match[1] ?? '')?.[1], match.index);
  }
  const call = new RegExp(
    String.raw`(?:${calls.join('|')})\(\s*['"](\w+)['"]\s*(?:,\s*(?:(?:cast|subcast)\s*=\s*[\w.]+(?:\(\))?\s*,\s*)*(?:default\s*=\s*)?${LITERAL})?`,
    'g',
  );
  for (const match of code.matchAll(call)) {
    const literal = match[2] ?? match[3] ?? match[4]?.replaceAll('_', '') ?? match[5];
    // env.list("X", default=["a", "b"]) reads `a,b`.
    const list = /^,?\s*(?:default\s*=\s*)?\[([^\]]*)\]/.exec(code.slice(match.index + match[0].length).trimStart());
    const items = list && [...(list[1] ?? '').matchAll(/['"]([^'"]*)['"]/g)].map((item) => item[1] ?? '').join(',');
    // os.environ.get("X") or "fallback"
    const after = /^\s*(?:,\s*)?\)\s*or\s*(?:'([^'\n]*)'|"([^"\n]*)"|(\d+))/.exec(
      code.slice(match.index + match[0].length, match.index + match[0].length + 300),
    );
    add(match[1] ?? '', literal ?? (items || undefined) ?? after?.[1] ?? after?.[2] ?? after?.[3], match.index);
  }
}

/** `environ.Env(DEBUG=(bool, False), PORT=(int, 8000))`: defaults that stand apart from the reading. */
function readScheme(path: string, code: string, found: FoundVariable[]): void {
  const scheme = !code.includes('Env(') ? null : /\b(?:environ\.)?Env\(([\s\S]*?)\n?\)\s*$/m.exec(code);
  if (!scheme?.[1]) return;
  const start = scheme.index + scheme[0].indexOf(scheme[1]);
  const field = new RegExp(String.raw`\b([A-Z]\w*)\s*=\s*\(\s*\w+\s*,\s*${LITERAL}\s*\)`, 'g');
  for (const match of scheme[1].matchAll(field)) {
    const [, name = '', single, double, number, truth] = match;
    const fallback = single ?? double ?? number?.replaceAll('_', '') ?? truth;
    found.unshift({ name, fallback, source: `${path}:${lineOf(code, start + match.index)}` });
  }
}

/** Pydantic settings: a field is the variable of its name in capitals after env_prefix; an alias is the name itself. */
function readSettingsClasses(code: string, add: Add): void {
  if (!code.includes('BaseSettings')) return;
  for (const model of code.matchAll(/^class\s+\w+\([^)]*BaseSettings[^)]*\):[^\n]*\n((?:(?:[ \t]+[^\n]*)?\n?)*)/gm)) {
    const body = model[1] ?? '';
    const prefix = /env_prefix\s*=\s*['"](\w*)['"]/.exec(body)?.[1] ?? '';
    const start = model.index + model[0].length - body.length;
    const field = new RegExp(
      String.raw`^(?: {2}| {4}|\t)([A-Za-z]\w*)\s*:\s*([^=\n]+)(?:=\s*(?:${LITERAL}|Field\(([^)]*)\))?)?[^\n]*$`,
      'gm',
    );
    for (const match of body.matchAll(field)) {
      const [, name = '', type = '', single, double, number, truth, , options] = match;
      if (name === 'model_config' || /\bClassVar\b/.test(type)) continue;
      const alias = /\b(?:validation_alias|alias|env)\s*=\s*['"](\w+)['"]/.exec(options ?? '')?.[1];
      const inField = new RegExp(String.raw`^\s*(?:default\s*=\s*)?${LITERAL}|\bdefault\s*=\s*${LITERAL}`).exec(
        options ?? '',
      );
      const given = inField?.slice(1).find((text) => text !== undefined && text !== 'None');
      add(
        alias ?? `${prefix}${name}`.toUpperCase(),
        single ?? double ?? number?.replaceAll('_', '') ?? truth ?? given,
        start + match.index,
      );
    }
  }
}
