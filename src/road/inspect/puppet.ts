import { readFileSync } from 'node:fs';
import { codeOf, UserError } from '../../base/index.ts';
import { lineOf, whySecret } from '../project/index.ts';
import type { PuppetFacts } from './contract.ts';
import { type PuppetResource, puppetResources } from './puppet-language.ts';

/** They order things on a machine, or are about Puppet itself. */
const WITHOUT_MEANING = /^(?:class|node|notify|stage|anchor|filebucket|schedule|include|exec_timeout)$/;

/**
 * The resources of Puppet manifests that say something of an app: packages, files, services, crons, users.
 * @throws UserError when a file is not there.
 */
export function readPuppet(paths: readonly string[]): PuppetFacts {
  const packages: PuppetFacts['packages'][number][] = [];
  const files: PuppetFacts['files'][number][] = [];
  const services: PuppetFacts['services'][number][] = [];
  const crons: PuppetFacts['crons'][number][] = [];
  const users: PuppetFacts['users'][number][] = [];
  const notes: string[] = [];
  for (const path of paths) {
    const text = textOf(path);
    const { resources, unread } = puppetResources(text);
    for (const { index, what } of unread) notes.push(`${path}:${lineOf(text, index)}: ${what}`);
    for (const resource of resources) {
      const source = `${path}:${lineOf(text, resource.index)}`;
      const title = resource.title;
      const attribute = (name: string): string | undefined => resource.attributes.get(name);
      if (/^(?:absent|purged|stopped|held)$/.test(attribute('ensure') ?? '') && resource.type !== 'service') {
        notes.push(`${source}: ${resource.type} ${title} is to be absent, so nothing becomes of it`);
        continue;
      }
      switch (resource.type) {
        case 'package':
          packages.push({ value: attribute('name') ?? title, source });
          break;
        case 'file':
          if (/^(?:directory|link)$/.test(attribute('ensure') ?? '')) break;
          files.push({
            value: attribute('path') ?? title,
            content: hiddenOr(title, attribute('content')),
            from: attribute('source'),
            secret: secretOf(title, resource),
            source,
          });
          break;
        case 'service':
          services.push({ value: attribute('name') ?? title, source });
          break;
        case 'cron':
          crons.push({ value: attribute('command') ?? '', schedule: scheduleOf(resource), source });
          break;
        case 'user':
          users.push({ value: attribute('name') ?? title, source });
          break;
        default:
          if (!WITHOUT_MEANING.test(resource.type))
            notes.push(`${source}: ${resource.type} ${title} is not carried over`);
      }
    }
  }
  return { packages, files, services, crons, users, notes };
}

function scheduleOf({ attributes }: PuppetResource): string {
  const special = attributes.get('special');
  if (special) return `@${special}`;
  return ['minute', 'hour', 'monthday', 'month', 'weekday'].map((key) => attributes.get(key) ?? '*').join(' ');
}

function secretOf(path: string, { attributes }: PuppetResource): string | undefined {
  if (/\.(?:key|pem|p12|jks|keystore)$|(?:^|\/)(?:id_rsa|\.env|credentials|\.pgpass|\.my\.cnf)$/.test(path))
    return 'its name says so';
  const lines = (attributes.get('content') ?? '').split('\n');
  return lines.some((line) =>
    whySecret(
      /^\s*(?:export\s+)?["']?([\w.-]+)["']?\s*[:=]/.exec(line)?.[1]?.replaceAll(/[.-]/g, '_') ?? '',
      undefined,
    ),
  )
    ? 'it holds a password'
    : undefined;
}

function hiddenOr(path: string, content: string | undefined): string | undefined {
  return content === undefined ||
    secretOf(path, { attributes: new Map([['content', content]]), type: 'file', title: path, index: 0 })
    ? undefined
    : content;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new UserError(path, 'no such file', 'Name a Puppet manifest (*.pp).', { cause: error });
    throw error;
  }
}
