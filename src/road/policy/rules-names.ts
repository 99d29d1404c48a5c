import type { PolicyRule } from './contract.ts';

/** Where objects belong. */
export const NAME_RULES: readonly PolicyRule[] = [
  {
    id: 'default-namespace',
    severity: 'note',
    kinds: [],
    what: 'an object in the namespace "default"',
    why: 'Everything that nobody thought about is there; rights and quotas cannot be set apart.',
    fix: 'Give the app a namespace of its own.',
    *find(subject, scope) {
      if (subject.namespace !== 'default') return;
      // Told once, at the first of them.
      if (scope.subjects.find(({ namespace }) => namespace === 'default') === subject)
        yield { path: ['metadata', 'namespace'], message: 'is in the namespace "default", as others may be' };
    },
  },
  {
    id: 'namespace-missing',
    severity: 'warning',
    kinds: ['Namespace'],
    what: 'a Namespace that none of the objects beside it is in',
    why: 'The objects land elsewhere than was meant.',
    fix: 'Set metadata.namespace of the objects, or namespace: in the kustomization.',
    *find(subject, scope) {
      const others = scope.subjects.filter(({ kind }) => kind !== 'Namespace');
      const named = others.some(({ namespace }) => namespace === subject.name);
      if (others.some(({ pod }) => pod) && !named && others.every(({ namespace }) => namespace === undefined))
        yield { path: ['metadata', 'name'], message: 'nothing is put into it' };
    },
  },
];
