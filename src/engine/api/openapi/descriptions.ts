/** The texts of types and fields. */
export interface Descriptions {
  ofType(type: string): string | undefined;
  ofField(type: string, field: string): string | undefined;
}

interface Data {
  readonly texts: readonly string[];
  readonly types: Readonly<Record<string, readonly [own: number, fields: Readonly<Record<string, number>>]>>;
}

/** Read when an OpenAPI document is first asked for; half a megabyte that most clusters never need. */
export async function loadDescriptions(): Promise<Descriptions> {
  const { default: text } = await import('../generated/descriptions.data');
  const { texts, types } = JSON.parse(text) as Data;
  return {
    ofType: (type) => texts[types[type]?.[0] ?? -1],
    ofField: (type, field) => texts[types[type]?.[1][field] ?? -1],
  };
}
