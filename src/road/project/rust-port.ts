import type { Fact } from './contract.ts';
import { placeOf } from './folder.ts';
import type { Source } from './written-addresses.ts';

const PORTS = [
  /\bbind\(\s*\(?\s*"(?:[\w.]+|\[[\da-f:]*\])(?::|"\s*,\s*)(\d{2,5})/,
  /\bSocketAddr(?:V4)?::(?:from|new)\([^;]{0,60}?\]?\s*,\s*(\d{2,5})\s*\)/,
  /\.run\(\s*\(\s*\[[\d,\s]+\]\s*,\s*(\d{2,5})\s*\)/,
  /"(?:0\.0\.0\.0|\[::\]|127\.0\.0\.1|localhost):(\d{2,5})"/,
];

export function writtenPort(sources: readonly Source[]): Fact<number> | undefined {
  for (const pattern of PORTS) {
    for (const { path, text } of sources) {
      const match = pattern.exec(text);
      if (match) return { value: Number(match[1]), source: placeOf(path, text, match.index) };
    }
  }
  return undefined;
}

export function loopbackNotes(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const match = /\bbind\(\s*\(?\s*"(127\.0\.0\.1|localhost)|\[\s*(127\s*,\s*0\s*,\s*0\s*,\s*1)\s*\]\s*,\s*\d/.exec(
      text,
    );
    if (!match) return [];
    return [
      `${placeOf(path, text, match.index)}: the app listens on loopback, where nothing outside its container reaches it; bind 0.0.0.0`,
    ];
  });
}
