import { readFileSync } from 'node:fs';

/** The unit whose control group the process is in. */
export function unitOf(id: number): string | undefined {
  try {
    const units = readFileSync(`/proc/${id}/cgroup`, 'utf8').matchAll(/\/([^/\n]+\.service)(?=\/|\n|$)/g);
    return [...units]
      .map((match) => match[1])
      .findLast((name) => name !== undefined && !/^(?:user@\d+|session-\w+)\.service$/.test(name));
  } catch {
    return undefined;
  }
}
