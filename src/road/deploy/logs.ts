import { messageOf } from '../../base/index.ts';
import type { RoadClient } from './contract.ts';

/** The last lines of a container's log; empty when they cannot be had. */
export async function lastLogLines(
  client: RoadClient,
  namespace: string,
  pod: string,
  choice: { container: string; previous: boolean; lines: number },
): Promise<string[]> {
  if (!client.request) return [];
  const query = `container=${encodeURIComponent(choice.container)}&tailLines=${choice.lines}&limitBytes=65536`;
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`;
  try {
    const answer = await client.request('GET', choice.previous ? `${path}&previous=true` : path);
    return (await answer.text())
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    return [`(log cannot be read: ${messageOf(error)})`];
  }
}
