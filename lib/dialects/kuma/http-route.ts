// MeshHTTPRoute -> its rules as written. Which is tried first is decided when all policies of a service are known.
// The rule: a rule that the model cannot say is left out and kept whole as a route of the same name, and told as a change of meaning.
import { pathText } from "@/lib/mesh";
import { importFilters } from "../gateway-api/filters";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { Fields, isRecord, type Sink } from "../shared/fields";
import { importMatch } from "./http-match";
import type { Entry, KumaState, Place, RoutePolicy, RuleSource } from "./state";
import { placeOf, readRef } from "./target-ref";

export function importHttpRoute(state: KumaState) {
  return (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const top = readRef(spec.object("targetRef"));
    const to = spec.list("to").flatMap((fields, index): Entry<{ hostnames?: string[]; rules: RuleSource[] }>[] => {
      const target = fields.object("targetRef");
      const ref = readRef(target);
      if (!target)
        fields.problem(
          "targetRef",
          "is missing",
          "Say which service the rules are for, as kind: MeshService and a name.",
        );
      const hostnames = fields.texts("hostnames");
      if (hostnames && ref?.kind !== "Mesh") fields.keep("hostnames", hostnames);
      const rules = fields.list("rules").flatMap((rule) => importRule(context, resource, rule, sink) ?? []);
      fields.keepRest();
      return ref ? [{ ref, index, conf: { ...(hostnames ? { hostnames } : {}), rules } }] : [];
    });
    spec.keepRest();
    const policy: RoutePolicy = { resource, result, top, to, kept: sink.kept };
    state.routes.push(policy);
    return result;
  };
}

function importRule(context: ImportContext, resource: Resource, fields: Fields, sink: Sink): RuleSource | undefined {
  const written = fields.everything();
  const own: Sink = { kept: [], problems: sink.problems };
  const placed = new Fields(written, fields.path, own);
  const matchList = placed.list("matches");
  const matches = matchList.map(importMatch);
  if (!Array.isArray(written["matches"]))
    placed.problem("matches", "is missing", "Write at least one, as path: {type: PathPrefix, value: /}.");
  const body = placed.object("default");
  const copies = new Map<number, Copy>();
  const readMirror = (filter: Fields) => {
    const copy = importMirror(context, resource, filter);
    if (copy) copies.set(Number(filter.path.at(-1)), copy);
    return copy !== undefined;
  };
  const filtered = body?.has("filters") ? importFilters(context, resource, body, readMirror) : undefined;
  // a redirect is answered at once, and its copies stay as they were written
  if (filtered?.action) copies.clear();
  const backends = body?.has("backendRefs") ? importBackends(context, resource, body) : undefined;
  body?.keepRest();
  placed.keepRest();
  const mirrors = mirrorsOf(written).filter((place) => !copies.has(place));
  const strange = own.kept.filter(({ path }) => !mirrors.some((place) => path[fields.path.length + 2] === place));
  const refusal =
    backends?.refusal ??
    (strange.length > 0
      ? `it says ${strange.map(({ path }) => pathText(path.slice(fields.path.length))).join(", ")}`
      : undefined);
  if (refusal !== undefined) {
    const message = `is left out: ${refusal}; calls it would take go on to the rules after it`;
    context.warn(
      resource,
      fields.path,
      message,
      "It is kept and written back on export. Add a rule by hand if it matters here.",
      {
        verdict: "lost",
        changesMeaning: true,
      },
    );
    sink.kept.push({ path: fields.path, value: written });
    return undefined;
  }
  const filters = isRecord(written["default"]) ? written["default"]["filters"] : undefined;
  return {
    key: JSON.stringify(written["matches"]),
    matches,
    isCatchAll:
      JSON.stringify(written["matches"]) === '[{"path":{"type":"PathPrefix","value":"/"}}]' ||
      isRoot(written["matches"]),
    ...(filtered ? { filtered, mirrors: [...copies.values()] } : {}),
    ...(backends ? { backends: backends.found } : {}),
    kept: Array.isArray(filters)
      ? mirrors.map((i) => ({ path: ["default", "filters"], value: [filters[i] as unknown] }))
      : [],
  };
}

function isRoot(matches: unknown): boolean {
  const [only, ...more] = Array.isArray(matches) ? matches : [];
  const path: unknown = isRecord(only) && Object.keys(only).length === 1 ? only["path"] : undefined;
  return more.length === 0 && isRecord(path) && path["type"] === "PathPrefix" && path["value"] === "/";
}

/** Mirrors do not change what the caller gets: a rule is taken without those that the model has no word for, and they come back on export. */
function mirrorsOf(written: Record<string, unknown>): number[] {
  const body = written["default"];
  const filters = isRecord(body) ? body["filters"] : undefined;
  if (!Array.isArray(filters)) return [];
  return filters.flatMap((each: unknown, i) => (isRecord(each) && each["type"] === "RequestMirror" ? [i] : []));
}

type Copy = { place: Place; percent: number };

/** Undefined: its target is no service of the design. */
function importMirror(context: ImportContext, resource: Resource, filter: Fields): Copy | undefined {
  const written = filter.peek("requestMirror");
  if (!isRecord(written)) return undefined;
  const fields = new Fields(written, [...filter.path, "requestMirror"], { kept: [], problems: [] });
  const share = fields.take("percentage");
  const percent = Math.round(Number(share ?? 100) * 10_000) / 10_000;
  const backend = fields.object("backendRef");
  const port = backend?.number("port");
  const ref = readRef(backend);
  const isService = ref?.kind === "MeshService" || ref?.kind === "MeshServiceSubset";
  const place = ref && isService ? placeOf(context, resource, ref, port) : undefined;
  if (!place || !(percent >= 0 && percent <= 100)) return undefined;
  filter.take("type");
  filter.take("requestMirror");
  return { place, percent };
}

type Backends = { found: { place: Place; weight: number }[]; refusal?: string };

function importBackends(context: ImportContext, resource: Resource, body: Fields): Backends {
  let refusal: string | undefined;
  const found = body.list("backendRefs").flatMap((fields) => {
    const weight = fields.number("weight") ?? 1;
    const port = fields.number("port");
    const ref = readRef(fields);
    if (!ref) return [];
    const isService = ref.kind === "MeshService" || ref.kind === "MeshServiceSubset";
    const place = isService ? placeOf(context, resource, ref, port) : undefined;
    if (!place)
      refusal = `its backend ${ref.kind} ${ref.name ?? Object.values(ref.labels).join(", ")} is no service of the design`;
    return place ? [{ place, weight }] : [];
  });
  return { found, ...(refusal === undefined ? {} : { refusal }) };
}
