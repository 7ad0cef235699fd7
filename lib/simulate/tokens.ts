// The token of a question, and what the JWT filter of a sidecar makes of it. The rule: everything is the proxy's own but the
// signature, which a question says by itself; a token that was pasted as a header is taken to be rightly signed, and that is told.
import type { DynamicMetadata, HttpConnectionPlan, JwtProviderPlan, RoutePlan } from "@meshwright/proxy/plan";
import {
  authenticate,
  JWT_OK,
  JWT_WRONG_AUDIENCE,
  type Jwt,
  type RequestChange,
  requirementOf,
  type TokenChecks,
  withoutParam,
} from "@meshwright/proxy/semantics";
import { JWT_FILTER } from "@/lib/compile/request-authentication";
import { withLine } from "./lines";
import { type Message, viewOf } from "./message";
import { nameOf } from "./names";
import { originOfToken } from "./origins";
import type { Scene } from "./scene";
import { FORGED, SIGNED } from "./token-text";
import type { HopToken } from "./types";

const FAILS = "Jwt verification fails";

export type TokenResult = {
  /** Envoy's words; null: every requirement is met. */
  refusal: { status: 401 | 403; words: string } | null;
  provider: string | null;
  isAssumed: boolean;
  metadata: DynamicMetadata | null;
  changes: readonly RequestChange[];
};

/** Null: nobody looks at tokens here. Time is left out of account: a question has no clock. */
export function askTokens(
  connection: HttpConnectionPlan,
  route: RoutePlan | null,
  message: Message,
): TokenResult | null {
  const filter = connection.filters.find((each) => each.kind === "jwt-authn");
  if (filter?.kind !== "jwt-authn") return null;
  const request = viewOf(message);
  const requirement = requirementOf(filter, route?.filters?.jwt.get(filter.name), request);
  if (requirement === null || typeof requirement === "string") return null;
  const seen: { provider: string | null; isAssumed: boolean } = { provider: null, isAssumed: false };
  const verify: TokenChecks["verify"] = (provider: JwtProviderPlan, { signature }: Jwt) => {
    const word = new TextDecoder().decode(signature);
    if (word === FORGED) return FAILS;
    seen.provider = provider.name;
    seen.isAssumed = word !== SIGNED;
    return JWT_OK;
  };
  const { status, changes, metadata } = authenticate(requirement, request, { now: null, verify });
  const words = status ?? FAILS;
  return {
    refusal: words === JWT_OK ? null : { status: words === JWT_WRONG_AUDIENCE ? 403 : 401, words },
    provider: seen.provider,
    isAssumed: seen.isAssumed,
    metadata: metadata && { [JWT_FILTER]: metadata },
    changes: words === JWT_OK ? changes : [],
  };
}

/** The request as the filter lets it on. */
export function afterTokens(message: Message, { changes }: TokenResult): Message {
  let headers = message.headers;
  let { path } = message;
  for (const change of changes) {
    if (change.kind === "add") headers = [...headers, [change.name, change.value]];
    else if (change.kind === "remove") headers = headers.filter(([name]) => name !== change.name);
    else path = withoutParam(path, change.name);
  }
  return { ...message, path, headers };
}

export function hopToken(scene: Scene, { refusal, provider, isAssumed }: TokenResult): HopToken {
  const origin = provider === null ? null : originOfToken(provider);
  const rule = origin ? { rule: withLine(scene, origin) } : {};
  if (refusal) return { status: refusal.status, why: `the token is refused (${refusal.words})` };
  if (origin === null) return { status: null, why: "it brings no token, which is no reason to refuse it" };
  const assumed = isAssumed ? ", if it is signed as it says" : "";
  return { status: null, why: `${nameOf(origin.object)} takes its token${assumed}`, ...rule };
}
