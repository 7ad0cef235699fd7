// The CORS of a rule -> Envoy's CorsPolicy. The rule: what the design leaves out is left out, so that Envoy's own words decide.
import type { Cors, OriginMatch } from "@/lib/mesh";
import { any, compact, type JsonObject } from "./envoy-json";

export function corsConfig(cors: Cors): JsonObject {
  return any(
    "extensions.filters.http.cors.v3.CorsPolicy",
    compact({
      allow_origin_string_match: cors.allowOrigins.map(originMatcher),
      allow_methods: listed(cors.allowMethods),
      allow_headers: listed(cors.allowHeaders),
      expose_headers: listed(cors.exposeHeaders),
      max_age: cors.maxAgeSeconds === undefined ? undefined : String(cors.maxAgeSeconds),
      allow_credentials: cors.allowCredentials,
      forward_not_matching_preflights: cors.unmatchedPreflights === "ignore" ? false : undefined,
    }),
  );
}

function originMatcher({ type, value }: OriginMatch): JsonObject {
  return type === "regex" ? { safe_regex: { regex: value } } : { [type]: value };
}

const listed = (names: readonly string[] | undefined) => (names && names.length > 0 ? names.join(",") : undefined);
