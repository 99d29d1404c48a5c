import type { MigrationRisk } from './contract.ts';
import { placeOf } from './folder.ts';

const NAME = String.raw`((?:["${'`'}[]?[\w$-]+["${'`'}\]]?\.)*["${'`'}[]?[\w$-]+["${'`'}\]]?)`;

/** What a text of SQL statements takes away, renames or narrows, each with its line. `start` is where it begins in the file. */
export function sqlRisks(path: string, file: string, sql = file, start = 0): MigrationRisk[] {
  const risks: MigrationRisk[] = [];
  const code = maskSql(sql);
  const created = new Set(
    [...code.matchAll(new RegExp(String.raw`\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?${NAME}`, 'gi'))].map((match) =>
      bare(match[1] ?? ''),
    ),
  );
  for (const { text, at } of statementsOf(code)) {
    const add = (what: string, index: number): void => {
      risks.push({ what, source: placeOf(path, file, start + at + index) });
    };
    statementRisks(text, created, add);
  }
  return risks;
}

/** Comments and string literals blanked out, every position unchanged. */
function maskSql(sql: string): string {
  return sql.replace(/--[^\n]*|^#[^\n]*|\/\*[\s\S]*?\*\/|'(?:''|\\.|[^'\\])*'/gm, (match) =>
    match.startsWith("'") ? `'${' '.repeat(match.length - 2)}'`.slice(0, match.length) : match.replace(/[^\n]/g, ' '),
  );
}

function statementsOf(code: string): { text: string; at: number }[] {
  const found: { text: string; at: number }[] = [];
  let at = 0;
  for (const text of code.split(';')) {
    found.push({ text, at });
    at += text.length + 1;
  }
  return found;
}

type Add = (what: string, index: number) => void;

/** `created`: tables that the same file makes; no old version knows their columns. */
function statementRisks(text: string, created: ReadonlySet<string>, add: Add): void {
  const whole = (pattern: RegExp, what: (name: string) => string): void => {
    for (const match of text.matchAll(pattern)) add(what(bare(match[1] ?? '')), match.index);
  };
  whole(new RegExp(String.raw`\bDROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?${NAME}`, 'gi'), (name) => `drops table ${name}`);
  whole(
    new RegExp(String.raw`\bDROP\s+(?:MATERIALIZED\s+)?VIEW\s+(?:IF\s+EXISTS\s+)?${NAME}`, 'gi'),
    (name) => `drops view ${name}`,
  );
  whole(new RegExp(String.raw`\bTRUNCATE\s+(?:TABLE\s+)?${NAME}`, 'gi'), (name) => `empties table ${name}`);
  whole(new RegExp(String.raw`\bRENAME\s+TABLE\s+${NAME}`, 'gi'), (name) => `renames table ${name}`);
  const altered = new RegExp(
    String.raw`\bALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?${NAME}\s+([\s\S]*)$`,
    'i',
  ).exec(text);
  if (!altered?.[2]) return;
  const table = bare(altered[1] ?? '');
  if (created.has(table)) return;
  const start = altered.index + altered[0].length - altered[2].length;
  for (const clause of clausesOf(altered[2])) {
    const what = clauseRisk(clause.text, table);
    if (what) add(what, start + clause.at + clause.text.search(/\S/));
  }
}

/** The parts of ALTER TABLE between commas that stand outside brackets. */
function clausesOf(text: string): { text: string; at: number }[] {
  const found: { text: string; at: number }[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    const letter = text[at];
    if (letter === '(') depth++;
    else if (letter === ')') depth--;
    else if (letter === undefined || (letter === ',' && depth === 0)) {
      found.push({ text: text.slice(from, at), at: from });
      from = at + 1;
    }
  }
  return found;
}

function clauseRisk(clause: string, table: string): string | undefined {
  const text = clause.trim();
  const column = (pattern: string): string | undefined => {
    const match = new RegExp(`^${pattern}`, 'i').exec(text);
    return match?.[1] === undefined ? undefined : `${table}.${bare(match[1])}`;
  };
  const notColumns = String.raw`(?:CONSTRAINT|INDEX|KEY|PRIMARY|FOREIGN|PARTITION|DEFAULT|NOT|CHECK|UNIQUE|IDENTITY|EXPRESSION)\b`;
  const dropped = column(String.raw`DROP\s+(?:COLUMN\s+)?(?:IF\s+EXISTS\s+)?(?!${notColumns})${NAME}`);
  if (dropped) return `drops column ${dropped}`;
  const renamed = column(String.raw`RENAME\s+(?:COLUMN\s+)?(?!TO\b|INDEX\b|KEY\b|CONSTRAINT\b|AS\b)${NAME}\s+TO\b`);
  if (renamed) return `renames column ${renamed}`;
  if (/^RENAME\s+(?:TO|AS)\b/i.test(text)) return `renames table ${table}`;
  const changed = new RegExp(String.raw`^CHANGE\s+(?:COLUMN\s+)?${NAME}\s+${NAME}`, 'i').exec(text);
  if (changed) {
    const [from, to] = [bare(changed[1] ?? ''), bare(changed[2] ?? '')];
    return from === to ? `changes the type of ${table}.${from}` : `renames column ${table}.${from}`;
  }
  const typed =
    column(String.raw`(?:ALTER\s+(?:COLUMN\s+)?${NAME}\s+(?:SET\s+DATA\s+)?TYPE\b)`) ??
    column(String.raw`MODIFY\s+(?:COLUMN\s+)?${NAME}`);
  if (typed) return `changes the type of ${typed}`;
  const filled = column(String.raw`ALTER\s+(?:COLUMN\s+)?${NAME}\s+SET\s+NOT\s+NULL`);
  if (filled) return `forbids NULL in ${filled}`;
  const added = column(
    String.raw`ADD\s+(?:COLUMN\s+)?(?:IF\s+NOT\s+EXISTS\s+)?(?!${notColumns}|FULLTEXT\b|SPATIAL\b)${NAME}`,
  );
  if (
    added &&
    /\bNOT\s+NULL\b/i.test(text) &&
    !/\bDEFAULT\b|\bGENERATED\b|\bAUTO_INCREMENT\b|\b\w*SERIAL\b/i.test(text)
  ) {
    return `adds column ${added} NOT NULL without default`;
  }
  return undefined;
}

/** A name without quotes and schema. */
function bare(name: string): string {
  return (name.split('.').at(-1) ?? name).replace(/["`[\]]/g, '');
}
