import type { FoundVariable } from './contract.ts';
import { placeOf } from './folder.ts';

/** Set by the platform or the tools, not by whoever runs the app. */
const NOT_OURS = /^(?:NODE_ENV|NODE_OPTIONS|NODE_DEBUG|PATH|HOME|USER|PWD|SHELL|LANG|TZ|TMPDIR|HOSTNAME|CI|npm_\w+)$/;
const FALLBACK = String.raw`(?:\s*,\s*\d+)?\s*\)*\s*(?:\?\?|\|\|)\s*(?:process\.env\.\w+\s*(?:\?\?|\|\|)\s*)*(?:'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|${'`'}([^${'`'}$]*)${'`'}|(-?[\d_]+(?:\.\d+)?)\b|(true|false)\b)`;

/** The environment variables that a script reads: `process.env.X`, `process.env['X']`, destructuring, an alias. */
export function nodeVariables(
  path: string,
  code: string,
  wrappers: readonly string[] = environmentFunctions(code),
): FoundVariable[] {
  const wrapped = wrapperCalls(path, code, wrappers);
  return [...direct(path, code), ...wrapped];
}

/** Functions that read the variable they are given by name: `const required = (name) => process.env[name]`. */
export function environmentFunctions(code: string): string[] {
  const found: string[] = [];
  for (const match of code.matchAll(/process\.env\[\s*(\w+)\s*\]/g)) {
    const before = code.slice(Math.max(0, match.index - 400), match.index);
    const declared = new RegExp(
      String.raw`(?:\bfunction\s+(\w+)\s*(?:<[^>]*>)?|\b(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s*)?(?:function\s*)?(?:<[^>]*>)?)\(?\s*${match[1]}\b(?![\s\S]*\bfunction\s+\w+\s*\()`,
    );
    const owner = declared.exec(before);
    const name = owner?.[1] ?? owner?.[2];
    if (name) found.push(name);
  }
  return found;
}

function wrapperCalls(path: string, code: string, wrappers: readonly string[]): FoundVariable[] {
  return wrappers.flatMap((name) => {
    if (!code.includes(`${name}(`)) return [];
    const call = new RegExp(
      String.raw`(?<![\w$]|function\s+)${name}(?:<[^>(]*>)?\(\s*['"]([A-Za-z_]\w*)['"]\s*(?:,\s*(?:'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|(-?[\d_]+(?:\.\d+)?)\b|(true|false)\b))?`,
      'g',
    );
    return [...code.matchAll(call)].flatMap((match) => {
      const variable = match[1] ?? '';
      if (NOT_OURS.test(variable)) return [];
      const fallback = unquoted(match[2] ?? match[3] ?? match[4]?.replaceAll('_', '') ?? match[5]);
      return [{ name: variable, fallback, source: placeOf(path, code, match.index) }];
    });
  });
}

function direct(path: string, code: string): FoundVariable[] {
  if (!/\bprocess\.env\b|\bimport\.meta\.env\b|\bBun\.env\b|\bDeno\.env\b/.test(code)) return [];
  const found: FoundVariable[] = [];
  const add = (name: string, fallback: string | undefined, index: number): void => {
    if (!NOT_OURS.test(name)) found.push({ name, fallback, source: placeOf(path, code, index) });
  };
  const aliases = ['process\\.env', 'import\\.meta\\.env', 'Bun\\.env'];
  for (const match of code.matchAll(/\b(?:const|let|var)\s+(\w+)\s*=\s*process\.env\b(?!\s*[.[])/g)) {
    if (match[1]) aliases.push(`\\b${match[1]}`);
  }
  const read = new RegExp(
    String.raw`(?:${aliases.join('|')})(?:\?)?(?:\.([A-Z_a-z]\w*)|\[\s*['"](\w+)['"]\s*\])(?:${FALLBACK})?`,
    'g',
  );
  for (const match of code.matchAll(read)) {
    const name = match[1] ?? match[2] ?? '';
    // An assignment sets the variable for a child; it does not read it.
    if (/^\s*=[^=]/.test(code.slice(match.index + match[0].length))) continue;
    // import.meta.env carries these by itself.
    if (match[0].startsWith('import.meta') && /^(?:MODE|DEV|PROD|SSR|BASE_URL)$/.test(name)) continue;
    if (aliases.length > 3 && !/^[A-Z]/.test(name)) continue;
    add(name, unquoted(match[3] ?? match[4] ?? match[5] ?? match[6]?.replaceAll('_', '') ?? match[7]), match.index);
  }
  for (const match of code.matchAll(/\{([^{}]*)\}\s*=\s*process\.env\b/g)) {
    for (const part of (match[1] ?? '').matchAll(
      /([A-Z]\w*)\s*(?::\s*\w+)?\s*(?:=\s*(?:'([^'\n]*)'|"([^"\n]*)"|(-?\d+(?:\.\d+)?)))?\s*(?:,|$)/gi,
    )) {
      add(part[1] ?? '', part[2] ?? part[3] ?? part[4], match.index + 1 + part.index);
    }
  }
  return found;
}

function unquoted(text: string | undefined): string | undefined {
  return text?.replace(/\\(['"\\])/g, '$1');
}
