import type { FoundVariable } from './contract.ts';
import { placeOf } from './folder.ts';

const TEXT = String.raw`(?:'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|(-?[\d_]+(?:\.\d+)?)\b|(true|false)\b)`;

/**
 * Variables that a module reads through a library: schemas of zod, envalid, joi, valibot and t3-env above process.env,
 * env-var, convict and Nest's ConfigService.
 */
export function configurationVariables(path: string, code: string): FoundVariable[] {
  const found: FoundVariable[] = [];
  const add = (name: string, fallback: string | undefined, index: number): void => {
    if (name !== 'NODE_ENV') found.push({ name, fallback, source: placeOf(path, code, index) });
  };
  const validates = /\b(?:envalid|zod|joi|valibot|@t3-oss\/env-\w+|env-schema|@sinclair\/typebox|yup)\b/.test(code);
  if (
    validates &&
    /process\.env|\bcleanEnv\(|createEnv\(|validationSchema|runtimeEnv|envSchema|@nestjs\/config/.test(code)
  ) {
    schemaFields(code, add);
  }
  if (/\benv-var\b/.test(code)) {
    const read = /\b(?:env|from\([^)]*\))\s*\.get\(\s*['"](\w+)['"]\s*\)((?:\s*\.\w+\([^()]*\))*)/g;
    for (const match of code.matchAll(read)) {
      const given = new RegExp(String.raw`\.default\(\s*${TEXT}`).exec(match[2] ?? '');
      add(
        match[1] ?? '',
        given?.slice(1).find((text) => text !== undefined),
        match.index,
      );
    }
  }
  if (/\bconvict\b/.test(code)) {
    for (const match of code.matchAll(/\{([^{}]*\benv\s*:\s*['"](\w+)['"][^{}]*)\}/g)) {
      const given = new RegExp(String.raw`\bdefault\s*:\s*${TEXT}`).exec(match[1] ?? '');
      add(
        match[2] ?? '',
        given?.slice(1).find((text) => text !== undefined),
        match.index + match[0].indexOf('env'),
      );
    }
  }
  if (/\b(?:ConfigService|configService|ConfigModule)\b/.test(code)) {
    const read = new RegExp(
      String.raw`\b\w*[cC]onfig\w*\s*\.\s*(?:get|getOrThrow)(?:<[^>(]*>)?\(\s*['"]([A-Z][A-Z0-9_]*)['"]\s*(?:,\s*${TEXT})?`,
      'g',
    );
    for (const match of code.matchAll(read)) {
      add(
        match[1] ?? '',
        match
          .slice(2)
          .find((text) => text !== undefined)
          ?.replaceAll('_', ''),
        match.index,
      );
    }
  }
  return found;
}

/** `PORT: z.coerce.number().default(3000)`, `PORT: port({ default: 3000 })`, `DB: Joi.string().default('x')`. */
function schemaFields(code: string, add: (name: string, fallback: string | undefined, index: number) => void): void {
  const field =
    /^[ \t]*['"]?([A-Z][A-Z0-9_]*)['"]?\s*:\s*((?:z|Joi|joi|v|Type|yup|envalid)\s*\.|(?:str|num|bool|port|url|host|email|json|makeValidator)\()/gm;
  for (const match of code.matchAll(field)) {
    const start = match.index + match[0].length;
    // A field ends where the next one begins; ten lines are more than any has.
    const rest = code.slice(start, start + 600).split(/\n[ \t]*['"]?[A-Z][A-Z0-9_]*['"]?\s*:/)[0] ?? '';
    const given = new RegExp(String.raw`\.default\(\s*${TEXT}|\b(?:default|devDefault)\s*:\s*${TEXT}`).exec(rest);
    const text = given?.slice(1).find((each) => each !== undefined);
    add(match[1] ?? '', text, match.index + match[0].search(/\S/));
  }
}
