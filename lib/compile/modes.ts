// How a service is protected: which connections its sidecar takes, and which refusals are enforced or only reported.
// The steps of adoption, each undone by going one back:
//   observe     TLS and plain text; every policy is evaluated in shadow and reported
//   permissive  TLS and plain text; denials that were written are enforced, the list of allowed callers is in shadow
//   strict      TLS only; otherwise as permissive
//   enforced    TLS only; everything is enforced
import { keyOf, type MutualTls, type MutualTlsMode, type ObjectKey, type Service } from "@/lib/mesh";
import type { Facts } from "./facts";

export type Protection = {
  tls: MutualTlsMode;
  /** Written denials: refused, or counted only. */
  denials: "enforced" | "shadow";
  /** The list of allowed callers: enforced, counted only, or none. */
  allowed: "enforced" | "shadow";
};

/** A MutualTls for the port beats one for the service, that the service's own mode, that one for the namespace, the mesh, the default. */
export function protectionOf(facts: Facts, service: Service, port?: number): Protection {
  const mode = service.spec.mode;
  const tls =
    policyMode(facts, service, port) ?? modeOfStep(mode) ?? scopeMode(facts, service) ?? facts.defaults.mutualTls;
  return {
    tls,
    denials: mode === "observe" ? "shadow" : "enforced",
    // Without TLS there is no identity to compare with, so a list of callers could only refuse everybody.
    allowed: tls === "strict" && (mode === undefined || mode === "enforced") ? "enforced" : "shadow",
  };
}

function modeOfStep(step: Service["spec"]["mode"]): MutualTlsMode | undefined {
  if (step === undefined) return undefined;
  return step === "observe" || step === "permissive" ? "permissive" : "strict";
}

function policyMode(facts: Facts, service: Service, port: number | undefined): MutualTlsMode | undefined {
  const key = keyOf("Service", service.metadata.namespace, service.metadata.name);
  const policies = facts.mutualTls.filter((policy) => targetService(policy) === key);
  for (const policy of policies) {
    const ofPort = policy.spec.ports?.find((entry) => entry.port === port);
    if (ofPort) return ofPort.mode;
  }
  return policies[0]?.spec.mode;
}

function scopeMode(facts: Facts, service: Service): MutualTlsMode | undefined {
  const { namespace } = service.metadata;
  const ofScope = (wanted: string | undefined) =>
    facts.mutualTls.find(({ spec: { target } }) => target?.service === undefined && target?.namespace === wanted);
  return (ofScope(namespace) ?? ofScope(undefined))?.spec.mode;
}

function targetService(policy: MutualTls): ObjectKey | undefined {
  const target = policy.spec.target;
  if (!target?.service) return undefined;
  return keyOf("Service", target.namespace ?? policy.metadata.namespace, target.service);
}
