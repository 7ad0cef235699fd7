// Small words for writing Envoy v3 configuration as JSON with Envoy's own field names.
// The rule: the compiler writes what Envoy's documentation shows; `resources.ts` turns it into messages and refuses what is misspelt.
export type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = { [name: string]: Json };

const PREFIX = "type.googleapis.com/envoy.";

/** google.protobuf.Any: the type without `type.googleapis.com/envoy.`, and the message's fields. */
export function any(type: string, fields: JsonObject = {}): JsonObject {
  return { "@type": PREFIX + type, ...fields };
}

export function duration(ms: number): string {
  return `${ms / 1000}s`;
}

/** filter_metadata of our own: the names that the proxy's metrics carry. Undefined values are left out. */
export function meshwrightMetadata(values: Record<string, string | undefined>): JsonObject {
  return { filter_metadata: { meshwright: compact(values) } };
}

export const ADS: JsonObject = { ads: {}, resource_api_version: "V3" };

export function socketAddress(address: string, port: number): JsonObject {
  return { socket_address: { address, port_value: port } };
}

/** RE2 text that matches `text` and nothing else. */
export function quoteRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** The fields that are not undefined. */
export function compact(fields: Record<string, Json | undefined>): JsonObject {
  const said: JsonObject = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) said[name] = value;
  }
  return said;
}

const IP_V4 = /^(\d{1,3})(\.\d{1,3}){3}$/;

export function isIpAddress(host: string): boolean {
  return IP_V4.test(host) || /^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$/.test(host);
}
