// How a service is protected: which connections its sidecar takes, and which refusals are enforced or only reported.
// The steps of adoption, each undone by going one back:
//   observe     TLS and plain text; every policy is evaluated in shadow and reported
//   permissive  TLS and plain text; denials that were written are enforced, the list of allowed callers is in shadow
//   strict      TLS only; otherwise as permissive
//   enforced    TLS only; everything is enforced
import { keyOf, type MeshObject, type MutualTls, type MutualTlsMode, type ObjectKey, type Service } from "@/lib/mesh";
import { type Facts as AllFacts, policiesFor } from "./facts";

/** What decides: the policies, the Mesh object and its defaults. */
type Facts = Pick<AllFacts, "mutualTls" | "root" | "defaults">;

export type Protection = {
  tls: MutualTlsMode;
  /** What says so: an object of the design and the path inside it. Null: the default of a document without a Mesh object. */
  tlsFrom: { object: MeshObject; path: string } | null;
  /** Written denials: refused, or counted only. */
  denials: "enforced" | "shadow";
  /** The list of allowed callers: enforced, counted only, or none. */
  allowed: "enforced" | "shadow";
};

/** The same, asking only for what can decide. */
export function protectionIn(facts: AllFacts, service: Service, port?: number): Protection {
  const { root, defaults } = facts;
  return protectionOf({ root, defaults, mutualTls: policiesFor(facts.mutualTlsOn, service) }, service, port);
}

/**
 * Of a TCP port. In plain text nothing tells a sidecar for which port of its service a connection is, so beside other ports it is in
 * mutual TLS between sidecars whatever the mode.
 */
export function tcpProtectionIn(facts: AllFacts, service: Service, port: number): Protection {
  const protection = protectionIn(facts, service, port);
  return protection.tls === "disable" && !takesPlainTcp(service) ? { ...protection, tls: "permissive" } : protection;
}

/** With one port there is nothing to tell apart. */
export const takesPlainTcp = ({ spec: { ports } }: Service): boolean => ports.length === 1;

/** A MutualTls for the port beats one for the service, that the service's own mode, that one for the namespace, the mesh, the default. */
export function protectionOf(facts: Facts, service: Service, port?: number): Protection {
  const mode = service.spec.mode;
  const said =
    policyMode(facts, service, port) ?? modeOfStep(service) ?? scopeMode(facts, service) ?? defaultMode(facts);
  const tls = said.mode;
  return {
    tls,
    tlsFrom: said.object && { object: said.object, path: said.path },
    denials: mode === "observe" ? "shadow" : "enforced",
    // Without TLS there is no identity to compare with, so a list of callers could only refuse everybody.
    allowed: tls === "strict" && (mode === undefined || mode === "enforced") ? "enforced" : "shadow",
  };
}

type Said = { mode: MutualTlsMode; object: MeshObject | null; path: string };

function modeOfStep(service: Service): Said | undefined {
  const step = service.spec.mode;
  if (step === undefined) return undefined;
  const mode = step === "observe" || step === "permissive" ? "permissive" : "strict";
  return { mode, object: service, path: "spec.mode" };
}

function defaultMode({ root, defaults }: Facts): Said {
  return { mode: defaults.mutualTls, object: root ?? null, path: "spec.defaults.mutualTls" };
}

function policyMode(facts: Facts, service: Service, port: number | undefined): Said | undefined {
  const key = keyOf("Service", service.metadata.namespace, service.metadata.name);
  const policies = facts.mutualTls.filter((policy) => targetService(policy) === key);
  for (const policy of policies) {
    const index = policy.spec.ports?.findIndex((entry) => entry.port === port) ?? -1;
    const ofPort = policy.spec.ports?.[index];
    if (ofPort) return { mode: ofPort.mode, object: policy, path: `spec.ports[${index}].mode` };
  }
  return modeOf(policies[0]);
}

function scopeMode(facts: Facts, service: Service): Said | undefined {
  const { namespace } = service.metadata;
  const ofScope = (wanted: string | undefined) =>
    facts.mutualTls.find(({ spec: { target } }) => target?.service === undefined && target?.namespace === wanted);
  return modeOf(ofScope(namespace) ?? ofScope(undefined));
}

const modeOf = (policy: MutualTls | undefined): Said | undefined =>
  policy && { mode: policy.spec.mode, object: policy, path: "spec.mode" };

function targetService(policy: MutualTls): ObjectKey | undefined {
  const target = policy.spec.target;
  if (!target?.service) return undefined;
  return keyOf("Service", target.namespace ?? policy.metadata.namespace, target.service);
}
