import type { FoundVariable } from './contract.ts';
import { placeOf } from './folder.ts';
import type { Source } from './written-addresses.ts';

const NOT_OURS = /^(?:PATH|HOME|USER|PWD|SHELL|LANG|TZ|TMPDIR|HOSTNAME|CI|CARGO_\w+|OUT_DIR|RUST_BACKTRACE)$/;

/** The environment variables that Rust reads while it runs: env::var and its kin, clap's `env`. `env!` is read when it is compiled. */
export function rustVariables(sources: readonly Source[]): FoundVariable[] {
  return sources.flatMap(({ path, text }) => {
    const found: FoundVariable[] = [];
    const add = (name: string | undefined, fallback: string | undefined, index: number): void => {
      if (name && !NOT_OURS.test(name)) found.push({ name, fallback, source: placeOf(path, text, index) });
    };
    for (const match of text.matchAll(/\b(?:env|dotenvy|dotenv|std::env)::var(?:_os)?\(\s*"(\w+)"\s*\)/g)) {
      const statement =
        text.slice(match.index + match[0].length, match.index + 600).split(/;|\n\s*(?:let|pub|fn|\})/)[0] ?? '';
      const fallback =
        /\.(?:unwrap_or|unwrap_or_else|map_or|or_else)\(\s*(?:\|[^|]*\|\s*)?(?:String::from\(\s*|Ok\(\s*)?(?:"([^"]*)"|(\d[\d_]*|true|false)\b)/.exec(
          statement.slice(0, 300),
        );
      add(match[1], fallback?.[1] ?? fallback?.[2]?.replaceAll('_', ''), match.index);
    }
    for (const match of text.matchAll(/#\[(?:arg|clap)\(([^\]]*\benv\b[^\]]*)\)\]\s*(?:pub\s+)?(\w+)\s*:/g)) {
      const options = match[1] ?? '';
      const name = /\benv\s*=\s*"(\w+)"/.exec(options)?.[1] ?? (match[2] ?? '').toUpperCase();
      const fallback = /\bdefault_value(?:_t)?\s*=\s*(?:"([^"]*)"|(\d[\d_]*|true|false))/.exec(options);
      add(name, fallback?.[1] ?? fallback?.[2]?.replaceAll('_', ''), match.index);
    }
    return found;
  });
}
