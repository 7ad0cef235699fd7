// The kind that says whose tokens count. The rule: a request without a token passes, as in Istio; who must have one says an
// authorization policy.
import { z } from "zod";
import { headerName, shortText } from "./primitives";
import { policyTarget } from "./security";

/** No line breaks, which would end a header. */
const place = shortText.regex(/^[^\r\n\0]+$/, "must not be empty and have no line breaks");
const MAX_JWKS = 65_536;

export const jwtRule = z
  .strictObject({
    issuer: shortText.min(1, "must not be empty").describe("Who signs the tokens: their iss."),
    audiences: z
      .array(shortText.min(1))
      .min(1)
      .max(64)
      .optional()
      .describe("A token must be for one of these (aud); absent: any."),
    jwks: z
      .string()
      .max(MAX_JWKS, "must have at most 65536 characters")
      .optional()
      .describe("The issuer's public keys, as a JSON Web Key Set."),
    jwksUri: z
      .string()
      .max(2048)
      .regex(/^https?:\/\/[^/?#\s@]+([/?][^#\s]*)?$/, "must be a URL that begins with https:// or http://")
      .optional()
      .describe("Where each sidecar fetches the keys itself, every 10 minutes."),
    fromHeaders: z
      .array(
        z.strictObject({
          name: headerName.describe("The header."),
          prefix: place.optional().describe("What stands before the token, with its space."),
        }),
      )
      .min(1)
      .max(16)
      .optional()
      .describe(
        "Headers that hold the token; without any place: Authorization: Bearer, and the parameter access_token.",
      ),
    fromParams: z.array(place).min(1).max(16).optional().describe("Query parameters that hold the token."),
    fromCookies: z.array(place).min(1).max(16).optional().describe("Cookies that hold the token."),
    forward: z.boolean().optional().describe("The token goes on to the app; absent: it is taken out."),
    outputPayloadToHeader: headerName.optional().describe("The payload goes to the app in this header, as Base64url."),
    outputClaimToHeaders: z
      .array(
        z.strictObject({
          header: headerName.describe("The header that the app gets."),
          claim: shortText.min(1).describe("The claim; a.b for b within a."),
        }),
      )
      .min(1)
      .max(32)
      .optional()
      .describe("Claims that go to the app as headers."),
  })
  .refine(({ jwks, jwksUri }) => (jwks === undefined) !== (jwksUri === undefined), {
    error: "needs either jwks, the keys themselves, or jwksUri, where they are",
    path: ["jwks"],
  });

export const requestAuthenticationSpec = z.strictObject({
  target: policyTarget.describe("Whose callers' tokens are looked at; {}: the whole mesh."),
  jwtRules: z.array(jwtRule).min(1, "must have at least one rule").max(32).describe("One for each issuer."),
});

export type JwtRule = z.infer<typeof jwtRule>;
