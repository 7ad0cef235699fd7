// Ports, ends of dependencies and what policies may point at.
import type { MeshIndex } from "../index-document";
import { isCallerOnly, keyOf, refKey } from "../refs";
import { isPlainListener } from "../server-names";
import type { Listener, MeshObject, ObjectKey, Path, SpecOf } from "../types";
import type { Complaint } from "./complaint";

export function violationsOfTopology(object: MeshObject, index: MeshIndex): Complaint[] {
  switch (object.kind) {
    case "Service":
    case "ExternalService":
      return [
        ...repeated(
          object.spec.ports.map((port) => port.name),
          (i) => ["spec", "ports", i, "name"],
          "port name",
        ),
        ...repeated(
          object.spec.ports.map((port) => port.port),
          (i) => ["spec", "ports", i, "port"],
          "port",
        ),
        ...(object.kind === "ExternalService" ? [...tlsClashes(object.spec), ...resolutionClashes(object.spec)] : []),
      ];
    case "Gateway":
      return [
        ...repeated(
          object.spec.listeners.map((each) => each.name),
          (i) => ["spec", "listeners", i, "name"],
          "listener name",
        ),
        ...portClashes(object.spec.listeners),
        ...certificateClashes(object.spec.listeners),
        ...redirectClashes(object.spec.listeners),
        ...proxyProtocolClashes(object.spec.listeners),
      ];
    case "Dependency": {
      const { from, to, port } = object.spec;
      const complaints: Complaint[] = [];
      if (from.kind === "ExternalService" && to.kind !== "Gateway") {
        const fix = "Draw it from an ingress gateway: what is outside reaches the mesh there.";
        complaints.push({ path: ["spec", "from"], message: "begins outside the mesh", fix });
      }
      if (refKey(from, object) === refKey(to, object)) {
        complaints.push({ path: ["spec", "to"], message: "leads from a thing to itself", fix: "Remove it." });
      }
      const callee = index.get(refKey(to, object));
      if (callee && isCallerOnly(callee)) {
        const message = `leads to Workload ${callee.metadata.name}, which serves nothing`;
        complaints.push({ path: ["spec", "to"], message, fix: "Name the service that it runs in spec.service." });
      }
      return [...complaints, ...unknownPort(index, refKey(to, object), port, ["spec", "port"])];
    }
    case "Egress":
      if (object.spec.to.kind === "ExternalService") return [];
      return [
        { path: ["spec", "to", "kind"], message: "must be an ExternalService", fix: "Name the external service." },
      ];
    case "MutualTls": {
      const { target, ports } = object.spec;
      if (!ports || ports.length === 0) return [];
      if (!target?.service) {
        const fix = "Name a service in the target, or remove the ports.";
        return [{ path: ["spec", "ports"], message: "has modes for ports without a service", fix }];
      }
      const key = keyOf("Service", target.namespace ?? object.metadata.namespace, target.service);
      return [
        ...repeated(
          ports.map((each) => each.port),
          (i) => ["spec", "ports", i, "port"],
          "port",
        ),
        ...ports.flatMap((each, i) => unknownPort(index, key, each.port, ["spec", "ports", i, "port"])),
      ];
    }
    default:
      return [];
  }
}

/** A port that the service, gateway or external service does not have. */
export function unknownPort(index: MeshIndex, key: ObjectKey, port: number | undefined, path: Path): Complaint[] {
  const target = port === undefined ? undefined : index.get(key);
  if (port === undefined || !target) return [];
  const ports = portsOf(target);
  if (!ports || ports.includes(port)) return [];
  const message = `names port ${port}, which ${target.kind} ${target.metadata.name} does not have`;
  return [{ path, message, fix: `Use ${ports.join(" or ")}, or add the port there.` }];
}

function portsOf(object: MeshObject): number[] | undefined {
  if (object.kind === "Service" || object.kind === "ExternalService") return object.spec.ports.map((each) => each.port);
  if (object.kind === "Gateway") return object.spec.listeners.map((each) => each.port);
  return undefined;
}

function repeated(values: (string | number)[], path: (i: number) => Path, what: string): Complaint[] {
  if (values.length < 2) return [];
  return values.flatMap((value, i) =>
    values.indexOf(value) === i
      ? []
      : [{ path: path(i), message: `repeats the ${what} ${value}`, fix: "Give each its own." }],
  );
}

