// Consul's native config entries (Kind, Name and fields in PascalCase or snake_case) -> kind, name and spec, as the resources of Kubernetes have them.
// The rule: names that people gave (subsets, headers, metadata) stay as they are; everything else gets the spelling of the resources.
import type { Path } from "@/lib/mesh";
import type { Foreign } from "../shared/dialect";
import { isRecord } from "../shared/fields";

export const GROUP = "consul.hashicorp.com";
export const VERSION = "v1alpha1";
export const API = `${GROUP}/${VERSION}`;
/** The one namespace of Consul's community edition. */
export const DEFAULT = "default";
export const ANY = "*";

const NATIVE: Record<string, string> = {
  "service-defaults": "ServiceDefaults",
  "service-router": "ServiceRouter",
  "service-splitter": "ServiceSplitter",
  "service-resolver": "ServiceResolver",
  "service-intentions": "ServiceIntentions",
  "proxy-defaults": "ProxyDefaults",
  mesh: "Mesh",
  "ingress-gateway": "IngressGateway",
  "terminating-gateway": "TerminatingGateway",
  "exported-services": "ExportedServices",
  "sameness-group": "SamenessGroup",
  "control-plane-request-limit": "ControlPlaneRequestLimit",
  "rate-limit": "RateLimit",
  "jwt-provider": "JWTProvider",
};
/** Kinds of the API gateway, which on Kubernetes are those of Gateway API. */
export const NATIVE_ONLY = ["api-gateway", "http-route", "tcp-route"] as const;

/** What a server adds to an entry, and what stands in its head. */
const HEAD = new Set([
  "kind",
  "name",
  "namespace",
  "partition",
  "createindex",
  "modifyindex",
  "hash",
  "meta",
  "raftindex",
]);
/** What a server adds to each source of an intention. */
const SOURCE_HEAD = new Set(["type", "precedence", "legacyid", "legacymeta", "legacycreatetime", "legacyupdatetime"]);
/** Fields whose keys are names that people gave. */
const MAPS = new Set(["subsets", "failover", "set", "add", "config", "arguments", "nodeMeta", "meta"]);
/** Abbreviations in the middle of a field, where the resources write capitals. */
const SPELLING = new Map(
  [
    "mutualTLSMode",
    "externalSNI",
    "sourceIP",
    "allowEnablingPermissiveMutualTLS",
    "envoyClusterJSON",
    "envoyListenerJSON",
    "enforcingConsecutive5xx",
  ].map((name) => [name.toLowerCase(), name]),
);

export function spelled(key: string): string {
  const [first = "", ...rest] = key.split("_");
  const joined = first + rest.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("");
  const known = SPELLING.get(joined.toLowerCase());
  if (known !== undefined) return known;
  return joined.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (start) => start.toLowerCase());
}

const plain = (key: string) => key.replaceAll("_", "").toLowerCase();
const textOf = (value: Record<string, unknown>, name: string): string | undefined => {
  const found = Object.entries(value).find(([key]) => plain(key) === name)?.[1];
  return typeof found === "string" && found !== "" ? found : undefined;
};

export function unwrapNative(value: unknown): Foreign | undefined {
  if (!isRecord(value) || value["apiVersion"] !== undefined || value["metadata"] !== undefined) return undefined;
  const native = textOf(value, "kind");
  const kind = native === undefined ? undefined : (NATIVE_ONLY.find((each) => each === native) ?? NATIVE[native]);
  if (kind === undefined) return undefined;
  const name = textOf(value, "name") ?? (kind === "Mesh" ? "mesh" : undefined);
  if (name === undefined) return undefined;
  const namespace = textOf(value, "namespace");
  const own = Object.entries(value).filter(([key]) => !HEAD.has(plain(key)));
  const spec = Object.fromEntries(own.map(([key, each]) => [spelled(key), respelled(each, spelled(key))]));
  return {
    apiVersion: API,
    kind,
    name,
    path: [],
    isBare: true,
    ...(namespace === undefined || namespace === DEFAULT ? {} : { namespace }),
    place: (path) => placeIn(value, path),
    spec: kind === "ServiceIntentions" ? { destination: { name }, ...spec } : spec,
  };
}

function respelled(value: unknown, field: string): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => respelled(each, field));
  if (!isRecord(value)) return value;
  const isMap = MAPS.has(field);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => field !== "sources" || !SOURCE_HEAD.has(plain(key)))
      .map(([key, each]) => {
        const name = isMap ? key : spelled(key);
        // below a name that somebody gave the fields are Consul's again, but for values of free form
        const inner = field === "config" || field === "arguments" ? field : isMap ? "" : name;
        return [name, respelled(each, inner)];
      }),
  );
}

/** Where a field stands in the text, by its spelling there. */
function placeIn(value: unknown, path: Path): Path {
  const result: (string | number)[] = [];
  let current: unknown = value;
  for (const step of path) {
    if (Array.isArray(current) && typeof step === "number") current = current[step];
    else if (isRecord(current)) {
      const key: string = Object.keys(current).find((each) => each === step || spelled(each) === step) ?? String(step);
      current = current[key];
      result.push(key);
      continue;
    }
    result.push(step);
  }
  return result;
}

/** Consul's own language: only its JSON is read. */
export function refuseHcl(text: string): { line: number; message: string; fix: string } | undefined {
  const at = /^[ \t]*(?:Kind|kind)[ \t]*=[ \t]*"[a-z-]+"/m.exec(text);
  if (!at) return undefined;
  return {
    line: text.slice(0, at.index).split("\n").length,
    message: "is HCL, which is not read",
    fix: "Write it as JSON: consul config read -kind KIND -name NAME prints it.",
  };
}
