import { type Conformed, conform, type ResourceInfo, schemaOf } from '../../kinds/index.ts';
import { isPlain, type Plain } from '../object.ts';
import { withoutDefaultedNulls } from './schema.ts';
import { customVersionOf } from './versions.ts';

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/**
 * A custom resource's body: what its schema does not know goes, metadata is checked as any object's. Types of its own
 * fields are left to validation, whose texts are others.
 */
export function pruneCustom(body: Plain, info: ResourceInfo): Conformed {
  const given = withoutDefaultedNulls(body, customVersionOf(info)?.schema);
  const own = conform(given, info.schema, { pruneOnly: true, keepZero: true });
  const schema = schemaOf(OBJECT_META);
  const object = own.object as Plain;
  if (!schema || !isPlain(object.metadata)) return own;
  const metadata = conform(object.metadata, schema);
  return {
    object: metadata.object === object.metadata ? object : { ...object, metadata: metadata.object },
    unknownFields: [
      ...own.unknownFields,
      ...metadata.unknownFields.map((text) => text.replace('unknown field "', 'unknown field "metadata.')),
    ],
    typeFaults: metadata.typeFaults,
  };
}
