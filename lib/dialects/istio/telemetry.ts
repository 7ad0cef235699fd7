// Telemetry and MeshConfig -> tracing and access log of the mesh.
// The rule: what speaks for the whole mesh becomes the design's; what is narrower, or says more, is kept whole and told.
import { type AccessLog, type MeshRoot, objectKey, type Path, type Tracing } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import type { Importer, Reading } from "../shared/dialect";
import { Fields, isRecord } from "../shared/fields";
import { importKept } from "../shared/kept-kinds";
import { keepBeside } from "../shared/verbatim";
import { importMeshConfig as importAuthorizers } from "./authorizers";
import { isMeshWide, LOG_PROVIDER, SPAN_PROVIDER } from "./export-telemetry";
import { TELEMETRY } from "./kept-kinds";
import { filterIn } from "./log-filters";
import { MeshConfig } from "./mesh-config";

type Json = Readonly<Record<string, unknown>>;
type Entry = { readonly fields: Json; readonly path: Path };

const FIX = "Keep Istio for what it does.";
/** Of MeshConfig; defaultConfig holds more, and is told by its name. */
const MESH_CONFIG_FIELDS = [
  "accessLogFile",
  "accessLogFormat",
  "accessLogEncoding",
  "defaultProviders",
  "enableTracing",
];
const EMPTY = new MeshConfig({}, [], () => {});
const LOG_KEYS = ["providers", "match", "filter", "disabled"];
const SPAN_KEYS = ["providers", "match", "randomSamplingPercentage", "disableSpanReporting", "customTags"];

/** One import: MeshConfig and the mesh-wide Telemetry are put together when everything is read. */
export class TelemetryReading {
  private config = EMPTY;
  private configOf: { resource: Resource; result: Understood } | undefined;
  private wide: { resource: Resource; result: Understood; tracing?: Entry; logging?: Entry } | undefined;

  /** @param spec MeshConfig, wherever it stood */
  readonly importMeshConfig: Importer["run"] = (context, resource, spec) => {
    const value = spec.everything();
    this.config = new MeshConfig(value, ["spec"], (at, message) =>
      context.warn(resource, at, message, FIX, { verdict: "lost" }),
    );
    for (const name of MESH_CONFIG_FIELDS) spec.take(name);
    const { defaultConfig } = value;
    if (isRecord(defaultConfig) && Object.keys(defaultConfig).every((name) => name === "tracing"))
      spec.take("defaultConfig");
    const result = importAuthorizers(context, resource, spec);
    this.configOf = { resource, result };
    return result;
  };

  readonly importTelemetry: Importer["run"] = (context, resource, fields) => {
    const { apiVersion, kind, name, namespace } = resource;
    const spec = fields.everything();
    const isWide = isMeshWide({ apiVersion, kind, metadata: { name, namespace }, spec });
    if (!isWide || this.wide || context.all("Mesh").length === 0) return importKept(TELEMETRY, FIX)(context, resource);
    const result = understood(resource);
    const tracing = entryOf(spec["tracing"], "tracing", SPAN_KEYS);
    const logging = entryOf(spec["accessLogging"], "accessLogging", LOG_KEYS);
    this.wide = { resource, result, ...(tracing ? { tracing } : {}), ...(logging ? { logging } : {}) };
    return result;
  };

  readonly finish: NonNullable<Reading["finish"]> = (context) => {
    const [mesh] = context.all("Mesh");
    if (!mesh || (!this.wide && !this.configOf)) return;
    const { tracing, accessLog } = mesh.spec;
    const spans = this.tracing(context, tracing);
    const log = this.accessLog(context, accessLog);
    const { tracing: _, accessLog: __, ...rest } = mesh.spec;
    const spec = {
      ...rest,
      ...(spans.value ? { tracing: spans.value } : {}),
      ...(log.value ? { accessLog: log.value } : {}),
    };
    const changed: MeshRoot = { ...mesh, spec };
    context.objects.set(objectKey(changed), changed);
    const results = [this.wide?.result, this.configOf?.result].flatMap((each) => each ?? []);
    for (const [name, { value, isRead }] of [["spans", spans] as const, ["access log", log] as const]) {
      if (!isRead || !results[0]) continue;
      results[0].objects.push(objectKey(changed));
      results[0].sentences.push(value ? `the mesh has its ${name}.` : `the mesh has no ${name}.`);
    }
    this.keepRest(context, spans.isRead, log.isRead);
  };

  /** What became of it comes back from the design; its name, and what did not, from what is kept. */
  private keepRest(context: ImportContext, hasSpans: boolean, hasLog: boolean): void {
    if (!this.wide) return;
    const { resource, result } = this.wide;
    const spec = isRecord(resource.spec) ? resource.spec : {};
    const left = Object.fromEntries(
      Object.entries(spec).filter(
        ([name]) => !(hasSpans && name === "tracing") && !(hasLog && name === "accessLogging"),
      ),
    );
    keepBeside(context, { resource: { ...resource, spec: left }, result });
    for (const name of Object.keys(left)) {
      const message = "is not in the model: it is kept word for word and written back on export, without effect here";
      context.warn(resource, ["spec", name], message, FIX, { verdict: "lost" });
    }
  }

