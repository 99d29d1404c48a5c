import { objectsOf } from '../road/manifests/index.ts';
import type { Part } from '../road/model/index.ts';
import type { AppSource } from './app-source.ts';
import { colors as pc } from './colors.ts';

/** What a compose file would be carried as: parts with their places, what became of its keys, objects. */
export function planOfCompose(source: AppSource, namespace: string): { json: object; text: string } {
  const { application, report, label } = source;
  const { objects, notes } = objectsOf(application, {
    namespace,
    ordering: 'runner',
    imageOf: (build) => `localhost/${build === application.name ? build : `${application.name}-${build}`}`,
    host: `${application.name}.localhost`,
    // Shown, never used: the passwords of a deploy are made when it happens.
    password: () => '(random)',
  });
  const allNotes = [...new Set([...source.notes, ...notes])];
  const rows = application.parts.map((part) => [part.name, `${part.kind} of ${imageOf(part)}`, part.source]);
  const told = report.filter(({ outcome }) => outcome === 'changed');
  const widths = [0, 1].map((column) => Math.min(72, Math.max(0, ...rows.map((cells) => cells[column]?.length ?? 0))));
  const lines = [
    pc.bold('Found'),
    `  ${label}`,
    ...rows.map(
      ([name = '', what = '', place = '']) =>
        `  ${name.padEnd(widths[0] ?? 0)}  ${what.padEnd(widths[1] ?? 0)}  ${pc.dim(place)}`,
    ),
    ...(allNotes.length > 0 ? ['', pc.bold('Note'), ...allNotes.map((note) => `  ! ${note}`)] : []),
    ...(told.length > 0
      ? ['', pc.bold('Changed'), ...told.map(({ key, source: place, what }) => `  ${key}: ${what}  ${pc.dim(place)}`)]
      : []),
    '',
    pc.bold('Objects'),
    ...objects.map(({ kind, metadata }) => `  ${kind.toLowerCase()}/${metadata.name}`),
  ];
  return { json: { application, report, objects, notes: allNotes }, text: lines.join('\n') };
}

function imageOf({ image }: Part): string {
  return 'reference' in image ? image.reference : `the image built from ${image.build}`;
}
