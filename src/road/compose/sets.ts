import type { PartRole, SecretSet, SettingSet } from '../model/index.ts';
import { labelFor, uniqueName } from './names.ts';

/** Bytes of one ConfigMap or Secret; the API refuses more. */
export const SET_BYTES_MAX = 1024 * 1024;

interface Growing<T> {
  readonly name: string;
  /** The part it belongs to; undefined for one that any part may use. */
  readonly owner: string | undefined;
  readonly values: Record<string, T>;
  readonly source: string;
  readonly external?: boolean;
}

/** The sets of settings and secrets of an application while it is read. */
export class Sets {
  private readonly settings = new Map<string, Growing<string | Uint8Array>>();
  private readonly secrets = new Map<string, Growing<SecretSet['values'][string]>>();
  private readonly taken: Set<string>;

  /** @param taken names of parts: their own ConfigMaps are named after them */
  constructor(taken: Iterable<string>) {
    this.taken = new Set(taken);
  }

  /** The set known under `id`, made when it is first asked for. @returns its name */
  settingSet(id: string, wanted: string, owner: string | undefined, source: string, external = false): string {
    const known = this.settings.get(id);
    if (known) return known.name;
    const name = uniqueName(labelFor(wanted), this.taken);
    this.settings.set(id, { name, owner, values: {}, source, ...(external ? { external } : {}) });
    return name;
  }

  secretSet(id: string, wanted: string, owner: string | undefined, source: string, external = false): string {
    const known = this.secrets.get(id);
    if (known) return known.name;
    const name = uniqueName(labelFor(wanted), this.taken);
    this.secrets.set(id, { name, owner, values: {}, source, ...(external ? { external } : {}) });
    return name;
  }

  nameOf(id: string): string | undefined {
    return (this.settings.get(id) ?? this.secrets.get(id))?.name;
  }

  isExternal(id: string): boolean {
    return (this.settings.get(id) ?? this.secrets.get(id))?.external === true;
  }

  hasSecret(id: string): boolean {
    return this.secrets.has(id);
  }

  setting(id: string, key: string, value: string | Uint8Array): void {
    const set = this.settings.get(id);
    if (set) set.values[key] = value;
  }

  /** The files and values of a set that are texts, by its name. */
  settingTexts(name: string): [string, string][] {
    const set = [...this.settings.values()].find((each) => each.name === name);
    return Object.entries(set?.values ?? {}).flatMap(([key, value]): [string, string][] =>
      typeof value === 'string' ? [[key, value]] : [],
    );
  }

  replaceSetting(name: string, key: string, text: string): void {
    const set = [...this.settings.values()].find((each) => each.name === name);
    if (set) set.values[key] = text;
  }

  secret(id: string, key: string, text: string | Uint8Array): void {
    const set = this.secrets.get(id);
    if (set) set.values[key] = { is: 'text', text };
  }

  /** Every secret text so far, longest first. */
  secretTexts(): string[] {
    const texts = [...this.secrets.values()].flatMap(({ values }) =>
      Object.values(values).flatMap((value) =>
        value.is === 'text' && typeof value.text === 'string' ? [value.text] : [],
      ),
    );
    return texts.sort((a, b) => b.length - a.length);
  }

  /** Any secret of a Secret made here; undefined for what is made elsewhere or is not there. */
  secretText(set: string, key: string): string | undefined {
    for (const { name, values } of this.secrets.values()) {
      const value = name === set ? values[key] : undefined;
      if (value?.is === 'text' && typeof value.text === 'string') return value.text;
    }
    return undefined;
  }

  /** @param roleOf the role of a part, by its name */
  settingSets(roleOf: (part: string) => PartRole): SettingSet[] {
    const own = [...this.settings.values()].filter(({ external }) => !external);
    return own.map((set) => withRole(set, roleOf));
  }

  secretSets(roleOf: (part: string) => PartRole): SecretSet[] {
    return [...this.secrets.values()].map((set) => withRole(set, roleOf));
  }
}

function withRole<T>(
  { owner, ...rest }: Growing<T>,
  roleOf: (part: string) => PartRole,
): Omit<Growing<T>, 'owner'> & { role: PartRole } {
  return { ...rest, role: owner === undefined ? 'part' : roleOf(owner) };
}
