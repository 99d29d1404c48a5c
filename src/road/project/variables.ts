import type { BackingService, FoundVariable, Variable } from './contract.ts';
import type { Folder } from './folder.ts';
import { whySecret } from './secret.ts';
import { serviceOfVariable } from './services.ts';

/** Puts the readings of each variable together: the first fallback counts, every place is kept. */
export function variablesOf(found: readonly FoundVariable[], services: readonly BackingService[]): Variable[] {
  const names = [...new Set(found.map(({ name }) => name))];
  return names.map((name) => {
    const readings = found.filter((reading) => reading.name === name);
    const fallback = readings.find((reading) => reading.fallback !== undefined)?.fallback;
    const service = serviceOfVariable(name, services);
    const carriesSecret = service?.part === 'password' || service?.part === 'url';
    return {
      name,
      fallback,
      sources: [...new Set(readings.map(({ source }) => source))],
      secret:
        whySecret(name, fallback) ?? (carriesSecret ? `it carries the ${service.part} of ${service.kind}` : undefined),
      service,
    };
  });
}

/** The variables of `.env.example`: what the author tells others to set. */
export function exampleVariables(folder: Folder): FoundVariable[] {
  const path = ['.env.example', '.env.sample', '.env.template'].find((name) => folder.has(name));
  const text = path && folder.read(path);
  if (!path || !text) return [];
  return text.split('\n').flatMap((line, index) => {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line);
    if (!match?.[1]) return [];
    const value = (match[2] ?? '').replace(/^(['"])(.*)\1$/, '$2');
    return [{ name: match[1], fallback: value === '' ? undefined : value, source: `${path}:${index + 1}` }];
  });
}
