import type { MigrationRisk } from './contract.ts';
import { placeOf } from './folder.ts';
import { sqlRisks } from './migration-sql.ts';

/** What is known of a field after the migrations so far: its class, and whether it may be NULL. */
interface Field {
  readonly type: string;
  readonly nullable: boolean;
}

/**
 * The operations of Django migrations that an old version may not survive. Files are given oldest first of each app, so
 * that an AlterField is compared with what the field was: most of them change a help text only.
 */
export function djangoRisks(files: readonly { readonly path: string; readonly text: string }[]): MigrationRisk[] {
  const fields = new Map<string, Field>();
  return files.flatMap(({ path, text }) => {
    const app = path.split('/').slice(0, -2).join('/');
    const created = new Set(
      [...text.matchAll(/\bCreateModel\(\s*name\s*=\s*['"](\w+)['"]/g)].map((match) => (match[1] ?? '').toLowerCase()),
    );
    return operationsOf(text).flatMap(({ name, body, index }): MigrationRisk[] => {
      const source = placeOf(path, text, index);
      const value = (key: string): string => new RegExp(String.raw`\b${key}\s*=\s*['"](\w+)['"]`).exec(body)?.[1] ?? '';
      // What the same file makes no old version knows.
      const isNew = created.has((value('model_name') || value('old_name') || value('name')).toLowerCase());
      const risk = (what: string): MigrationRisk[] => (isNew ? [] : [{ what, source }]);
      const column = `${value('model_name')}.${value('name')}`;
      const key = `${app} ${column}`.toLowerCase();
      switch (name) {
        case 'CreateModel':
          for (const match of body.matchAll(/\(\s*['"](\w+)['"]\s*,\s*((?:\w+\.)*\w+)\(([^\n]*)/g)) {
            const made = `${app} ${value('name')}.${match[1]}`.toLowerCase();
            fields.set(made, { type: match[2] ?? '', nullable: /\bnull\s*=\s*True/.test(match[3] ?? '') });
          }
          return [];
        case 'RemoveField':
          return risk(`drops column ${column}`);
        case 'DeleteModel':
          return risk(`drops table ${value('name')}`);
        case 'RenameField':
          return risk(`renames column ${value('model_name')}.${value('old_name')}`);
        case 'RenameModel':
          return risk(`renames table ${value('old_name')}`);
        case 'RunSQL':
          return sqlRisks(
            path,
            text,
            body.replace(/['"]{1,3}/g, (quotes) => ' '.repeat(quotes.length)),
            index + `${name}(`.length,
          );
        case 'AddField': {
          const field = fieldIn(body);
          fields.set(key, field);
          // Django takes its own default away again once the rows are filled, so an old version's INSERT fails.
          const keeps = field.nullable || /\bdb_default\s*=/.test(body) || /ManyToManyField/.test(field.type);
          return keeps ? [] : risk(`adds column ${column} NOT NULL without default in the database`);
        }
        case 'AlterField': {
          const before = fields.get(key);
          const field = fieldIn(body);
          fields.set(key, field);
          if (before && changesType(before.type, field.type)) return risk(`changes the type of ${column}`);
          return before?.nullable === true && !field.nullable ? risk(`forbids NULL in ${column}`) : [];
        }
        default:
          return [];
      }
    });
  });
}

/** Classes that differ in Python and not in the database; what is not Django's own is taken for the same. */
function changesType(before: string, after: string): boolean {
  if (![before, after].every((type) => type.startsWith('models.'))) return false;
  const column = (type: string): string =>
    /^models\.(?:Char|Email|URL|Slug|FilePath|File|Image)Field$/.test(type) ? 'varchar' : type;
  return column(before) !== column(after);
}

function fieldIn(body: string): Field {
  const type = /\bfield\s*=\s*((?:\w+\.)*\w+)\(/.exec(body)?.[1] ?? '';
  return { type, nullable: /\bnull\s*=\s*True/.test(body) };
}

function operationsOf(text: string): { name: string; body: string; index: number }[] {
  const found: { name: string; body: string; index: number }[] = [];
  for (const match of text.matchAll(/\bmigrations\.(\w+)\(/g)) {
    const open = match.index + match[0].length;
    let depth = 1;
    let at = open;
    for (; at < text.length && depth > 0; at++) depth += text[at] === '(' ? 1 : text[at] === ')' ? -1 : 0;
    const index = match.index + 'migrations.'.length;
    found.push({ name: match[1] ?? '', body: text.slice(open, at - 1), index });
  }
  return found;
}
