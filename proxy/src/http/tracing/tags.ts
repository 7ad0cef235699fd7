// What spans say about a request and its attempts, under Envoy's names. Rule: a header's value is told as text, and a tag of the
// configuration wins over ours.

import type { UpstreamHost } from "../../cluster/host";
import type { CustomTagPlan, NodePlan, TracingPlan } from "../../plan/types";
import type { AccessRecord } from "../../telemetry/access-log";
import { utf8Of } from "../latin1-text";

export interface ReadTag {
  readonly tag: string;
  /** undefined: no tag. */
  readonly read: (record: AccessRecord) => string | undefined;
}

type Tags = Map<string, string>;

/** gRPC statuses that are not the callee's failure, as Envoy sees it. */
const HARMLESS = new Set(["0", "1", "3", "5", "6", "7", "9", "10", "11", "16"]);

export function customTags(plans: readonly CustomTagPlan[]): readonly ReadTag[] {
  return plans.map(({ tag, from }): ReadTag => {
    if (from.kind === "literal") return { tag, read: () => from.value };
    const fallback = from.fallback === "" ? undefined : from.fallback;
    if (from.kind === "header")
      return { tag, read: (record) => (from.name === "" ? fallback : (headerOf(record, from.name) ?? fallback)) };
    const value = process.env[from.name] ?? fallback;
    return { tag, read: () => value };
  });
}

function headerOf(record: AccessRecord, name: string): string | undefined {
  const value = record.requestHeader(name);
  return value === undefined ? undefined : utf8Of(value);
}

/** gRPC statuses that are the callee's failure, as OpenTelemetry sees it. */
const FAILED = new Set(["2", "4", "12", "13", "14", "15"]);

/** OpenTelemetry: a caller's own mistakes are errors for the caller alone. */
export function isErrorSpan(kind: "server" | "client", status: number, tags: ReadonlyMap<string, string>): boolean {
  const grpcStatus = tags.get("grpc.status_code") ?? "0";
  if (kind === "client") return status > 399 || grpcStatus !== "0";
  return status > 499 || FAILED.has(grpcStatus);
}

interface TagSource {
  readonly plan: TracingPlan;
  readonly node: NodePlan;
  readonly customTags: readonly ReadTag[];
}

export function requestTags(source: TagSource, record: AccessRecord, clusterStatName: string): Tags {
  const tags: Tags = new Map([
    ["node_id", source.node.id],
    ["zone", source.node.zone],
  ]);
  const requestId = headerOf(record, "x-request-id");
  if (requestId !== undefined) tags.set("guid:x-request-id", requestId);
  tags.set("http.url", urlOf(record, source.plan.maxPathLength));
  tags.set("http.method", record.method);
  tags.set("downstream_cluster", headerOf(record, "x-envoy-downstream-service-cluster") ?? "-");
  tags.set("user_agent", headerOf(record, "user-agent") ?? "-");
  tags.set("http.protocol", record.protocol);
  tags.set("peer.address", record.directRemoteAddress);
  const clientId = headerOf(record, "x-client-trace-id");
  if (clientId !== undefined) tags.set("guid:x-client-trace-id", clientId);
  if (record.grpcStatus !== null) grpcTags(tags, record);
  tags.set("request_size", String(record.requestBytes));
  tags.set("response_size", String(record.responseBytes));
  commonTags(tags, record.upstreamCluster, clusterStatName, record.status, record.flags);
  responseTags(tags, record);
  return withCustom(tags, source.customTags, record);
}

export interface AttemptFacts {
  readonly host: UpstreamHost;
  readonly retries: number;
  readonly protocol: string;
  readonly reason: string;
  readonly isCanceled: boolean;
  readonly status: number;
  readonly flags: string;
}

export function attemptTags(custom: readonly ReadTag[], record: AccessRecord, facts: AttemptFacts): Tags {
  const { host, retries, protocol, reason, isCanceled, status, flags } = facts;
  const { name, statName } = host.cluster.plan;
  const tags: Tags = new Map([
    ["http.protocol", protocol],
    ["upstream_address", host.key],
    ["peer.address", host.key],
  ]);
  if (retries > 0) tags.set("retry.count", String(retries));
  if (isCanceled) tags.set("canceled", "true");
  commonTags(tags, name, statName, status, flags);
  if (reason !== "") tags.set("error.reason", reason);
  else responseTags(tags, record);
  return withCustom(tags, custom, record);
}

function commonTags(tags: Tags, cluster: string, statName: string, status: number, flags: string): void {
  tags.set("component", "proxy");
  if (cluster !== "") tags.set("upstream_cluster", cluster).set("upstream_cluster.name", statName);
  tags.set("http.status_code", String(status));
  tags.set("response_flags", flags);
  if (status === 0 || status > 499) tags.set("error", "true");
}

function grpcTags(tags: Tags, record: AccessRecord): void {
  tags.set("grpc.path", record.path);
  tags.set("grpc.authority", record.requestHeader(":authority") ?? "");
  tags.set("grpc.content_type", record.requestHeader("content-type") ?? "");
  const timeout = record.requestHeader("grpc-timeout");
  if (timeout !== undefined) tags.set("grpc.timeout", timeout);
}

/** As Envoy: wherever a status of gRPC stands, trailers last. */
function responseTags(tags: Tags, record: AccessRecord): void {
  for (const said of [record.responseHeader.bind(record), record.responseTrailer.bind(record)]) {
    const status = said("grpc-status");
    const message = said("grpc-message");
    if (status !== undefined) tags.set("grpc.status_code", status);
    if (message !== undefined) tags.set("grpc.message", utf8Of(message));
    if (status !== undefined && !HARMLESS.has(status)) tags.set("error", "true");
  }
}

/** Those of a route beside those of its connection manager; the route's win. */
export function withRouteTags(own: readonly ReadTag[], plans: readonly CustomTagPlan[]): readonly ReadTag[] {
  const names = new Set(plans.map(({ tag }) => tag));
  return [...own.filter(({ tag }) => !names.has(tag)), ...customTags(plans)];
}

function withCustom(tags: Tags, custom: readonly ReadTag[], record: AccessRecord): Tags {
  for (const { tag, read } of custom) {
    const value = read(record);
    if (value !== undefined) tags.set(tag, value);
  }
  return tags;
}

function urlOf(record: AccessRecord, maxPathLength: number): string {
  const path = record.requestHeader("x-envoy-original-path") ?? record.path;
  const host = record.requestHeader("host") ?? record.requestHeader(":authority") ?? "";
  return utf8Of(`${record.requestHeader("x-forwarded-proto") ?? ""}://${host}${path.slice(0, maxPathLength)}`);
}