  private tracing(context: ImportContext, own: Tracing | undefined): { value: Tracing | undefined; isRead: boolean } {
    const { config, wide } = this;
    const entry = wide?.tracing;
    const unread = { value: own, isRead: false };
    if (entry?.fields["disableSpanReporting"] === true) return { value: undefined, isRead: true };
    const isAsked = entry !== undefined || config.defaultProvider("tracing") !== undefined;
    if (!isAsked || (isListed(wide?.resource, "tracing") && !entry)) {
      config.tellOldTracing();
      return unread;
    }
    const name = providerIn(entry) ?? config.defaultProvider("tracing");
    const known = name !== undefined && config.hasProvider(name) ? config.collectorOf(name) : undefined;
    const collector = known ?? (name === SPAN_PROVIDER || name === undefined ? own?.collector : undefined);
    if (!collector) {
      this.tellProvider(context, entry, name, "tracing");
      return unread;
    }
    const sampling = entry?.fields["randomSamplingPercentage"];
    const tags = tagsIn(entry?.fields["customTags"] ?? config.customTags);
    if (tags === null) return unread;
    const samplingPercent = typeof sampling === "number" ? sampling : config.sampling;
    return { value: { collector, samplingPercent, ...(tags.length > 0 ? { tags } : {}) }, isRead: true };
  }

  private accessLog(
    context: ImportContext,
    own: AccessLog | undefined,
  ): { value: AccessLog | undefined; isRead: boolean } {
    const { config, wide } = this;
    const entry = wide?.logging;
    const unread = { value: own, isRead: false };
    if (entry?.fields["disabled"] === true) return { value: undefined, isRead: true };
    if (isListed(wide?.resource, "accessLogging") && !entry) return unread;
    const name = providerIn(entry) ?? config.defaultProvider("accessLogging");
    const expression = isRecord(entry?.fields["filter"]) ? entry.fields["filter"]["expression"] : undefined;
    const filter = typeof expression === "string" ? filterIn(expression) : undefined;
    if (filter === null) return unread;
    const log = config.logOf(name) ?? (name === LOG_PROVIDER ? own : undefined);
    if (!log) {
      if (entry) this.tellProvider(context, entry, name, "accessLogging");
      return unread;
    }
    const { to, format } = log;
    return { value: { to, ...(format ? { format } : {}), ...(filter ? { filter } : {}) }, isRead: true };
  }

  private tellProvider(context: ImportContext, entry: Entry | undefined, name: string | undefined, of: string): void {
    const { resource } = this.wide ?? this.configOf ?? {};
    if (!resource) return;
    const message =
      name === undefined ? "names no provider, and MeshConfig has no default" : `provider ${name} is not known here`;
    const fix = "Read the ConfigMap istio or the IstioOperator along: MeshConfig says where the provider is.";
    context.warn(resource, entry?.path ?? ["spec", of], message, fix, { verdict: "lost" });
  }
}

const isListed = (resource: Resource | undefined, name: string): boolean =>
  isRecord(resource?.spec) && resource.spec[name] !== undefined;

/** The only entry of a list that holds for both directions and has known fields alone; undefined: the model cannot say it. */
function entryOf(list: unknown, name: string, known: readonly string[]): Entry | undefined {
  const [fields, ...more] = Array.isArray(list) ? list : [];
  if (!isRecord(fields) || more.length > 0) return undefined;
  if (Object.keys(fields).some((key) => !known.includes(key))) return undefined;
  const match = isRecord(fields["match"]) ? fields["match"] : {};
  if ((match["mode"] ?? "CLIENT_AND_SERVER") !== "CLIENT_AND_SERVER") return undefined;
  const { providers = [] } = fields as { providers?: unknown };
  if (!Array.isArray(providers) || providers.length > 1) return undefined;
  return { fields, path: ["spec", name, 0] };
}

function providerIn(entry: Entry | undefined): string | undefined {
  const [provider] = (entry?.fields["providers"] as unknown[] | undefined) ?? [];
  const name = isRecord(provider) ? provider["name"] : undefined;
  return typeof name === "string" ? name : undefined;
}

/** null: one of them says what the model cannot. */
function tagsIn(customTags: unknown): NonNullable<Tracing["tags"]> | null {
  const sink = { kept: [], problems: [] };
  const entries = isRecord(customTags) ? Object.entries(customTags) : [];
  const tags = entries.map(([name, value]) => {
    const fields = Fields.of(value, [], sink);
    const from = fields && sourceIn(fields);
    return from ? { name, from } : null;
  });
  return tags.some((tag) => tag === null) ? null : tags.flatMap((tag) => tag ?? []);
}

function sourceIn(fields: Fields): NonNullable<Tracing["tags"]>[number]["from"] | undefined {
  const { literal, header, environment } = fields.everything() as Record<string, Json | undefined>;
  const fallback = (value: unknown) => (typeof value === "string" && value !== "" ? { default: value } : {});
  if (typeof literal?.["value"] === "string") return { type: "literal", value: literal["value"] };
  if (typeof header?.["name"] === "string")
    return { type: "header", header: header["name"], ...fallback(header["defaultValue"]) };
  if (typeof environment?.["name"] === "string")
    return { type: "environment", variable: environment["name"], ...fallback(environment["defaultValue"]) };
  return undefined;
}
