// Whose tokens count after a request authentication, in words. The rule: it says what happens without a token too, because that
// is what people get wrong.
import type { JwtRule, RequestAuthentication } from "../types";
import { listWords, targetWords } from "./words";

/** `https://issuer.test, for shop or admin` */
export function jwtRuleText({ issuer, audiences }: JwtRule): string {
  return audiences ? `${issuer}, for ${audiences.join(" or ")}` : issuer;
}

export function authenticationEffect({ spec: { target, jwtRules } }: RequestAuthentication): string {
  const who = listWords(jwtRules.map(jwtRuleText));
  return `Tokens that reach ${targetWords(target)} have to be of ${who}; any other gets 401, and a request without one passes`;
}
