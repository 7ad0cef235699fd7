// Kinds that protect: mutual TLS, authorization and egress.
import { z } from "zod";
import { mutualTlsMode } from "./mesh";
import {
  headerName,
  hostName,
  httpMethod,
  labelName,
  longText,
  matchText,
  portNumber,
  ref,
  shortText,
} from "./primitives";

/** No target: the whole mesh. `{namespace}`: that namespace. `{service}`: that service, of the object's namespace unless named. */
export const policyTarget = z.strictObject({
  namespace: labelName.optional().describe("A namespace: everything in it, or where the service is."),
  service: labelName.optional().describe("One service, of the object's namespace unless a namespace is named."),
});

export const mutualTlsSpec = z.strictObject({
  target: policyTarget.optional().describe("What it is for; absent: the whole mesh."),
  mode: mutualTlsMode.describe("strict: mutual TLS or nothing; permissive: plain text too; disable: plain text only."),
  ports: z
    .array(
      z.strictObject({
        port: portNumber.describe("A port of the target service."),
        mode: mutualTlsMode.describe("The mode on this port."),
      }),
    )
    .max(64)
    .optional()
    .describe("Other modes for single ports of the target."),
});

/** Within one entry the fields are AND-ed, the values of a field OR-ed. */
export const authorizationSource = z.strictObject({
  principals: z
    .array(matchText.min(1))
    .min(1)
    .max(256)
    .optional()
    .describe("SPIFFE IDs without the scheme, as trust-domain/ns/NS/sa/SA; a * at the beginning or end."),
  services: z.array(ref).min(1).max(256).optional().describe("Services, gateways or workloads of this design."),
  namespaces: z.array(labelName).min(1).max(256).optional().describe("Everything in these namespaces."),
});
/** `invert` is "not", as Istio's notValues: it also holds when the header is absent. In a route's match it does not, as in Envoy. */
export const headerCondition = z
  .strictObject({
    name: headerName.describe("The header's name; case does not matter."),
    type: z
      .enum(["exact", "prefix", "suffix", "contains", "regex", "present"])
      .describe("How the values are compared; regex: RE2, whole value; present takes no values."),
    values: z.array(matchText.min(1)).min(1).max(64).optional().describe("Any of these values."),
    invert: z
      .boolean()
      .optional()
      .describe("Holds when the condition does not, also for a request without the header."),
  })
  .refine(({ type, values }) => (type === "present") === (values === undefined), {
    error: 'needs values, unless its type is "present", which takes none',
    path: ["values"],
  });
export const authorizationOperation = z.strictObject({
  methods: z.array(httpMethod).min(1).max(32).optional().describe("Any of these HTTP methods."),
  paths: z
    .array(matchText.min(1))
    .min(1)
    .max(256)
    .optional()
    .describe("Any of these paths: exact, or with a * at the beginning or end."),
  ports: z.array(portNumber).min(1).max(64).optional().describe("Any of these ports of the target."),
  hosts: z.array(hostName).min(1).max(64).optional().describe("Any of these hosts, as the caller names them."),
  headers: z
    .array(headerCondition)
    .min(1)
    .max(32)
    .optional()
    .describe("All of these headers. The caller writes them: they tell requests apart, not callers."),
});
export const authorizationRule = z.strictObject({
  from: z.array(authorizationSource).min(1).max(64).optional().describe("Any of these callers; absent: any caller."),
  to: z.array(authorizationOperation).min(1).max(64).optional().describe("Any of these operations; absent: any."),
});

export const authorizationPolicySpec = z.strictObject({
  target: policyTarget.describe("What is protected; {}: the whole mesh."),
  action: z
    .enum(["allow", "deny", "audit"])
    .describe("allow: granted beside the drawn dependencies; deny: wins over allow; audit: changes no outcome."),
  shadow: z.boolean().optional().describe("Evaluated and counted, not enforced."),
  rules: z
    .array(authorizationRule)
    .max(256)
    .describe("Any of them has to match. An allow policy without rules grants nothing, so the target is closed."),
});

export const egressSpec = z.strictObject({
  from: z
    .array(ref)
    .min(1)
    .max(256)
    .optional()
    .describe("Who may call it; absent: every service of the namespace that draws a dependency to it."),
  to: ref.describe("The external service."),
  owner: shortText.optional().describe("Who answers for it."),
  reason: longText.optional().describe("Why it is open."),
});

export type PolicyTarget = z.infer<typeof policyTarget>;
export type AuthorizationRule = z.infer<typeof authorizationRule>;
export type AuthorizationSource = z.infer<typeof authorizationSource>;
export type AuthorizationOperation = z.infer<typeof authorizationOperation>;
export type HeaderCondition = z.infer<typeof headerCondition>;
