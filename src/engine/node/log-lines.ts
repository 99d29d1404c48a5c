/** One line of a log in the CRI format: `TIME STREAM F|P TEXT`. */
export interface LogLine {
  /** RFC 3339 with nanoseconds, as it is written. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** A piece of a longer line: the next one goes on. */
  readonly partial: boolean;
  readonly text: Buffer;
}

const SPACE = 0x20;
const NEWLINE = 0x0a;

/** The line in `bytes` (its newline left out); undefined for what is not in the format. */
export function parseLogLine(bytes: Buffer): LogLine | undefined {
  const first = bytes.indexOf(SPACE);
  const second = bytes.indexOf(SPACE, first + 1);
  if (first < 0 || second < 0) return undefined;
  const stream = bytes.toString('latin1', first + 1, second);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const tagEnd = bytes.indexOf(SPACE, second + 1);
  const tag = bytes.toString('latin1', second + 1, tagEnd < 0 ? bytes.length : tagEnd);
  return {
    time: bytes.toString('latin1', 0, first),
    stream,
    partial: tag.split(':')[0] === 'P',
    text: tagEnd < 0 ? Buffer.alloc(0) : bytes.subarray(tagEnd + 1),
  };
}

/** Cuts a stream of bytes into lines; the rest waits for more. */
export class LineCutter {
  #rest: Buffer = Buffer.alloc(0);

  cut(chunk: Buffer): Buffer[] {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const lines: Buffer[] = [];
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE)) {
      lines.push(bytes.subarray(0, end));
      bytes = bytes.subarray(end + 1);
    }
    this.#rest = Buffer.from(bytes);
    return lines;
  }
}
