// The trace of one request: its own span, a span for each attempt where asked for, and the context that the next hop gets. Rule: names and
// tags are Envoy's; what is not sampled passes its context on and costs nothing else.

import type { UpstreamHost } from "../../cluster/host";
import type { NodePlan, RouteTracingPlan, TracingPlan } from "../../plan/types";
import type { AccessRecord } from "../../telemetry/access-log";
import type { TracingStats } from "../../telemetry/http-stats";
import type { ResetReason, UpstreamStream } from "../exchange";
import type { RequestHead } from "../h1/request-head";
import { H2ClientStream } from "../h2/client-stream";
import type { OtlpExporter } from "../otlp/exporter";
import { parentOf, randomId, writeContext } from "./context";
import { drawTrace, type TraceReason } from "./sampling";
import { encodeSpan, type SpanFacts } from "./span-encoding";
import { attemptTags, customTags, isErrorSpan, type ReadTag, requestTags, withRouteTags } from "./tags";

const COUNTED: Readonly<Record<TraceReason, keyof TracingStats>> = {
  client: "clientEnabled",
  service: "serviceForced",
  random: "randomSampling",
  none: "notTraceable",
};

/** Of one connection manager. */
export class Tracer {
  private readonly customTags: readonly ReadTag[];
  /** Of routes with tags of their own, made at the first request. */
  private readonly tagsOfRoutes = new WeakMap<RouteTracingPlan, readonly ReadTag[]>();

  constructor(
    readonly plan: TracingPlan,
    private readonly isEgress: boolean,
    readonly node: NodePlan,
    private readonly exporter: OtlpExporter | null,
    private readonly stats: TracingStats,
  ) {
    this.customTags = customTags(plan.customTags);
  }

  /** null: it belongs to no trace. @param ofRoute what its route says about tracing */
  begin(head: RequestHead, ofRoute: RouteTracingPlan | null): Trace | null {
    const { headers } = head;
    const reason = drawTrace(headers, ofRoute ?? this.plan, Math.random);
    this.stats[COUNTED[reason]]++;
    const parent = this.plan.provider === null ? "unreadable" : parentOf(headers);
    if (parent === "unreadable") return null;
    const isSampled = reason !== "none" && (parent?.isSampled ?? true);
    const name = !isSampled ? "" : this.isEgress ? `egress ${head.authority}` : "ingress";
    const kind = this.isEgress && !this.plan.spawnsUpstreamSpan ? "client" : "server";
    const trace = parent?.traceId ?? randomId(16);
    return new Trace(this, name, kind, isSampled, this.tagsOf(ofRoute), trace, parent?.spanId ?? "", parent?.state);
  }

  private tagsOf(ofRoute: RouteTracingPlan | null): readonly ReadTag[] {
    if (ofRoute === null || ofRoute.customTags.length === 0) return this.customTags;
    const known = this.tagsOfRoutes.get(ofRoute) ?? withRouteTags(this.customTags, ofRoute.customTags);
    this.tagsOfRoutes.set(ofRoute, known);
    return known;
  }

  export(span: SpanFacts): void {
    this.exporter?.add(encodeSpan(span));
  }
}

interface Attempt {
  readonly spanId: string;
  readonly startedAt: number;
  readonly host: UpstreamHost;
  readonly retries: number;
  protocol: string;
  flags: string;
  reason: string;
  /** Of an answer that was given up; -1: that of the request. */
  status: number;
  isCanceled: boolean;
}

/** Envoy's words for the end of an attempt without an answer. */
const RESETS: Readonly<Record<ResetReason, readonly [flags: string, reason: string]>> = {
  "connect-failure": ["UF", "remote connection failure"],
  "tls-failure": ["UF", "remote connection failure"],
  "connect-timeout": ["UF", "connection timeout"],
  "remote-reset": ["UC", "connection termination"],
  "stream-reset": ["UR", "remote reset"],
  "refused-stream": ["UR", "remote refused stream reset"],
  "protocol-error": ["UPE", "protocol error"],
};

export class Trace {
  readonly spanId = randomId(8);
  private attempt: Attempt | null = null;

  constructor(
    private readonly tracer: Tracer,
    private readonly name: string,
    private readonly kind: "server" | "client",
    private readonly isSampled: boolean,
    private readonly customTags: readonly ReadTag[],
    readonly traceId: string,
    private readonly parentId: string,
    private readonly state = "",
  ) {}

  /** What the next hop is told: the attempt's span where there is one, else the request's. */
  inject({ headers }: RequestHead): void {
    writeContext(headers, this.traceId, this.attempt?.spanId ?? this.spanId, this.isSampled, this.state);
  }

  startAttempt(host: UpstreamHost, attempts: number): void {
    if (!this.tracer.plan.spawnsUpstreamSpan) return;
    this.attempt = {
      spanId: randomId(8),
      startedAt: performance.now(),
      host,
      retries: attempts - 1,
      protocol: "-",
      flags: "",
      reason: "",
      status: -1,
      isCanceled: false,
    };
  }

  send(head: RequestHead, upstream: UpstreamStream): void {
    const { attempt } = this;
    if (attempt === null) return;
    attempt.protocol = upstream instanceof H2ClientStream ? "HTTP/2" : "HTTP/1.1";
    this.inject(head);
  }

  failAttempt(reason: ResetReason): void {
    if (this.attempt !== null) [this.attempt.flags, this.attempt.reason] = RESETS[reason];
  }

  /** @param status that had come, or 0 */
  cancelAttempt(status: number): void {
    if (this.attempt === null) return;
    this.attempt.isCanceled = true;
    this.attempt.status = status;
  }

  endAttempt(record: AccessRecord): void {
    const { attempt, tracer, traceId, state } = this;
    this.attempt = null;
    if (attempt === null || !this.isSampled) return;
    const { host, retries, protocol, reason, isCanceled } = attempt;
    const status = attempt.status >= 0 ? attempt.status : reason === "" ? record.status : 0;
    const flags = attempt.flags || "-";
    const attributes = attemptTags(this.customTags, record, {
      host,
      retries,
      protocol,
      reason,
      isCanceled,
      status,
      flags,
    });
    tracer.export({
      traceId,
      spanId: attempt.spanId,
      parentId: this.spanId,
      state,
      name: `router ${host.cluster.plan.statName} egress`,
      kind: "client",
      startMs: performance.timeOrigin + attempt.startedAt,
      endMs: performance.timeOrigin + performance.now(),
      attributes,
      isError: isErrorSpan("client", status, attributes),
    });
  }

  end(record: AccessRecord, clusterStatName: string, startedAt: number, endedAt: number): void {
    const { tracer, traceId, spanId, parentId, state, name, kind } = this;
    if (!this.isSampled) return;
    const { plan, node } = tracer;
    const attributes = requestTags({ plan, node, customTags: this.customTags }, record, clusterStatName);
    tracer.export({
      traceId,
      spanId,
      parentId,
      state,
      name,
      kind,
      startMs: performance.timeOrigin + startedAt,
      endMs: performance.timeOrigin + endedAt,
      attributes,
      isError: isErrorSpan(kind, record.status, attributes),
    });
  }
}
