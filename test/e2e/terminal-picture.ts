/** One letter on the screen, with what SGR sequences made of it. */
interface Cell {
  readonly text: string;
  readonly colour: string | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
}

const COLOURS: Readonly<Record<number, string>> = {
  31: '#f7768e',
  32: '#9ece6a',
  33: '#e0af68',
  34: '#7aa2f7',
  35: '#bb9af7',
  36: '#7dcfff',
};
const FOREGROUND = '#c8d0e0';
const BACKGROUND = '#14161c';
const LETTER_WIDTH_PX = 8.4;
const LINE_HEIGHT_PX = 20;
const MARGIN_PX = 18;
const TITLE_HEIGHT_PX = 30;

/**
 * What a terminal shows at the end of an output: lines written over by a carriage return or erased are gone. Knows what
 * the command line writes: SGR (ECMA-48 8.3.117), erase in line (8.3.41, `ESC [ K`) and carriage return.
 */
function screenOf(output: string): Cell[][] {
  const lines: Cell[][] = [[]];
  let [column, colour, bold, dim]: [number, string | undefined, boolean, boolean] = [0, undefined, false, false];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this reads.
  for (const [token, parameters, final] of output.matchAll(/\x1b\[([\d;?]*)([A-Za-z])|[\s\S]/gu)) {
    const line = lines.at(-1) ?? [];
    if (final === 'm') {
      for (const code of (parameters ?? '').split(';').map(Number)) {
        if (code === 0) [colour, bold, dim] = [undefined, false, false];
        else if (code === 1) bold = true;
        else if (code === 2) dim = true;
        else if (code === 22) [bold, dim] = [false, false];
        else if (code === 39) colour = undefined;
        else if (code in COLOURS) colour = COLOURS[code];
      }
    } else if (final === 'K') line.length = column;
    else if (final !== undefined) continue;
    else if (token === '\r') column = 0;
    else if (token === '\n') {
      lines.push([]);
      column = 0;
    } else {
      while (line.length < column) line.push({ text: ' ', colour: undefined, bold: false, dim: false });
      line[column++] = { text: token, colour, bold, dim };
    }
  }
  while (lines.length > 0 && lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

/** The text of the screen, one string a line, without colours. */
export function screenText(output: string): string[] {
  return screenOf(output).map((line) =>
    line
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  );
}

/** An SVG of a dark terminal showing the output of a command, its colours kept. */
export function terminalPicture(command: string, output: string): string {
  const prompt: Cell[] = [...`$ ${command}`].map((text, index) => ({
    text,
    colour: index === 0 ? COLOURS[32] : undefined,
    bold: index > 0,
    dim: false,
  }));
  const lines = [prompt, ...screenOf(output)];
  const columns = Math.max(...lines.map((line) => line.length));
  const width = Math.ceil(columns * LETTER_WIDTH_PX + 2 * MARGIN_PX);
  const height = lines.length * LINE_HEIGHT_PX + 2 * MARGIN_PX + TITLE_HEIGHT_PX;
  const dots = ['#f7768e', '#e0af68', '#9ece6a'].map(
    (fill, index) => `<circle cx="${20 + index * 18}" cy="17" r="5.5" fill="${fill}"/>`,
  );
  const rows = lines.map((line, index) => {
    const y = TITLE_HEIGHT_PX + MARGIN_PX + index * LINE_HEIGHT_PX + 6;
    return `<text y="${y}">${runsOf(line).map(spanOf).join('')}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="terminal: ${escaped(command)}">
<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>
${dots.join('')}
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="${FOREGROUND}" xml:space="preserve">
${rows.join('\n')}
</g>
</svg>
`;
}

/** Letters of one look, with the column they begin at. */
interface Run extends Cell {
  readonly column: number;
}

function runsOf(line: readonly Cell[]): Run[] {
  const runs: Run[] = [];
  line.forEach((cell, column) => {
    const last = runs.at(-1);
    if (last && last.colour === cell.colour && last.bold === cell.bold && last.dim === cell.dim)
      runs[runs.length - 1] = { ...last, text: last.text + cell.text };
    else runs.push({ ...cell, column });
  });
  return runs.filter(({ text }) => text.trim() !== '');
}

/** Each run has its own place and width, so that columns stand under each other whatever the font. */
function spanOf({ text, colour, bold, dim, column }: Run): string {
  const x = (MARGIN_PX + column * LETTER_WIDTH_PX).toFixed(1);
  const length = ([...text].length * LETTER_WIDTH_PX).toFixed(1);
  const look = [
    colour && ` fill="${colour}"`,
    bold && ' font-weight="bold"',
    dim && ' fill-opacity="0.6"',
    ` x="${x}" textLength="${length}" lengthAdjust="spacingAndGlyphs"`,
  ];
  return `<tspan${look.filter(Boolean).join('')}>${escaped(text)}</tspan>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
