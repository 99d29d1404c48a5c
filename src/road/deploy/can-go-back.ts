import type { MigrationFacts } from '../project/index.ts';
import type { Release } from '../releases/index.ts';

const RISKS_TOLD = 3;

/**
 * Whether the release before could run on the database that this one leaves. `migrates` tells whether a migration runs
 * at all; `migrations` what its files were found to do.
 */
export function canGoBack(migrates: boolean, migrations: MigrationFacts | undefined): Release['canGoBack'] {
  if (!migrates) return { answer: 'yes', why: 'no migration runs with it' };
  if (!migrations || migrations.files.length === 0) {
    return { answer: 'unknown', why: 'what its migration does to the database could not be read' };
  }
  const { risks, tool } = migrations;
  if (risks.length === 0) {
    return { answer: 'yes', why: `its migration (${tool.value}) only adds, as far as its files tell` };
  }
  const told = risks.slice(0, RISKS_TOLD).map(({ what, source }) => `${what} (${source})`);
  const more = risks.length > RISKS_TOLD ? ` and ${risks.length - RISKS_TOLD} more` : '';
  return { answer: 'no', why: `its migration ${told.join(', ')}${more}` };
}

/** What to do about a migration that takes something away from the version that still serves. */
export function migrationAdvice(migrations: MigrationFacts | undefined): string[] {
  return (migrations?.risks ?? []).map(
    ({ what, source }) =>
      `${source}: ${what}; the old version serves while it runs and may need it. Release code that does without it first, and this one after`,
  );
}
