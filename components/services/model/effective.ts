// What applies to one service, in words, each with the object that says so. Job: mutual TLS, callers, routing, resilience, egress.
// Rule: pure; it asks the compiler's own rules and the policies' own words, and names the default where nobody wrote a policy.

import { listInWords } from "@/components/ui/format";
import { factsOf } from "@/lib/compile/facts";
import { protectionOf } from "@/lib/compile/modes";
import { buildIndex, type MeshDocument, type MeshIndex, objectKey, refKey, type Service } from "@/lib/mesh";
import { effectOf, POLICY_WORDS, type PolicyObject } from "@/lib/mesh/policies";

export interface Source {
  key: string;
  words: string;
}

export interface Effective {
  area: "Mutual TLS" | "Who may call" | "Routing" | "Resilience" | "What it may call outside";
  sentence: string;
  /** The object that says so; null where a default of the product holds. */
  from: Source | null;
}

const mtlsWords = {
  strict: "Takes mutual TLS only; plain text is refused.",
  permissive: "Takes mutual TLS and plain text.",
  disable: "Takes plain text only; nobody proves who they are.",
};

export type Step = "observe" | "permissive" | "strict" | "enforced";

/** The step of adoption that a service stands on, said or derived from what applies. */
export function stepOf(document: MeshDocument, service: Service): Step {
  if (service.spec.mode) return service.spec.mode;
  const { tls, allowed } = protectionOf(factsOf(document), service);
  if (tls !== "strict") return "permissive";
  return allowed === "enforced" ? "enforced" : "strict";
}

export function effectiveOn(document: MeshDocument, service: Service): Effective[] {
  const index = buildIndex(document);
  return [
    mutualTls(document, service),
    ...callers(document, index, service),
    ...routing(index, service),
    ...resilience(index, service),
    ...outside(index, service),
  ];
}

const sourceOf = (policy: PolicyObject): Source => ({
  key: objectKey(policy),
  words: `${POLICY_WORDS[policy.kind]} ${policy.metadata.name}`,
});

function meshDefault(index: MeshIndex): Source | null {
  return index.mesh ? { key: objectKey(index.mesh), words: "default of the mesh" } : null;
}

function mutualTls(document: MeshDocument, service: Service): Effective {
  const { tls, tlsFrom } = protectionOf(factsOf(document), service);
  const object = tlsFrom?.object;
  const from = !object
    ? null
    : object.kind === "MutualTls"
      ? sourceOf(object)
      : { key: objectKey(object), words: object.kind === "Mesh" ? "default of the mesh" : "the service's own step" };
  return { area: "Mutual TLS", sentence: mtlsWords[tls], from };
}

function callers(document: MeshDocument, index: MeshIndex, service: Service): Effective[] {
  const key = objectKey(service);
  const policies = [...index.authenticationsOn(key), ...index.authorizationsOn(key)];
  const { allowed } = protectionOf(factsOf(document), service);
  const said = policies.map((policy) => ({
    area: "Who may call" as const,
    sentence: `${effectOf(policy, index)}.`,
    from: sourceOf(policy),
  }));
  const rule = index.mesh?.spec.defaults.authorization ?? "drawn";
  const drawn = index.dependenciesTo(key).map((each) => each.spec.from.name);
  const words = {
    allow: "Everybody in the mesh may call.",
    deny: "Nobody may call whom no policy allows.",
    drawn:
      drawn.length > 0 ? `${listInWords(drawn, 6)} may call, as drawn.` : "Nobody may call: no line is drawn to it.",
  };
  const shadow = allowed === "shadow" && rule !== "allow" ? " Counted only, nobody is refused yet." : "";
  return [{ area: "Who may call", sentence: `${words[rule]}${shadow}`, from: meshDefault(index) }, ...said];
}

function routing(index: MeshIndex, service: Service): Effective[] {
  const routes = index.routesOf(objectKey(service));
  if (routes.length === 0)
    return [
      { area: "Routing", sentence: "Every request goes to all its instances alike, without a time limit.", from: null },
    ];
  return routes.map((route) => ({ area: "Routing", sentence: `${effectOf(route, index)}.`, from: sourceOf(route) }));
}

function resilience(index: MeshIndex, service: Service): Effective[] {
  const policies = index.trafficPoliciesOf(objectKey(service));
  if (policies.length === 0)
    return [
      {
        area: "Resilience",
        sentence: "No instance is taken out after errors, and only the proxy's own limits hold.",
        from: null,
      },
    ];
  return policies.map((policy) => ({
    area: "Resilience",
    sentence: `${effectOf(policy, index)}.`,
    from: sourceOf(policy),
  }));
}

function outside(index: MeshIndex, service: Service): Effective[] {
  const externals = index
    .dependenciesFrom(objectKey(service))
    .flatMap((each) => (each.spec.to.kind === "ExternalService" ? [refKey(each.spec.to, each)] : []));
  return externals.flatMap((key) =>
    index.egressesTo(key).map((policy) => ({
      area: "What it may call outside" as const,
      sentence: `${effectOf(policy, index)}.`,
      from: sourceOf(policy),
    })),
  );
}
