// Envoy InternalRedirectPolicy -> what is done with a redirect that an upstream answers. Rule: a policy that can follow nothing is none.

import { type Any, anyIs, anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  AllowListedRoutesConfigSchema,
  type InternalRedirectPolicy,
  PreviousRoutesConfigSchema,
  SafeCrossSchemeConfigSchema,
} from "../contract/messages";
import type { Scope } from "./scope";
import type { InternalRedirectPlan, RedirectPredicatePlan } from "./types";

/** Envoy defaults. */
const MAX_REDIRECTS = 1;
const CODES = [302];
/** As Envoy: others are passed over. */
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** What frames or routes the request is not the upstream's to say. */
const NOT_COPIED = new Set([
  ..."connection content-length host keep-alive te trailer transfer-encoding upgrade".split(" "),
]);

/** null: redirects go to the caller. */
export function internalRedirects(
  policy: InternalRedirectPolicy | undefined,
  scope: Scope,
): InternalRedirectPlan | null {
  if (policy === undefined) return null;
  const { redirectResponseCodes: asked, responseHeadersToCopy: copied } = policy;
  copied.forEach((name, index) => {
    const isPseudo = name.startsWith(":");
    if (isPseudo || NOT_COPIED.has(name.toLowerCase()))
      scope.item("response_headers_to_copy", index).fail(`${name} frames or routes the request; remove it`);
  });
  return {
    maxRedirects: policy.maxInternalRedirects ?? MAX_REDIRECTS,
    codes: asked.length === 0 ? CODES : asked.filter((code) => REDIRECTS.includes(code)),
    allowsCrossScheme: policy.allowCrossSchemeRedirect,
    predicates: policy.predicates.map(({ typedConfig }, index) =>
      predicateOf(typedConfig, scope.item("predicates", index).field("typed_config")),
    ),
    headersToCopy: copied.map((name) => name.toLowerCase()),
  };
}

function predicateOf(config: Any | undefined, scope: Scope): RedirectPredicatePlan {
  const listed = config && anyUnpack(config, AllowListedRoutesConfigSchema);
  if (listed) return { kind: "allow-listed-routes", names: new Set(listed.allowedRouteNames) };
  if (config && anyIs(config, PreviousRoutesConfigSchema)) return { kind: "previous-routes" };
  if (!config || !anyIs(config, SafeCrossSchemeConfigSchema)) scope.fail("is no predicate of redirects; name one");
  return { kind: "safe-cross-scheme" };
}
