// RequestAuthentication, both ways. The rule: a rule whose keys Istio would look up by itself cannot be said here, and part of a
// policy is another policy: it is left out whole and kept.
import { type JwtRule, keyOf, type RequestAuthentication } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { type ExportContext, metadataOf } from "../shared/export-context";
import type { Fields, Sink } from "../shared/fields";
import { keptWords } from "../shared/kept-kinds";
import { keepBeside } from "../shared/verbatim";
import { ROOT_NAMESPACE, targetOf } from "./security";
import { selectorFor } from "./selector";

export function importRequestAuthentication(
  context: ImportContext,
  resource: Resource,
  spec: Fields,
  sink: Sink,
): Understood {
  const result = understood(resource);
  const target = targetOf(context, { resource, result }, spec);
  if (!target) return result;
  const written = spec.peek("jwtRules");
  const rules = spec.list("jwtRules").map(importRule);
  spec.keepRest();
  const without = rules.indexOf(null);
  if (rules.length === 0 || without >= 0) {
    spec.keep("jwtRules", written);
    const what = keptWords(keepBeside(context, { resource, result }));
    const why =
      rules.length === 0
        ? "it has no rule, so it takes every token as it is"
        : "a rule says neither jwks nor jwksUri, so Istio looks for the keys by itself";
    const path = rules.length === 0 ? ["spec", "jwtRules"] : ["spec", "jwtRules", without];
    const fix = "Write jwks or jwksUri into every rule, then import again.";
    context.warn(resource, path, `is left out: ${why}; ${what}`, fix, { verdict: "lost", changesMeaning: true });
    return result;
  }
  const existing = context.get(keyOf("RequestAuthentication", resource.namespace, resource.name));
  context.assumeNamespace(resource.namespace);
  const known = existing?.kind === "RequestAuthentication" ? existing : undefined;
  const jwtRules = rules.filter((rule) => rule !== null);
  result.objects.push(
    context.put("RequestAuthentication", resource.name, { target, jwtRules }, { resource, sink }, known),
  );
  const issuers = jwtRules.map(({ issuer }) => issuer).join(", ");
  result.sentences.push(`tokens for ${target.service ?? target.namespace ?? "the mesh"} are of ${issuers}.`);
  return result;
}

/** Null: it does not say where the keys are. */
function importRule(fields: Fields): JwtRule | null {
  const issuer = fields.text("issuer") ?? "";
  const audiences = fields.texts("audiences");
  const jwks = fields.text("jwks");
  const jwksUri = fields.text("jwksUri");
  const fromHeaders = fields.list("fromHeaders").map((each) => {
    const [name, prefix] = [each.text("name") ?? "", each.text("prefix")];
    each.keepRest();
    return { name, ...(prefix ? { prefix } : {}) };
  });
  const fromParams = fields.texts("fromParams");
  const fromCookies = fields.texts("fromCookies");
  const forward = fields.flag("forwardOriginalToken");
  const outputPayloadToHeader = fields.text("outputPayloadToHeader");
  const claims = fields.list("outputClaimToHeaders").map((each) => {
    const [header, claim] = [each.text("header") ?? "", each.text("claim") ?? ""];
    each.keepRest();
    return { header, claim };
  });
  fields.keepRest();
  if (!jwks && !jwksUri) return null;
  return {
    issuer,
    ...(audiences?.length ? { audiences } : {}),
    // Istio takes the keys themselves where both are there.
    ...(jwks ? { jwks } : jwksUri ? { jwksUri } : {}),
    ...(fromHeaders.length > 0 ? { fromHeaders } : {}),
    ...(fromParams?.length ? { fromParams } : {}),
    ...(fromCookies?.length ? { fromCookies } : {}),
    ...(forward === undefined ? {} : { forward }),
    ...(outputPayloadToHeader ? { outputPayloadToHeader } : {}),
    ...(claims.length > 0 ? { outputClaimToHeaders: claims } : {}),
  };
}

export function exportRequestAuthentication(context: ExportContext, object: RequestAuthentication): void {
  const { target, jwtRules } = object.spec;
  const namespace = target.namespace ?? (target.service ? object.metadata.namespace : ROOT_NAMESPACE);
  const spec = {
    ...selectorFor(context, object),
    jwtRules: jwtRules.map(({ forward, ...rule }) => ({
      ...rule,
      ...(forward === undefined ? {} : { forwardOriginalToken: forward }),
    })),
  };
  const metadata = metadataOf(object, object.metadata.name, namespace);
  context.add({ apiVersion: "security.istio.io/v1", kind: "RequestAuthentication", metadata, spec }, object);
}
