import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { run } from '../../base/index.ts';
import type { Fact, Language } from '../project/index.ts';

const READ_BYTES_MAX = 64 * 1024 * 1024;
const VERSION_TIMEOUT_MS = 5_000;
/** Programs that run other programs, by the name of the file, with how they tell their version. */
const INTERPRETERS: readonly {
  readonly language: Language;
  readonly name: RegExp;
  readonly ask: string;
  readonly version: RegExp;
}[] = [
  { language: 'node', name: /^(?:node|nodejs)(?:-?\d+)?$/, ask: '--version', version: /v(\d+)\./ },
  { language: 'python', name: /^python(?:\d(?:\.\d+)?)?$|^pypy3?$/, ask: '--version', version: /(\d+\.\d+)/ },
  { language: 'ruby', name: /^ruby(?:\d(?:\.\d+)?)?$/, ask: '--version', version: /ruby (\d+\.\d+)/ },
  { language: 'php', name: /^php(?:-fpm|-cgi)?(?:\d(?:\.\d+)?)?$/, ask: '--version', version: /PHP (\d+\.\d+)/ },
  { language: 'java', name: /^java$/, ask: '-version', version: /version "(?:1\.)?(\d+)/ },
  { language: 'dotnet', name: /^dotnet$/, ask: '--version', version: /^(\d+\.\d+)/ },
];

/** What a program was written in; undefined where its file does not tell. */
export async function languageOf(
  executable: Fact<string>,
): Promise<{ language: Fact<Language>; version: Fact<string> | undefined } | undefined> {
  const name = basename(executable.value);
  const interpreter = INTERPRETERS.find((one) => one.name.test(name));
  if (interpreter) {
    const version = await versionOf(executable.value, interpreter.ask, interpreter.version);
    return {
      language: { value: interpreter.language, source: executable.source },
      version: version === undefined ? undefined : { value: version, source: `${executable.value} ${interpreter.ask}` },
    };
  }
  return compiledLanguage(executable);
}

/** Asked of the program itself, where it is the machine's own: a file that others may write is not run. */
async function versionOf(path: string, ask: string, pattern: RegExp): Promise<string | undefined> {
  const inName = /(\d+\.\d+)$/.exec(path)?.[1];
  if (inName !== undefined) return inName;
  try {
    const { uid, mode } = statSync(path);
    const writableByOthers = 0o022;
    if ((uid !== 0 && uid !== process.getuid?.()) || (mode & writableByOthers) !== 0) return undefined;
    const { stdout, stderr } = await run(path, [ask], { allowFailure: true, timeoutMs: VERSION_TIMEOUT_MS, env: {} });
    return pattern.exec(`${stdout}\n${stderr}`)?.[1];
  } catch {
    return undefined;
  }
}

/** Go and Rust leave their mark in what they build. */
function compiledLanguage({ value, source }: Fact<string>): Awaited<ReturnType<typeof languageOf>> {
  let bytes: Buffer;
  try {
    const file = openSync(value, 'r');
    try {
      bytes = Buffer.alloc(Math.min(statSync(value).size, READ_BYTES_MAX));
      readSync(file, bytes, 0, bytes.length, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
  // debug/buildinfo: the mark, then from Go 1.18 on at offset 32 the length and the version.
  const go = bytes.indexOf('\xff Go buildinf:', 0, 'latin1');
  if (go >= 0) {
    const version = /go(\d+\.\d+)/.exec(bytes.toString('latin1', go + 33, go + 64))?.[1];
    return {
      language: { value: 'go', source },
      version: version === undefined ? undefined : { value: version, source },
    };
  }
  const rust = /rustc version (\d+\.\d+)/.exec(around(bytes, 'rustc version '))?.[1];
  if (rust !== undefined) return { language: { value: 'rust', source }, version: { value: rust, source } };
  return undefined;
}

function around(bytes: Buffer, mark: string): string {
  const at = bytes.indexOf(mark);
  return at < 0 ? '' : bytes.toString('latin1', at, at + 40);
}
