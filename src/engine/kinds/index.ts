export { ageSince, formatAge } from './age.ts';
export { type CatalogueSettings, compareVersions, createCatalogue } from './catalogue.ts';
export { type Conformed, type ConformOptions, conform } from './conform.ts';
export type * from './contract.ts';
export { StatusError } from './contract.ts';
export { convert } from './convert.ts';
export { applyDefaults, fillDefaults } from './defaults.ts';
export * as faults from './faults.ts';
export { exactField, type FieldTerm, fieldMatcher, parseFieldSelector } from './field-selector.ts';
export * as kinds from './generated/constants.ts';
export type * from './generated/types.ts';
export { type Decoded, parseJson } from './json.ts';
export { jsonPath } from './json-path.ts';
export {
  formatLabelSelector,
  formatLabels,
  formatRequirements,
  type LabelMatcher,
  type Labels,
  labelMatcher,
  matchesSelector,
  parseLabelSelector,
  type Requirement,
  selectorFromLabels,
} from './label-selector.ts';
export {
  dns1035LabelName,
  dnsLabelName,
  dnsSubdomainName,
  generateName,
  isConfigKey,
  isDns1035Label,
  isDnsLabel,
  isDnsSubdomain,
  isEnvironmentName,
  isLabelValue,
  isPortName,
  isPortNumber,
  isQualifiedName,
  isWildcardDns,
  pathSegmentName,
  randomSuffix,
} from './names.ts';
export {
  copy,
  validateAnnotations,
  validateFieldManager,
  validateLabelSelector,
  validateLabels,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from './object-meta.ts';
export { decodeProtobuf, encodeProtobuf, hasProtobuf, isProtobuf, protobufWatchFrame } from './protobuf.ts';
export {
  addQuantity,
  canonicalQuantity,
  compareQuantity,
  type ExactQuantity,
  formatQuantity,
  isQuantity,
  parseQuantity,
  quantityMilli,
  quantityToInteger,
  quantityToNumber,
  subtractQuantity,
} from './quantity.ts';
export { type FieldFact, schemaOf, type TypeFact, typeFacts, typeNameOf } from './schema.ts';
export {
  alreadyExists,
  applyConflict,
  badRequest,
  conflict,
  expired,
  faultBody,
  faultText,
  forbidden,
  generateNameConflict,
  gone,
  internalError,
  invalid,
  methodNotSupported,
  type Named,
  notAcceptable,
  notFound,
  OMIT_VALUE,
  qualified,
  requestEntityTooLarge,
  resourceNotFound,
  serverTimeout,
  serviceUnavailable,
  timeout,
  tooManyRequests,
  unauthorized,
  unsupportedMediaType,
} from './status.ts';
export { columnsOf, rowFor, type Table, type TableOptions, type TableRow, tableFor } from './table.ts';
export { canonicalMicroTime, canonicalTime, formatMicroTime, formatTime } from './time.ts';
export { parseYaml, parseYamlDocuments } from './yaml.ts';
