import type { Json } from './schemas.ts';

const VARINT = 0;
const DOUBLE = 1;
const BYTES = 2;
const METHODS: readonly (readonly [string, number])[] = [
  ['get', 2],
  ['put', 3],
  ['post', 4],
  ['delete', 5],
  ['options', 6],
  ['head', 7],
  ['patch', 8],
];

/**
 * An OpenAPI 2.0 document as the message `openapi.v2.Document` of gnostic's OpenAPIv2.proto, whose field numbers these
 * are. kubectl reads no other form of `/openapi/v2`.
 */
export function protobufDocument(document: Json): Buffer {
  const { title, version } = object(document.info);
  return message(
    text(1, document.swagger),
    nested(2, message(text(1, title), text(2, version))),
    nested(8, message(...named(document.paths, 2, pathItem))),
    nested(9, message(...named(document.definitions, 1, schema))),
    ...list(document.security).map((one) =>
      nested(12, message(...named(one, 1, (scopes) => message(...texts(1, scopes))))),
    ),
    nested(13, message(...named(document.securityDefinitions, 1, apiKey))),
  );
}

function apiKey(value: Json): Buffer {
  const key = message(text(1, value.type), text(2, value.name), text(3, value.in), text(4, value.description));
  return message(nested(2, key));
}

function pathItem(value: Json): Buffer {
  return message(
    ...METHODS.map(([method, number]) =>
      value[method] ? nested(number, operation(object(value[method]))) : undefined,
    ),
    ...list(value.parameters).map((one) => nested(9, parametersItem(object(one)))),
    ...extensions(value, 10),
  );
}

function operation(value: Json): Buffer {
  return message(
    ...texts(1, value.tags),
    text(3, value.description),
    text(5, value.operationId),
    ...texts(6, value.produces),
    ...texts(7, value.consumes),
    ...list(value.parameters).map((one) => nested(8, parametersItem(object(one)))),
    value.responses ? nested(9, message(...named(value.responses, 1, response))) : undefined,
    ...extensions(value, 13),
  );
}

function parametersItem(value: Json): Buffer {
  if (value.$ref) return message(nested(2, message(text(1, value.$ref))));
  const common = [flag(1, value.required), text(2, value.in), text(3, value.description), text(4, value.name)];
  if (value.in === 'body') {
    const body = message(
      text(1, value.description),
      text(2, value.name),
      text(3, value.in),
      flag(4, value.required),
      nested(5, schema(object(value.schema))),
    );
    return message(nested(1, message(nested(1, body))));
  }
  const own = value.in === 'path' ? nested(4, message(...common, text(5, value.type))) : undefined;
  return message(nested(1, message(nested(2, message(own ?? nested(3, message(...common, text(6, value.type))))))));
}

function response(value: Json): Buffer {
  const answer = value.schema ? nested(2, message(nested(1, schema(object(value.schema))))) : undefined;
  return message(nested(1, message(text(1, value.description), answer)));
}

function schema(value: Json): Buffer {
  const { additionalProperties: more, items } = value;
  return message(
    text(1, value.$ref),
    text(2, value.format),
    text(3, value.title),
    text(4, value.description),
    value.default === undefined ? undefined : nested(5, any(value.default)),
    double(6, value.multipleOf),
    double(7, value.maximum),
    flag(8, value.exclusiveMaximum),
    double(9, value.minimum),
    flag(10, value.exclusiveMinimum),
    whole(11, value.maxLength),
    whole(12, value.minLength),
    text(13, value.pattern),
    whole(14, value.maxItems),
    whole(15, value.minItems),
    flag(16, value.uniqueItems),
    whole(17, value.maxProperties),
    whole(18, value.minProperties),
    ...texts(19, value.required),
    ...list(value.enum).map((one) => nested(20, any(one))),
    typeof more === 'boolean' ? nested(21, message(flag(2, more))) : undefined,
    typeof more === 'object' && more ? nested(21, message(nested(1, schema(object(more))))) : undefined,
    value.type === undefined
      ? undefined
      : nested(22, message(...texts(1, Array.isArray(value.type) ? value.type : [value.type]))),
    items === undefined ? undefined : nested(23, message(nested(1, schema(object(items))))),
    ...list(value.allOf).map((one) => nested(24, schema(object(one)))),
    value.properties === undefined ? undefined : nested(25, message(...named(value.properties, 1, schema))),
    ...extensions(value, 31),
  );
}

/** `x-` keys, as NamedAny. */
function extensions(value: Json, number: number): Buffer[] {
  return Object.entries(value)
    .filter(([key]) => key.startsWith('x-'))
    .map(([key, held]) => nested(number, message(text(1, key), nested(2, any(held)))));
}

/** Any carries YAML; JSON is YAML too. */
function any(value: unknown): Buffer {
  return message(text(2, `${JSON.stringify(value)}\n`));
}

function named(map: unknown, number: number, make: (value: Json) => Buffer): Buffer[] {
  return Object.entries(object(map)).map(([name, value]) =>
    nested(number, message(text(1, name), nested(2, make(value as Json)))),
  );
}

function object(value: unknown): Json {
  return (value ?? {}) as Json;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function message(...fields: readonly (Buffer | undefined)[]): Buffer {
  return Buffer.concat(fields.filter((field) => field !== undefined));
}

function nested(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + BYTES), varint(bytes.length), bytes]);
}

function text(number: number, value: unknown): Buffer | undefined {
  return typeof value === 'string' && value !== '' ? nested(number, Buffer.from(value)) : undefined;
}

function texts(number: number, values: unknown): (Buffer | undefined)[] {
  return list(values).map((value) => text(number, value));
}

function flag(number: number, value: unknown): Buffer | undefined {
  return value === true ? Buffer.concat([varint(number * 8 + VARINT), varint(1)]) : undefined;
}

function whole(number: number, value: unknown): Buffer | undefined {
  return typeof value === 'number' && value > 0
    ? Buffer.concat([varint(number * 8 + VARINT), varint(value)])
    : undefined;
}

function double(number: number, value: unknown): Buffer | undefined {
  if (typeof value !== 'number' || value === 0) return undefined;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint(number * 8 + DOUBLE), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  while (left >= 128) {
    bytes.push((left % 128) | 128);
    left = Math.floor(left / 128);
  }
  bytes.push(left);
  return Buffer.from(bytes);
}
