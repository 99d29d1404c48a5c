import {
  type Behaviour,
  type CustomResourceDefinitionVersion,
  copy,
  type FieldFault,
  type JSONSchemaProps,
  type KubeObject,
} from '../../kinds/index.ts';
import { equal, type Mutable, mutable, type Plain } from '../object.ts';
import { readPath } from './paths.ts';
import { validateValue } from './validate.ts';

/** How objects of one version of a definition behave (apiextensions' customResourceStrategy). */
export function customBehaviour(version: CustomResourceDefinitionVersion): Behaviour {
  const hasStatus = version.subresources?.status !== undefined;
  const props = version.schema?.openAPIV3Schema;
  const faultsOf = (object: KubeObject, old?: KubeObject): FieldFault[] =>
    props ? validateValue(withoutMetadata(object), rootOf(props), '', old && withoutMetadata(old)) : [];
  return {
    createOnUpdate: false,
    unconditionalUpdate: false,
    prepareForCreate(object) {
      const own = mutable(object);
      if (hasStatus) delete own.status;
      own.metadata.generation = 1;
    },
    prepareForUpdate(object, old) {
      const own = mutable(object);
      if (hasStatus) putBack(own, old, 'status');
      if (!equal(desired(own, hasStatus), desired(mutable(old), hasStatus))) {
        own.metadata.generation = (old.metadata.generation ?? 0) + 1;
      }
    },
    prepareForStatusUpdate(object, old) {
      const own = mutable(object);
      const { status } = own;
      const { managedFields } = own.metadata;
      for (const key of Object.keys(own)) delete (own as Plain)[key];
      Object.assign(own, copy(old));
      if (status === undefined) delete own.status;
      else own.status = status;
      if (managedFields) own.metadata.managedFields = managedFields;
      else delete own.metadata.managedFields;
    },
    validate: (object) => faultsOf(object),
    validateUpdate: (object, old) => faultsOf(object, old),
    validateStatusUpdate: (object, old) => faultsOf(object, old),
    selectableFields: Object.fromEntries(
      (version.selectableFields ?? []).map(({ jsonPath }) => [
        jsonPath.replace(/^\./, ''),
        (object: KubeObject) => {
          const value = readPath(object, jsonPath);
          return value === undefined || value === null ? '' : String(value);
        },
      ]),
    ),
  };
}

/** Metadata is checked as every object's is. */
function withoutMetadata(object: KubeObject): Plain {
  const { metadata: _, ...rest } = object as unknown as Plain;
  return rest;
}

const roots = new WeakMap<JSONSchemaProps, JSONSchemaProps>();

function rootOf(props: JSONSchemaProps): JSONSchemaProps {
  let root = roots.get(props);
  if (!root) {
    const { metadata: _, ...properties } = props.properties ?? {};
    root = {
      ...props,
      properties,
      ...(props.required && { required: props.required.filter((one) => one !== 'metadata') }),
    };
    roots.set(props, root);
  }
  return root;
}

function desired(object: Mutable, hasStatus: boolean): Plain {
  const { metadata: _, ...rest } = object as Plain;
  if (hasStatus) delete rest.status;
  return rest;
}

function putBack(object: Mutable, old: KubeObject, field: string): void {
  const before = (old as unknown as Plain)[field];
  if (before === undefined) delete object[field];
  else object[field] = copy(before);
}
