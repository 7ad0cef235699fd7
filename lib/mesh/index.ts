// The mesh model: what the rest of the product imports. Pure: it knows no Next, React, database, network, clock or environment.

export { uncoveredHosts } from "./certificate-names";
export { type ChangeMark, changeMarks, drawnAt } from "./change-marks";
export { type Applied, applyCommand } from "./commands/apply";
export { isSameJson } from "./commands/equal";
export { conflictsBetween, type Touched, touchedBetween, touchedKeys } from "./commands/merge";
export { type Command, commandSchema } from "./commands/schema";
export { diffDocuments, type SemanticChange } from "./diff/diff";
export { canonicalJson, digestedText, digestOf } from "./digest/digest";
export { sha256Hex } from "./digest/sha256";
export { buildIndex, createLiveIndex, type LiveIndex, type MeshIndex } from "./index-document";
export { Reader } from "./index-questions";
export { isOfKind, MESH_WIDE, targetKey } from "./index-tables";
export { changeBetween, differenceOf, type ObjectChange, withKnownObjects } from "./known-objects";
export {
  isWithin,
  type Locality,
  localityOf,
  localityText,
  PLACE_LABELS,
  type Placed,
  placedOf,
  type Standing,
  standings,
} from "./locality";
export {
  type Choice,
  type Chooser,
  type ConflictKind,
  type MergeConflict,
  mergeDocuments,
} from "./merge/merge-documents";
export {
  parsePath,
  pathText,
  type RouteEnd,
  referencesOf,
  routeEndsOf,
  subsetUsesOf,
  valueAt,
  withValueAt,
} from "./references";
export * from "./refs";
export { demoMesh, demoPositions } from "./samples/demo";
export { emptyMesh } from "./samples/empty";
export { isLogPath, LOG_OPERATORS, logFormatProblem } from "./schema/access-log";
export { addressBlock, CONDITION_SUBJECTS, METADATA_NAME } from "./schema/conditions";
export {
  API_VERSION,
  KINDS,
  meshDocument,
  meshObject,
  objectSchemas,
  position,
  positions,
} from "./schema/document";
export { CHECK_METHODS, HEALTH_CHECK_DEFAULTS, healthCheckAnswers } from "./schema/health-check";
export {
  BALANCING_POLICIES,
  hashKey as hashKeySchema,
  isHashing,
  loadBalancing as loadBalancingSchema,
  RING_SIZE,
} from "./schema/load-balancing";
export {
  certificateHashes,
  certificateName,
  clientNames,
  keyHashes,
  MAX_OBJECTS,
  MAX_PEM_CHARACTERS,
  ref as objectRef,
  serverName,
  serviceRef,
} from "./schema/primitives";
export { RETRY_CONDITIONS } from "./schema/traffic";
export {
  coversServerName,
  type DecidingRule,
  decidingRules,
  HTTPS_PORT,
  httpsListenersOf,
  isConnectionListener,
  isHttpsListener,
  isPlainListener,
  plainHost,
  plainListenerOf,
  redirectTarget,
  serverNamesMeet,
} from "./server-names";
export type * from "./types";
export { claimsOf, mayClaimTheSame } from "./validate/twins";
export { validateDocument, violationsOfObject } from "./validate/validate";
export { type ParsedDocument, parseDocument, parseObject } from "./violations";
export { type FromYaml, fromYaml, fromYamlFiles } from "./yaml/from-yaml";
export {
  editObjectText,
  type ObjectText,
  readObjectText,
  type TextPlace,
  type TextProblem,
  textOfObject,
  textToKeep,
  withoutText,
} from "./yaml/object-text";
export { inWritingOrder, toYaml } from "./yaml/to-yaml";
export { valuesToYaml } from "./yaml/values-to-yaml";
