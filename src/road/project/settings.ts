import { LineCounter, parseDocument } from 'yaml';
import { UserError } from '../../base/index.ts';
import type { Fact, Settings } from './contract.ts';
import { type Folder, lineOf } from './folder.ts';

export const SETTINGS_FILE = 'wherry.yaml';

const TEXTS = ['name', 'build', 'start', 'migrate', 'seed', 'database'] as const;
const KEYS = [...TEXTS, 'port'];

/** @throws UserError `wherry.yaml:LINE: fault` for bad YAML, an unknown key or a value of the wrong type. */
export function readSettings(folder: Folder): Settings {
  const text = folder.read(SETTINGS_FILE);
  if (text === undefined) return {};
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [fault] = document.errors;
  if (fault) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw new UserError(`${SETTINGS_FILE}:${line}:${col}`, fault.message, `Mend ${SETTINGS_FILE} there.`);
  }
  const values: unknown = document.toJS();
  if (values === null) return {};
  if (typeof values !== 'object' || Array.isArray(values)) {
    throw new UserError(`${SETTINGS_FILE}:1`, 'not a map of settings', `It may say: ${KEYS.join(', ')}.`);
  }
  const settings: Record<string, Fact<unknown>> = {};
  for (const [key, value] of Object.entries(values)) {
    const index = text.search(new RegExp(`^["']?${key.replace(/\W/g, '\\$&')}["']?\\s*:`, 'm'));
    const source = `${SETTINGS_FILE}:${lineOf(text, Math.max(0, index) + 1)}`;
    if (!KEYS.includes(key)) {
      throw new UserError(source, `unknown setting ${key}`, `Known are: ${KEYS.join(', ')}.`);
    }
    const fits = key === 'port' ? isPort(value) : typeof value === 'string' && value.trim() !== '';
    if (!fits) {
      const wanted = key === 'port' ? 'a port from 1 to 65535' : 'a text';
      throw new UserError(source, `${key} must be ${wanted}, not ${JSON.stringify(value)}`, 'Correct it there.');
    }
    settings[key] = { value, source };
  }
  return settings as Settings;
}

function isPort(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}