/** TLS that nobody makes, that asks for nobody, or that verifies what it says is not verified. */
function tlsClashes({ tls, hosts, ports }: SpecOf<"ExternalService">): Complaint[] {
  if (!tls) return [];
  const path: Path = ["spec", "tls"];
  const complaints: Complaint[] = [];
  if (ports.every(({ protocol }) => protocol === "tcp")) {
    const message = "is for ports that speak HTTP, and there is none: at a tcp port the app speaks TLS itself";
    complaints.push({ path, message, fix: "Give a port protocol http, http2 or grpc, or take tls away." });
  }
  const pattern = hosts.find((host) => host.includes("*"));
  if (pattern !== undefined && tls.sni === undefined) {
    const message = `is missing: host ${pattern} is a pattern, so it does not say which name to ask for`;
    complaints.push({ path: [...path, "sni"], message, fix: "Name the server, or list the hosts." });
  }
  const verified = (["subjectAltNames", "authorities"] as const).find((field) => tls[field] !== undefined);
  if (tls.insecureSkipVerify && verified) {
    const message = `verifies nothing, and ${verified} says by what to verify`;
    const fix = `Take insecureSkipVerify away, or ${verified}.`;
    complaints.push({ path: [...path, "insecureSkipVerify"], message, fix });
  }
  return complaints;
}

/** One address at a time is of one name: Envoy refuses a LOGICAL_DNS cluster of several endpoints. */
function resolutionClashes({ resolution, endpoints = [], ports }: SpecOf<"ExternalService">): Complaint[] {
  if (resolution === undefined) return [];
  const isOnly = ports.length === 1;
  const crowded = ports.find(({ port }) => endpoints.filter((each) => isOnly || each.port === port).length > 1);
  if (!crowded) return [];
  const message = `uses one address at a time, and port ${crowded.port} has several endpoints, which share the calls`;
  return [{ path: ["spec", "resolution"], message, fix: "Keep one endpoint for each port, or take resolution away." }];
}

/** What only a client with a certificate can have: Envoy refuses the others then, whatever the mode. */
const CLIENTS_HAVE = [
  { field: "names", word: "names" },
  { field: "pinnedKeys", word: "pinned keys" },
  { field: "pinnedCertificates", word: "pinned certificates" },
] as const;

/** A certificate is what https needs, and what nothing else has a use for. */
function certificateClashes(listeners: readonly Listener[]): Complaint[] {
  return listeners.flatMap(({ protocol, tls }, i): Complaint[] => {
    const path: Path = ["spec", "listeners", i, "tls"];
    const wanted = CLIENTS_HAVE.find(({ field }) => tls?.clients?.[field]);
    if (protocol === "https" && tls?.clients?.mode === "optional" && wanted) {
      const message = `lets clients in without a certificate, and asks for ${wanted.word}, which such clients do not have`;
      const fix = `Say mode: required, or take ${wanted.field} away.`;
      return [{ path: [...path, "clients", "mode"], message, fix }];
    }
    if (protocol === "https" && tls === undefined) {
      const message = "is missing: a listener of protocol https shows a certificate";
      return [{ path, message, fix: "Name it, as { certificate: shop-example-com }." }];
    }
    if (protocol === "https" || tls === undefined) return [];
    const message = `names a certificate, which a listener of protocol ${protocol} does not show`;
    return [{ path, message, fix: "Give the listener protocol https, or take tls away." }];
  });
}

/** What comes in TLS already, or is no request, is not sent on to HTTPS. */
function redirectClashes(listeners: readonly Listener[]): Complaint[] {
  return listeners.flatMap((listener, i): Complaint[] => {
    if (!listener.httpsRedirect || isPlainListener(listener)) return [];
    const message = `sends requests on to HTTPS, which a listener of protocol ${listener.protocol} does not take without TLS`;
    const fix = "Give the listener protocol http, or take httpsRedirect away.";
    return [{ path: ["spec", "listeners", i, "httpsRedirect"], message, fix }];
  });
}

/** A connection begins with the header before anybody can tell whose it is. */
function proxyProtocolClashes(listeners: readonly Listener[]): Complaint[] {
  return listeners.flatMap((listener, i): Complaint[] => {
    const other = listeners.slice(0, i).find((each) => each.port === listener.port);
    if (!other || other.proxyProtocol === listener.proxyProtocol) return [];
    const message = `differs from listener ${other.name} at the same port, which takes the PROXY protocol from everybody or from nobody`;
    const fix = "Say the same at both, or give one another port.";
    return [{ path: ["spec", "listeners", i, "proxyProtocol"], message, fix }];
  });
}

/** Listeners may share a port only when they speak the same protocol and serve different hosts. */
function portClashes(listeners: readonly { port: number; protocol: string; hosts: string[] }[]): Complaint[] {
  return listeners.flatMap((listener, i) => {
    const before = listeners.slice(0, i).filter((each) => each.port === listener.port);
    if (before.some((each) => each.protocol !== listener.protocol)) {
      const message = `uses port ${listener.port} with another protocol than the listener before`;
      return [{ path: ["spec", "listeners", i, "port"], message, fix: "Choose another port." }];
    }
    const shared = listener.hosts.find((host) => before.some((each) => each.hosts.includes(host)));
    if (shared === undefined) return [];
    const message = `serves host ${shared} on port ${listener.port} as the listener before does`;
    return [{ path: ["spec", "listeners", i, "hosts"], message, fix: "Let one listener serve each host of a port." }];
  });
}
