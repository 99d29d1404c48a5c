import { placeOf } from '../project/index.ts';
import type { Dialect, Subject } from './contract.ts';

/** Programs that a slim image does not have, with the Debian package that brings them. */
const PACKAGES: Readonly<Record<string, string>> = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  convert: 'imagemagick',
  magick: 'imagemagick',
  mogrify: 'imagemagick',
  identify: 'imagemagick',
  wkhtmltopdf: 'wkhtmltopdf',
  pdftotext: 'poppler-utils',
  pdftoppm: 'poppler-utils',
  pdfinfo: 'poppler-utils',
  qpdf: 'qpdf',
  gs: 'ghostscript',
  libreoffice: 'libreoffice',
  soffice: 'libreoffice',
  pandoc: 'pandoc',
  pdflatex: 'texlive-latex-base',
  xelatex: 'texlive-xetex',
  tesseract: 'tesseract-ocr',
  exiftool: 'libimage-exiftool-perl',
  inkscape: 'inkscape',
  dot: 'graphviz',
  git: 'git',
  curl: 'curl',
  wget: 'wget',
  rsync: 'rsync',
  ssh: 'openssh-client',
  scp: 'openssh-client',
  zip: 'zip',
  unzip: 'unzip',
  chromium: 'chromium',
  mysqldump: 'default-mysql-client',
  mysql: 'default-mysql-client',
  pg_dump: 'postgresql-client',
  psql: 'postgresql-client',
  'redis-cli': 'redis-tools',
  sox: 'sox',
  gnuplot: 'gnuplot',
  sendmail: 'msmtp-mta',
  openscad: 'openscad',
  'yt-dlp': 'yt-dlp',
};
const NAMES = Object.keys(PACKAGES).join('|');

/** How each language starts a program: the name comes right after the opening quote. */
const CALLS: Readonly<Record<Dialect, string>> = {
  node: String.raw`\b(?:spawn|spawnSync|exec|execSync|execFile|execFileSync|execa|execaSync)\(\s*|\$`,
  python: String.raw`\b(?:subprocess\.\w+|Popen|check_output|check_call|os\.system|os\.popen|create_subprocess_exec|create_subprocess_shell)\(\s*\[?\s*f?`,
  go: String.raw`\bexec\.Command(?:Context)?\(\s*(?:\w+\s*,\s*)?`,
  java: String.raw`\b(?:new\s+ProcessBuilder|\.exec)\(\s*(?:List\.of\(|Arrays\.asList\()?\s*`,
  ruby: String.raw`(?:\b(?:system|exec|spawn|capture[23]e?|popen)\(?\s*)`,
  php: String.raw`\b(?:exec|shell_exec|system|passthru|proc_open|popen|new\s+Process)\(\s*\[?\s*`,
  rust: String.raw`\bCommand::new\(\s*`,
  dotnet: String.raw`\b(?:Process\.Start|new\s+ProcessStartInfo)\(\s*|FileName\s*=\s*`,
};

export interface CalledProgram {
  readonly program: string;
  readonly debian: string;
  /** `file:line`. */
  readonly source: string;
}

/** Programs of other packages that the code starts. */
export function calledPrograms(app: Subject): CalledProgram[] {
  return app.sources.flatMap(({ path, dialect, text, code }) => {
    const quote = dialect === 'node' || dialect === 'ruby' ? '[\'"`]' : '[\'"]';
    const find = new RegExp(`(?:${CALLS[dialect]})${quote}(?:/usr/(?:local/)?bin/)?(${NAMES})(?=[\\s'"\`])`, 'g');
    return [...code.matchAll(find)].flatMap((match) => {
      const program = match[1] ?? '';
      const debian = PACKAGES[program];
      return debian ? [{ program, debian, source: placeOf(path, text, match.index) }] : [];
    });
  });
}
