// The mesh model: what the rest of the product imports. Pure: it knows no Next, React, database, network, clock or environment.
export * from "./refs";
export { demoMesh, demoPositions } from "./samples/demo";
export { emptyMesh } from "./samples/empty";
export {
  API_VERSION,
  KINDS,
  MESH_SCOPED_KINDS,
  meshDocument,
  meshObject,
  objectSchemas,
  position,
  positions,
} from "./schema/document";
export { MAX_OBJECTS, ref as objectRef, serviceRef } from "./schema/primitives";
export { RETRY_CONDITIONS } from "./schema/traffic";
export type * from "./types";
