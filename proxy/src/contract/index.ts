// Pure entry point: Envoy v3 messages, decoding, the support table.
export { type Decoded, decodeBootstrap, decodeJson, decodeResource, decodeText } from "./decode";
export * from "./messages";
export { registry } from "./registry";
export {
  kindOfTypeUrl,
  RESOURCE_KINDS,
  RESOURCE_SCHEMAS,
  type ResourceKind,
  type ResourceMessages,
  resourceName,
  TYPE_URLS,
} from "./resource-types";
export { formatViolation, type Violation } from "./violations";
