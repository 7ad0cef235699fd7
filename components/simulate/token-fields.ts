// The token of a question as fields of its form: who signed it, what it says, and whether that is true.
// Rule: a claim that two fields name is asked about, never chosen between.
import type { MeshDocument } from "@/lib/mesh";
import type { Question, QuestionToken } from "@/lib/simulate";

export interface TokenFields {
  /** The claim iss. */
  issuer: string;
  /** The other claims, as a JSON object. */
  claims: string;
  /** Not signed by who it says. */
  isForged: boolean;
}

export const NO_TOKEN: TokenFields = { issuer: "", claims: "", isForged: false };
/** As the API takes them. */
const MAX_CLAIMS = 8192;

export const hasToken = ({ issuer, claims }: TokenFields): boolean => issuer.trim() !== "" || claims.trim() !== "";

export function tokenProblems({ issuer, claims, isForged }: TokenFields): Partial<Record<keyof TokenFields, string>> {
  if (!hasToken({ issuer, claims, isForged })) {
    return isForged ? { isForged: "There is no token yet: name its issuer or its claims." } : {};
  }
  const read = claimsOf(claims);
  if (typeof read === "string") return { claims: read };
  if (issuer.trim() !== "" && "iss" in read) return { claims: "The issuer stands in its own field: remove iss here." };
  return {};
}

/** What is wrong, or the claims. */
function claimsOf(text: string): QuestionToken["claims"] | string {
  if (text.trim() === "") return {};
  if (text.length > MAX_CLAIMS) return `Claims have at most ${MAX_CLAIMS} characters.`;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return 'Claims are a JSON object, as {"sub": "ann"}.';
    }
    return "" in value ? "A claim has a name." : (value as QuestionToken["claims"]);
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : "it cannot be read"}.`;
  }
}

export function tokenOf(fields: TokenFields): Pick<Question, "token"> {
  const claims = claimsOf(fields.claims);
  if (!hasToken(fields) || typeof claims === "string") return {};
  const issuer = fields.issuer.trim();
  const said = issuer === "" ? claims : { iss: issuer, ...claims };
  return { token: { claims: said, ...(fields.isForged ? { isForged: true } : {}) } };
}

export function fieldsOfToken(token: QuestionToken | undefined): TokenFields {
  if (!token) return NO_TOKEN;
  const { iss, ...others } = token.claims;
  const isText = typeof iss === "string" && iss.trim() === iss && iss !== "";
  const claims = isText ? others : token.claims;
  return {
    issuer: isText ? iss : "",
    claims: Object.keys(claims).length === 0 && isText ? "" : JSON.stringify(claims),
    isForged: token.isForged === true,
  };
}

/** Whose tokens sidecars of this design look at. */
export function issuersIn({ objects }: MeshDocument): string[] {
  const issuers = objects.flatMap((each) =>
    each.kind === "RequestAuthentication" ? each.spec.jwtRules.map(({ issuer }) => issuer) : [],
  );
  return [...new Set(issuers)].sort();
}
