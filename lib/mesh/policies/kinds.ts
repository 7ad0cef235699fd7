// Which kinds are policies, and how people group them. The rule: a list, a filter or a link that names policies reads it from here.
import type { Kind, MeshObject, ObjectOf } from "../types";

export const POLICY_KINDS = [
  "MutualTls",
  "Route",
  "TcpRoute",
  "Subset",
  "TrafficPolicy",
  "RateLimit",
  "RequestAuthentication",
  "AuthorizationPolicy",
  "Egress",
] as const;
export type PolicyKind = (typeof POLICY_KINDS)[number];
export type PolicyObject = ObjectOf<PolicyKind>;

export const POLICY_FAMILIES = [
  {
    id: "mutual-tls",
    title: "Mutual TLS",
    question: "Which connections must be encrypted and proved?",
    kinds: ["MutualTls"],
  },
  { id: "routing", title: "Routing", question: "Where does a request go?", kinds: ["Route", "TcpRoute", "Subset"] },
  {
    id: "resilience",
    title: "Resilience",
    question: "How much may be asked, and what is taken out?",
    kinds: ["TrafficPolicy", "RateLimit"],
  },
  {
    id: "authorization",
    title: "Authorization",
    question: "Who may do what?",
    kinds: ["AuthorizationPolicy", "RequestAuthentication"],
  },
  { id: "egress", title: "Egress", question: "What may leave the mesh?", kinds: ["Egress"] },
] as const satisfies readonly { id: string; title: string; question: string; kinds: readonly PolicyKind[] }[];
export type PolicyFamily = (typeof POLICY_FAMILIES)[number]["id"];

export const POLICY_WORDS: Record<PolicyKind, string> = {
  MutualTls: "mutual TLS policy",
  Route: "route",
  TcpRoute: "TCP route",
  Subset: "subset",
  TrafficPolicy: "traffic policy",
  RateLimit: "rate limit",
  RequestAuthentication: "request authentication",
  AuthorizationPolicy: "authorization policy",
  Egress: "egress",
};

export function isPolicyKind(kind: Kind | string): kind is PolicyKind {
  return (POLICY_KINDS as readonly string[]).includes(kind);
}

export function isPolicy(object: MeshObject): object is PolicyObject {
  return isPolicyKind(object.kind);
}

export function familyOf(kind: PolicyKind): PolicyFamily {
  return POLICY_FAMILIES.find((family) => (family.kinds as readonly string[]).includes(kind))?.id ?? "routing";
}
