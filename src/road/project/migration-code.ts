import type { MigrationRisk } from './contract.ts';
import { placeOf } from './folder.ts';
import { sqlRisks } from './migration-sql.ts';

/** How migrations written as code are read: the part that goes forward, and the calls in it that take something away. */
export interface MigrationLanguage {
  readonly up: RegExp;
  readonly down: RegExp;
  readonly calls: readonly (readonly [RegExp, string])[];
}

const Q = '[\'"`]';
const word = (text: string): RegExp => new RegExp(text, 'g');

/** `$1`, `$2` of a sentence are the call's groups. */
export const MIGRATION_LANGUAGES = {
  alembic: {
    up: /^def\s+upgrade\b/m,
    down: /^def\s+downgrade\b/m,
    calls: [
      [word(String.raw`\bop\.drop_table\(\s*${Q}(\w+)`), 'drops table $1'],
      [word(String.raw`\bop\.drop_column\(\s*${Q}(\w+)${Q}\s*,\s*${Q}(\w+)`), 'drops column $1.$2'],
      [word(String.raw`\bbatch_op\.drop_column\(\s*${Q}(\w+)`), 'drops column $1'],
      [word(String.raw`\bop\.rename_table\(\s*${Q}(\w+)`), 'renames table $1'],
      [
        word(String.raw`\bop\.alter_column\(\s*${Q}(\w+)${Q}\s*,\s*${Q}(\w+)${Q}(?=[^)]*\bnew_column_name)`),
        'renames column $1.$2',
      ],
      [
        word(
          String.raw`\bop\.alter_column\(\s*${Q}(\w+)${Q}\s*,\s*${Q}(\w+)${Q}(?=(?:[^()]|\([^()]*\))*[\s,(]type_\s*=)`,
        ),
        'changes the type of $1.$2',
      ],
      [
        word(
          String.raw`\bop\.alter_column\(\s*${Q}(\w+)${Q}\s*,\s*${Q}(\w+)${Q}(?=(?:[^()]|\([^()]*\))*\bnullable\s*=\s*False)`,
        ),
        'forbids NULL in $1.$2',
      ],
      [
        word(
          String.raw`\bop\.add_column\(\s*${Q}(\w+)${Q}\s*,\s*(?:\w+\.)?Column\(\s*${Q}(\w+)${Q}(?=[^\n]*nullable\s*=\s*False)(?![^\n]*server_default)`,
        ),
        'adds column $1.$2 NOT NULL without default',
      ],
    ],
  },
  knex: {
    up: /\bup\s*(?:=|\(|:)/,
    down: /\bdown\s*(?:=|\(|:)/,
    calls: [
      [word(String.raw`\.dropTable(?:IfExists)?\(\s*${Q}(\w+)`), 'drops table $1'],
      [word(String.raw`\.renameTable\(\s*${Q}(\w+)`), 'renames table $1'],
      [word(String.raw`\b\w+\.dropColumns?\(\s*${Q}(\w+)`), 'drops column $1'],
      [word(String.raw`\b\w+\.renameColumn\(\s*${Q}(\w+)`), 'renames column $1'],
      [word(String.raw`\b\w+\.\w+\(\s*${Q}(\w+)${Q}[^;\n]*\)\.alter\(`), 'changes column $1'],
    ],
  },
  sequelize: {
    up: /\bup\s*(?:=|\(|:)/,
    down: /\bdown\s*(?:=|\(|:)/,
    calls: [
      [word(String.raw`\.dropTable\(\s*${Q}(\w+)`), 'drops table $1'],
      [word(String.raw`\.renameTable\(\s*${Q}(\w+)`), 'renames table $1'],
      [word(String.raw`\.removeColumn\(\s*${Q}(\w+)${Q}\s*,\s*${Q}(\w+)`), 'drops column $1.$2'],
      [word(String.raw`\.renameColumn\(\s*${Q}(\w+)${Q}\s*,\s*${Q}(\w+)`), 'renames column $1.$2'],
      [word(String.raw`\.changeColumn\(\s*${Q}(\w+)${Q}\s*,\s*${Q}(\w+)`), 'changes column $1.$2'],
      [
        word(
          String.raw`\.addColumn\(\s*${Q}(\w+)${Q}\s*,\s*${Q}(\w+)${Q}\s*,\s*\{(?=[^}]*allowNull\s*:\s*false)(?![^}]*defaultValue)`,
        ),
        'adds column $1.$2 NOT NULL without default',
      ],
    ],
  },
  typeorm: {
    up: /\bup\s*\(/,
    down: /\bdown\s*\(/,
    calls: [
      [word(String.raw`\.dropTable\(\s*${Q}(\w+)`), 'drops table $1'],
      [word(String.raw`\.renameTable\(\s*${Q}(\w+)`), 'renames table $1'],
      [word(String.raw`\.dropColumn\(\s*${Q}(\w+)${Q}\s*,\s*${Q}(\w+)`), 'drops column $1.$2'],
      [word(String.raw`\.renameColumn\(\s*${Q}(\w+)${Q}\s*,\s*${Q}(\w+)`), 'renames column $1.$2'],
      [word(String.raw`\.changeColumn\(\s*${Q}(\w+)${Q}\s*,\s*${Q}(\w+)`), 'changes column $1.$2'],
    ],
  },
  'node-pg-migrate': {
    up: /\bup\s*(?:=|\(|:)/,
    down: /\bdown\s*(?:=|\(|:)/,
    calls: [
      [word(String.raw`\.dropTable\(\s*${Q}(\w+)`), 'drops table $1'],
      [word(String.raw`\.renameTable\(\s*${Q}(\w+)`), 'renames table $1'],
      [word(String.raw`\.dropColumns?\(\s*${Q}(\w+)${Q}\s*,\s*\[?\s*${Q}(\w+)`), 'drops column $1.$2'],
      [word(String.raw`\.renameColumn\(\s*${Q}(\w+)${Q}\s*,\s*${Q}(\w+)`), 'renames column $1.$2'],
    ],
  },
  rails: {
    up: /^\s*def\s+(?:self\.)?(?:change|up)\b/m,
    down: /^\s*def\s+(?:self\.)?down\b/m,
    calls: [
      [word(String.raw`\bdrop_table[\s(]+[:'"](\w+)`), 'drops table $1'],
      [word(String.raw`\brename_table[\s(]+[:'"](\w+)`), 'renames table $1'],
      [word(String.raw`\bremove_columns?[\s(]+[:'"](\w+)['"]?\s*,\s*[:'"](\w+)`), 'drops column $1.$2'],
      [word(String.raw`\bt\.remove[\s(]+[:'"](\w+)`), 'drops column $1'],
      [word(String.raw`\brename_column[\s(]+[:'"](\w+)['"]?\s*,\s*[:'"](\w+)`), 'renames column $1.$2'],
      [word(String.raw`\bt\.rename[\s(]+[:'"](\w+)`), 'renames column $1'],
      [word(String.raw`\bchange_column[\s(]+[:'"](\w+)['"]?\s*,\s*[:'"](\w+)`), 'changes the type of $1.$2'],
      [
        word(String.raw`\bchange_column_null[\s(]+[:'"](\w+)['"]?\s*,\s*[:'"](\w+)['"]?\s*,\s*false`),
        'forbids NULL in $1.$2',
      ],
      [
        word(String.raw`\badd_column[\s(]+[:'"](\w+)['"]?\s*,\s*[:'"](\w+)(?=[^\n]*null:\s*false)(?![^\n]*default:)`),
        'adds column $1.$2 NOT NULL without default',
      ],
      [
        word(String.raw`\bremove_(?:reference|belongs_to)[\s(]+[:'"](\w+)['"]?\s*,\s*[:'"](\w+)`),
        'drops column $1.$2_id',
      ],
    ],
  },
  laravel: {
    up: /\bfunction\s+up\b/,
    down: /\bfunction\s+down\b/,
    calls: [
      [word(String.raw`\bSchema::drop(?:IfExists)?\(\s*${Q}(\w+)`), 'drops table $1'],
      [word(String.raw`\bSchema::rename\(\s*${Q}(\w+)`), 'renames table $1'],
      [word(String.raw`->dropColumn\(\s*\[?\s*${Q}(\w+)`), 'drops column $1'],
      [word(String.raw`->renameColumn\(\s*${Q}(\w+)`), 'renames column $1'],
      [word(String.raw`->\w+\(\s*${Q}(\w+)${Q}[^;]*->change\(`), 'changes column $1'],
    ],
  },
  'ef-core': {
    up: /\bvoid\s+Up\s*\(/,
    down: /\bvoid\s+Down\s*\(/,
    calls: [
      [word(String.raw`\.DropTable\(\s*(?:name:\s*)?"(\w+)"`), 'drops table $1'],
      [word(String.raw`\.RenameTable\(\s*(?:name:\s*)?"(\w+)"`), 'renames table $1'],
      [word(String.raw`\.DropColumn\(\s*(?:name:\s*)?"(\w+)"`), 'drops column $1'],
      [word(String.raw`\.RenameColumn\(\s*(?:name:\s*)?"(\w+)"`), 'renames column $1'],
      [word(String.raw`\.AlterColumn<[^>]+>\(\s*(?:name:\s*)?"(\w+)"`), 'changes column $1'],
    ],
  },
  liquibase: {
    up: /^/,
    down: /<rollback\b|^\s*-?\s*rollback:/m,
    calls: [
      [word(String.raw`<dropTable\b[^>]*\btableName="(\w+)"`), 'drops table $1'],
      [word(String.raw`<renameTable\b[^>]*\boldTableName="(\w+)"`), 'renames table $1'],
      [word(String.raw`<dropColumn\b(?=[^>]*\btableName="(\w+)")[^>]*\bcolumnName="(\w+)"`), 'drops column $1.$2'],
      [
        word(String.raw`<renameColumn\b(?=[^>]*\btableName="(\w+)")[^>]*\boldColumnName="(\w+)"`),
        'renames column $1.$2',
      ],
      [
        word(String.raw`<modifyDataType\b(?=[^>]*\btableName="(\w+)")[^>]*\bcolumnName="(\w+)"`),
        'changes the type of $1.$2',
      ],
      [
        word(String.raw`<addNotNullConstraint\b(?=[^>]*\btableName="(\w+)")[^>]*\bcolumnName="(\w+)"`),
        'forbids NULL in $1.$2',
      ],
      [word(String.raw`^\s*-?\s*dropTable:\s*\n(?:[^\n]*\n)*?\s*tableName:\s*(\w+)`), 'drops table $1'],
      [
        word(
          String.raw`\bdropColumn:\s*\n(?=(?:[ \t]+[^\n]*\n)*?[ \t]+tableName:\s*(\w+))(?:[ \t]+[^\n]*\n)*?[ \t]+columnName:\s*(\w+)`,
        ),
        'drops column $1.$2',
      ],
    ],
  },
} as const satisfies Readonly<Record<string, MigrationLanguage>>;

/** The calls of one migration that take away, rename or narrow; SQL inside its strings too. */
export function codeRisks(path: string, text: string, language: MigrationLanguage): MigrationRisk[] {
  const from = language.up.exec(text)?.index ?? 0;
  const back = language.down.exec(text)?.index ?? text.length;
  const end = back > from ? back : text.length;
  const forward = text.slice(from, end);
  const risks: { risk: MigrationRisk; at: number }[] = [];
  for (const [pattern, sentence] of language.calls) {
    for (const match of forward.matchAll(pattern)) {
      const what = sentence.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? '');
      risks.push({
        risk: { what, source: placeOf(path, text, from + match.index + match[0].search(/\S/)) },
        at: match.index,
      });
    }
  }
  const strings = /"""[\s\S]*?"""|'''[\s\S]*?'''|`(?:\\[\s\S]|[^`\\])*`|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  for (const match of forward.matchAll(strings)) {
    if (!/\b(?:ALTER|DROP|RENAME|TRUNCATE)\s/i.test(match[0])) continue;
    const inner = match[0].replace(/^(?:"""|'''|["'`])|(?:"""|'''|["'`])$/g, ' ');
    const start = from + match.index + (match[0].length - match[0].replace(/^(?:"""|'''|["'`])/, '').length) - 1;
    for (const risk of sqlRisks(path, text, inner, start)) risks.push({ risk, at: match.index });
  }
  return risks.sort((a, b) => a.at - b.at).map(({ risk }) => risk);
}
