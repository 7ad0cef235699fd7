// Kinds that protect: mutual TLS, authorization and egress.
import { z } from "zod";
import { addressBlock, authorizationCondition, hostPattern, methodPattern, namePattern } from "./conditions";
import { mutualTlsMode } from "./mesh";
import { headerName, labelName, longText, matchText, portNumber, ref, shortText } from "./primitives";

/** No target: the whole mesh. `{namespace}`: that namespace. `{service}`: that service, of the object's namespace unless named. */
export const policyTarget = z.strictObject({
  namespace: labelName.optional().describe("A namespace: everything in it, or where the service is."),
  service: labelName.optional().describe("One service, of the object's namespace unless a namespace is named."),
});

/** As a policy's target, and a gateway: for the action custom, which is all that a gateway keeps. */
export const authorizationTarget = policyTarget.extend({
  gateway: labelName
    .optional()
    .describe(
      "Action custom only: one gateway, of the object's namespace unless a namespace is named. Targets without it mean services.",
    ),
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

/** As Istio's conditions on request.auth.claims: a claim that is a list is searched. */
export const claimCondition = z
  .strictObject({
    claim: z.array(shortText.min(1)).min(1).max(8).describe("The claim's name, then names within it."),
    type: z.enum(["exact", "prefix", "suffix", "present"]).describe("How the values are compared; present takes none."),
    values: z.array(matchText.min(1)).min(1).max(64).optional().describe("Any of these values."),
    invert: z.boolean().optional().describe("Holds when the condition does not, also for a request without a token."),
  })
  .refine(({ type, values }) => (type === "present") === (values === undefined), {
    error: 'needs values, unless its type is "present", which takes none',
    path: ["values"],
  });
/** Within one entry the fields are AND-ed, the values of a field OR-ed. */
export const authorizationSource = z.strictObject({
  principals: z
    .array(matchText.min(1))
    .min(1)
    .max(256)
    .optional()
    .describe("SPIFFE IDs without the scheme, as trust-domain/ns/NS/sa/SA; a * at the beginning or end."),
  notPrincipals: z
    .array(matchText.min(1))
    .min(1)
    .max(256)
    .optional()
    .describe("None of these; also holds for a caller without an identity."),
  services: z.array(ref).min(1).max(256).optional().describe("Services, gateways or workloads of this design."),
  namespaces: z
    .array(namePattern)
    .min(1)
    .max(256)
    .optional()
    .describe("Everything in these namespaces; a * at the beginning or end."),
  notNamespaces: z
    .array(namePattern)
    .min(1)
    .max(256)
    .optional()
    .describe("Nothing of these; also holds for a caller without an identity."),
  addresses: z
    .array(addressBlock)
    .min(1)
    .max(256)
    .optional()
    .describe(
      "Where the connection comes from: addresses or ranges, as 10.0.0.0/8. Behind a gateway that is the gateway.",
    ),
  notAddresses: z.array(addressBlock).min(1).max(256).optional().describe("None of these."),
  clientAddresses: z
    .array(addressBlock)
    .min(1)
    .max(256)
    .optional()
    .describe("Of the client behind the gateways, from x-forwarded-for: only as true as whoever wrote that."),
  notClientAddresses: z.array(addressBlock).min(1).max(256).optional().describe("None of these."),
  requestPrincipals: z
    .array(matchText.min(1))
    .min(1)
    .max(256)
    .optional()
    .describe(
      "Issuer and subject of the request's token, as ISSUER/SUBJECT; a * at the beginning or end; *: any token.",
    ),
  notRequestPrincipals: z
    .array(matchText.min(1))
    .min(1)
    .max(256)
    .optional()
    .describe("None of these; also holds for a request without a token."),
  claims: z.array(claimCondition).min(1).max(32).optional().describe("All of these, of the request's token."),
});
/** `invert` is "not", as Istio's notValues: it also holds when the header is absent. In a route's match it does not, as in Envoy. */
export const headerCondition = z
  .strictObject({
    name: z
      .union([headerName, z.enum([":method", ":path", ":authority", ":scheme"])])
      .describe("The header's name; case does not matter. Or :method, :path, :authority, :scheme."),
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
const methodList = z.array(methodPattern).min(1).max(32).optional();
const pathList = z.array(matchText.min(1)).min(1).max(256).optional();
const portList = z.array(portNumber).min(1).max(64).optional();
const hostList = z.array(hostPattern).min(1).max(64).optional();
export const authorizationOperation = z.strictObject({
  methods: methodList.describe("Any of these HTTP methods; a * at the beginning or end."),
  notMethods: methodList.describe("None of these."),
  paths: pathList.describe(
    "Any of these paths: exact, with a * at the beginning or end, or a template: {*} is one segment, {**} any number.",
  ),
  notPaths: pathList.describe("None of these."),
  ports: portList.describe("Any of these ports of the target."),
  notPorts: portList.describe("None of these."),
  hosts: hostList.describe("Any of these hosts, as the caller names them; a * at the beginning or end."),
  notHosts: hostList.describe("None of these."),
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
  when: z.array(authorizationCondition).min(1).max(32).optional().describe("All of these hold as well."),
});

export const authorizationPolicySpec = z.strictObject({
  target: authorizationTarget.describe("What is protected; {}: the whole mesh."),
  action: z
    .enum(["allow", "deny", "audit", "custom"])
    .describe(
      "allow: granted beside the drawn dependencies; deny: wins over allow; audit: changes no outcome; custom: an authorizer is asked, before the others.",
    ),
  authorizer: shortText
    .min(1)
    .optional()
    .describe("Action custom only: the authorizer of the mesh that is asked; who it refuses is refused."),
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

export type PolicyTarget = z.infer<typeof authorizationTarget>;
export type AuthorizationRule = z.infer<typeof authorizationRule>;
export type AuthorizationSource = z.infer<typeof authorizationSource>;
export type AuthorizationOperation = z.infer<typeof authorizationOperation>;
export type { AuthorizationCondition } from "./conditions";
export type ClaimCondition = z.infer<typeof claimCondition>;
export type HeaderCondition = z.infer<typeof headerCondition>;
