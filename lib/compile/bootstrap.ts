// A proxy's whole configuration as one static file: for `meshwright compile`, and for Envoy without a control plane.
// The rule: it says the same as the resources over ADS; only where routes, endpoints and certificates come from differs.

import type { Violation } from "@/lib/mesh";
import { keyOf } from "@/lib/mesh";
import { compileParts } from "./compile";
import { compact, isIpAddress, type Json, type JsonObject, socketAddress } from "./envoy-json";
import { type Facts, factsOf } from "./facts";
import type { Parts } from "./parts";
import type { CompileInput, CompileWarning } from "./types";

/** PEM files: own chain, own key, trusted CAs. */
export type IdentityFiles = { certificateChain: string; privateKey: string; bundle: string };

export type BootstrapOptions = {
  identityFiles: IdentityFiles;
  /** Ports of this proxy instead of those in `input.endpoints`. */
  ports?: { inbound?: number; outbound?: number; admin?: number; app?: number };
};

export type BootstrapResult =
  | { ok: true; bootstrap: JsonObject; warnings: CompileWarning[] }
  | { ok: false; violations: Violation[] };

export function compileStaticBootstrap(
  input: CompileInput,
  proxyId: string,
  options: BootstrapOptions,
): BootstrapResult {
  const withPorts: CompileInput = {
    ...input,
    overrides: { ...input.overrides, hasHostNames: true, controlPlaneCluster: null },
    endpoints: options.ports
      ? input.endpoints.map((e) => (e.proxyId === proxyId ? portsOf(e, options) : e))
      : input.endpoints,
  };
  const { parts, problems } = compileParts(withPorts, proxyId);
  if (problems.violations.length > 0) return { ok: false, violations: problems.violations };
  const own = withPorts.endpoints.find((endpoint) => endpoint.proxyId === proxyId);
  const inline = (value: Json) => inlineSources(value, parts, options.identityFiles);
  const bootstrap: JsonObject = {
    node: nodeOf(factsOf(input.document), input, proxyId),
    admin: { address: socketAddress(input.overrides.localHost ?? own?.host ?? "127.0.0.1", own?.adminPort ?? 0) },
    static_resources: {
      listeners: [...parts.listeners.values()].map(inline),
      clusters: [...parts.clusters.values()].map(inline),
    },
  };
  return { ok: true, bootstrap, warnings: problems.warnings };
}

function portsOf(endpoint: CompileInput["endpoints"][number], { ports }: BootstrapOptions) {
  return {
    ...endpoint,
    inboundPort: ports?.inbound ?? endpoint.inboundPort,
    outboundPort: ports?.outbound ?? endpoint.outboundPort,
    adminPort: ports?.admin ?? endpoint.adminPort,
    ...(ports?.app === undefined ? {} : { appPort: ports.app }),
  };
}

/** Who the proxy is: the names its metrics carry. The agent writes the same for a proxy on ADS. */
function nodeOf(facts: Facts, input: CompileInput, proxyId: string): JsonObject {
  const own = input.endpoints.find((endpoint) => endpoint.proxyId === proxyId);
  const { namespace = "", workload: name = "" } = own ?? {};
  const workload = facts.workloads.get(keyOf("Workload", namespace, name));
  const gateway = facts.gateways.get(keyOf("Gateway", namespace, name));
  const service = workload?.spec.service ?? name;
  return {
    id: proxyId,
    cluster: service,
    metadata: compact({
      MESHWRIGHT_PROXY_ID: proxyId,
      NAMESPACE: namespace,
      SERVICE: service,
      SERVICE_ACCOUNT: workload ? (workload.spec.serviceAccount ?? service) : (gateway?.spec.serviceAccount ?? name),
      VERSION: workload?.spec.version,
      WORKLOAD: name,
    }),
  };
}

/** Replaces, wherever they stand, RDS by the routes, EDS by the endpoints and SDS by files. */
function inlineSources(value: Json, parts: Parts, files: IdentityFiles): Json {
  if (Array.isArray(value)) return value.map((item) => inlineSources(item, parts, files));
  if (value === null || typeof value !== "object") return value;
  const replaced: JsonObject = {};
  for (const [name, field] of Object.entries(value))
    Object.assign(replaced, inlineField(name, field, value, parts, files));
  return replaced;
}

function inlineField(name: string, field: Json, parent: JsonObject, parts: Parts, files: IdentityFiles): JsonObject {
  const object = field !== null && typeof field === "object" && !Array.isArray(field) ? field : {};
  switch (name) {
    case "rds":
      return { route_config: parts.routes.get(String(object["route_config_name"])) ?? {} };
    case "type":
      return { type: field === "EDS" ? discoveryOf(parts.endpoints.get(String(parent["name"]))) : field };
    case "eds_cluster_config":
      return {
        load_assignment: parts.endpoints.get(String(parent["name"])) ?? { cluster_name: String(parent["name"]) },
      };
    case "tls_certificate_sds_secret_configs":
      return {
        tls_certificates: [
          { certificate_chain: { filename: files.certificateChain }, private_key: { filename: files.privateKey } },
        ],
      };
    case "combined_validation_context": {
      const own = object["default_validation_context"];
      const checks = own !== null && typeof own === "object" && !Array.isArray(own) ? own : {};
      return { validation_context: { trusted_ca: { filename: files.bundle }, ...checks } };
    }
    default:
      return { [name]: inlineSources(field, parts, files) };
  }
}

/** Addresses as they are; names are resolved by the proxy, all addresses of each. */
function discoveryOf(assignment: JsonObject | undefined): "STATIC" | "STRICT_DNS" {
  return addressesIn(assignment ?? {}).every(isIpAddress) ? "STATIC" : "STRICT_DNS";
}

function addressesIn(value: Json): string[] {
  if (value === null || typeof value !== "object") return [];
  if (Array.isArray(value)) return value.flatMap(addressesIn);
  return Object.entries(value).flatMap(([name, field]) =>
    name === "address" && typeof field === "string" ? [field] : addressesIn(field),
  );
}
