import type { Fact } from './contract.ts';
import { lineOf, placeOf } from './folder.ts';
import type { Source } from './written-addresses.ts';

const ADDRESS = String.raw`"(?:tcp:\/\/)?((?:[\w.-]+|\[[\da-f:]*\])?):(\d{2,5})"`;

export function writtenPort(sources: readonly Source[]): Fact<number> | undefined {
  const patterns = [
    new RegExp(
      String.raw`(?:\bListenAndServe(?:TLS)?|\.Run|\.Start|\.Listen|\bnet\.Listen)\(\s*(?:"tcp",\s*)?${ADDRESS}`,
    ),
    new RegExp(String.raw`\bAddr:\s*${ADDRESS}`),
    new RegExp(String.raw`\b(?:flag|pflag)\.String(?:Var)?\([^)\n]{0,160}${ADDRESS}`),
    new RegExp(String.raw`\b\w*(?:[aA]ddr|[lL]isten|[bB]ind)\w*\s*(?::=|=)\s*${ADDRESS}`),
    // On a flag set that has another name the flag must be called just "port": others are of metrics, gRPC, a peer.
    /\b(?:flag|pflag)\.U?[iI]nt(?:\d\d)?(?:Var)?P?\([^)\n]{0,160}()"(?:\w+-)?port"\s*,\s*(?:"\w?"\s*,\s*)?(\d{2,5})\b/,
    /\b\w+(?:\(\))?\.U?[iI]nt(?:\d\d)?(?:Var)?P?\((?:\s*&[\w.]+\s*,)?\s*()"(?:http-?|listen-?)?port"\s*,\s*(?:"\w?"\s*,\s*)?(\d{2,5})\b/,
    /\b\w*[pP]ort\s*(?::=|=)\s*()"?:?(\d{2,5})\b"?/,
  ];
  for (const pattern of patterns) {
    for (const { path, text } of sources) {
      const match = pattern.exec(text);
      if (match) return { value: Number(match[2]), source: placeOf(path, text, match.index) };
    }
  }
  return undefined;
}

export function loopbackNotes(sources: readonly Source[]): string[] {
  const pattern =
    /(?:\bListenAndServe(?:TLS)?|\.Run|\.Start|\.Listen)\(\s*"(localhost|127\.0\.0\.1):|\bAddr:\s*"(localhost|127\.0\.0\.1):/;
  return sources.flatMap(({ path, text }) => {
    const match = pattern.exec(text);
    if (!match) return [];
    return [
      `${path}:${lineOf(text, match.index)}: the app listens on ${match[1] ?? match[2]}, where nothing outside its container reaches it; leave the host out (":8080")`,
    ];
  });
}
