// MW1051: tokens are looked at, and a request without one passes all the same.
import { API_VERSION, isOfKind, keyOf, type MeshIndex, objectKey, type RequestAuthentication } from "@/lib/mesh";
import type { Fix, KindsAnalyzer } from "../finding";
import { servicesOf, sourcesAskingOfTokens } from "../tokens";

export const mw1051TokenNotAsked: KindsAnalyzer = {
  code: "MW1051",
  title: "Tokens that nobody asks for",
  area: "access",
  scope: "object",
  kinds: ["RequestAuthentication"],
  looksWide: true,
  run(index, object) {
    if (!isOfKind("RequestAuthentication", object)) return [];
    const services = servicesOf(index, object);
    if (services.length === 0 || isForTheApp(object) || services.some((service) => isAsked(index, service))) return [];
    const { name } = object.metadata;
    return [
      {
        code: "MW1051",
        severity: "warning",
        message: `${name} takes requests without a token: no policy asks for one.`,
        cause:
          "A request authentication refuses wrong tokens only. Who leaves the token out is let by, so it protects nothing by itself.",
        refs: [objectKey(object)],
        path: "spec.jwtRules",
        fixes: fixesFor(index, object),
      },
    ];
  },
};

/** The app is told what the token says, and may refuse by itself. */
const isForTheApp = ({ spec }: RequestAuthentication): boolean =>
  spec.jwtRules.every((rule) => rule.forward || rule.outputPayloadToHeader || rule.outputClaimToHeaders);

const isAsked = (index: MeshIndex, service: string): boolean =>
  index.authorizationsOn(service).some((policy) => {
    const isEnforced = policy.spec.action !== "audit" && !policy.spec.shadow;
    return isEnforced && sourcesAskingOfTokens(policy).length > 0;
  });

function fixesFor(index: MeshIndex, { metadata, spec }: RequestAuthentication): Fix[] {
  const name = `${metadata.name}-needed`.slice(0, 253);
  if (index.get(keyOf("AuthorizationPolicy", metadata.namespace, name))) return [];
  return [
    {
      title: "Refuse requests without a token",
      command: {
        type: "addObject",
        object: {
          apiVersion: API_VERSION,
          kind: "AuthorizationPolicy",
          metadata: { name, namespace: metadata.namespace },
          spec: { target: spec.target, action: "deny", rules: [{ from: [{ notRequestPrincipals: ["*"] }] }] },
        },
      },
    },
  ];
}
