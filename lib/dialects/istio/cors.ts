// CorsPolicy <-> the CORS policy of a rule.
// The rule: what does not fit whole stays kept as it was written; the older allowOrigin counts only without allowOrigins, as in Istio.
import type { Cors, OriginMatch } from "@/lib/mesh";
import { type Fields, msToDuration } from "../shared/fields";

const TYPES = ["exact", "prefix", "regex"] as const;
const UNMATCHED: Readonly<Record<string, Cors["unmatchedPreflights"]>> = { FORWARD: "forward", IGNORE: "ignore" };

export function importCors(fields: Fields | undefined): Cors | undefined {
  if (!fields) return undefined;
  const allowOrigins = importOrigins(fields);
  if (allowOrigins.length === 0) {
    // A policy that allows nobody has no effect in Istio, and no word here.
    fields.keepRest();
    return undefined;
  }
  const [methods = [], headers = [], exposed = []] = ["allowMethods", "allowHeaders", "exposeHeaders"].map((name) =>
    namesIn(fields.texts(name)),
  );
  const credentials = fields.flag("allowCredentials");
  const maxAge = fields.duration("maxAge");
  const unmatched = UNMATCHED[String(fields.peek("unmatchedPreflights"))];
  if (unmatched || fields.peek("unmatchedPreflights") === "UNSPECIFIED") fields.take("unmatchedPreflights");
  fields.keepRest();
  return {
    allowOrigins,
    ...(methods.length > 0 ? { allowMethods: methods } : {}),
    ...(headers.length > 0 ? { allowHeaders: headers } : {}),
    ...(exposed.length > 0 ? { exposeHeaders: exposed } : {}),
    // Istio sends whole seconds.
    ...(maxAge === undefined ? {} : { maxAgeSeconds: Math.floor(maxAge / 1000) }),
    ...(credentials === undefined ? {} : { allowCredentials: credentials }),
    ...(unmatched ? { unmatchedPreflights: unmatched } : {}),
  };
}

/** Istio joins them with commas, so several in one entry are several. */
const namesIn = (texts: readonly string[] = []): string[] =>
  texts.flatMap((text) => text.split(",").flatMap((name) => name.trim() || []));

function importOrigins(fields: Fields): OriginMatch[] {
  if (!fields.has("allowOrigins")) {
    return (fields.texts("allowOrigin") ?? []).map((value) => ({ type: "exact", value }));
  }
  return fields.list("allowOrigins").flatMap((each) => {
    const type = TYPES.find((name) => each.has(name));
    const value = type && each.text(type);
    each.keepRest();
    return type && value ? [{ type, value }] : [];
  });
}

export function exportCors(cors: Cors): Record<string, unknown> {
  const { allowOrigins, allowMethods, allowHeaders, exposeHeaders, maxAgeSeconds, allowCredentials } = cors;
  return {
    allowOrigins: allowOrigins.map(({ type, value }) => ({ [type]: value })),
    ...(allowMethods ? { allowMethods } : {}),
    ...(allowHeaders ? { allowHeaders } : {}),
    ...(exposeHeaders ? { exposeHeaders } : {}),
    ...(maxAgeSeconds === undefined ? {} : { maxAge: msToDuration(maxAgeSeconds * 1000) }),
    ...(allowCredentials === undefined ? {} : { allowCredentials }),
    ...(cors.unmatchedPreflights ? { unmatchedPreflights: cors.unmatchedPreflights.toUpperCase() } : {}),
  };
}
