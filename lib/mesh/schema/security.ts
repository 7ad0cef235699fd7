// Kinds that protect: mutual TLS, authorization and egress.
import { z } from "zod";
import { mutualTlsMode } from "./mesh";
import { hostName, httpMethod, labelName, longText, matchText, portNumber, ref, shortText } from "./primitives";

/** No target: the whole mesh. `{namespace}`: that namespace. `{service}`: that service, of the object's namespace unless named. */
export const policyTarget = z.strictObject({ namespace: labelName.optional(), service: labelName.optional() });

export const mutualTlsSpec = z.strictObject({
  target: policyTarget.optional(),
  mode: mutualTlsMode,
  /** Other modes for single ports of the target. */
  ports: z
    .array(z.strictObject({ port: portNumber, mode: mutualTlsMode }))
    .max(64)
    .optional(),
});

/** Within one entry the fields are AND-ed, the values of a field OR-ed. */
export const authorizationSource = z.strictObject({
  /** SPIFFE IDs without the scheme, as `trust-domain/ns/NS/sa/SA`; a `*` at the beginning or end. */
  principals: z.array(matchText.min(1)).min(1).max(256).optional(),
  services: z.array(ref).min(1).max(256).optional(),
  namespaces: z.array(labelName).min(1).max(256).optional(),
});
export const authorizationOperation = z.strictObject({
  methods: z.array(httpMethod).min(1).max(32).optional(),
  /** Exact, or with a `*` at the beginning or end. */
  paths: z.array(matchText.min(1)).min(1).max(256).optional(),
  ports: z.array(portNumber).min(1).max(64).optional(),
  hosts: z.array(hostName).min(1).max(64).optional(),
});
export const authorizationRule = z.strictObject({
  /** Absent means any caller. */
  from: z.array(authorizationSource).min(1).max(64).optional(),
  /** Absent means any operation. */
  to: z.array(authorizationOperation).min(1).max(64).optional(),
});

export const authorizationPolicySpec = z.strictObject({
  target: policyTarget,
  /** allow: granted beside the drawn dependencies; deny wins over allow; audit changes no outcome. */
  action: z.enum(["allow", "deny", "audit"]),
  /** Evaluated and counted, not enforced. */
  shadow: z.boolean().optional(),
  /** No rule: an allow policy that grants nothing, so the target is closed. */
  rules: z.array(authorizationRule).max(256),
});

export const egressSpec = z.strictObject({
  /** Who may call it; absent means every service of the object's namespace that draws a dependency to it. */
  from: z.array(ref).min(1).max(256).optional(),
  to: ref,
  owner: shortText.optional(),
  reason: longText.optional(),
});

export type PolicyTarget = z.infer<typeof policyTarget>;
export type AuthorizationRule = z.infer<typeof authorizationRule>;
export type AuthorizationSource = z.infer<typeof authorizationSource>;
export type AuthorizationOperation = z.infer<typeof authorizationOperation>;
