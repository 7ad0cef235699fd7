// Envoy HttpConnectionManager -> HttpConnectionPlan. One rule: defaults are Envoy's; where they are not, the line says so.

import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { HttpProtocolOptions_HeadersWithUnderscoresAction as Underscores } from "../contract/gen/envoy/config/core/v3/protocol_pb";
import {
  HttpConnectionManager_CodecType as Codec,
  type HttpConnectionManager,
  RouterSchema,
  HttpConnectionManager_ServerHeaderTransformation as ServerHeader,
  HttpConnectionManager_PathWithEscapedSlashesAction as Slashes,
  HttpConnectionManager_ForwardClientCertDetails as Xfcc,
} from "../contract/messages";
import { accessLogs } from "./access-log";
import { httpFilters, rbacFiltersOf } from "./http-filters";
import { http2Plan } from "./http2-options";
import type { Scope } from "./scope";
import { tracingPlan } from "./tracing";
import type { HttpConnectionPlan, XfccPlan } from "./types";
import { upgradesOf } from "./upgrades";
import { timeout } from "./values";

const HOUR_MS = 3_600_000;
const SERVER_HEADER = {
  [ServerHeader.OVERWRITE]: "overwrite",
  [ServerHeader.APPEND_IF_ABSENT]: "append-if-absent",
  [ServerHeader.PASS_THROUGH]: "pass-through",
} as const;
const XFCC = {
  [Xfcc.SANITIZE]: "sanitize",
  [Xfcc.FORWARD_ONLY]: "forward-only",
  [Xfcc.APPEND_FORWARD]: "append-forward",
  [Xfcc.SANITIZE_SET]: "sanitize-set",
  [Xfcc.ALWAYS_FORWARD_ONLY]: "always-forward-only",
} as const;
const UNDERSCORES = {
  [Underscores.ALLOW]: "allow",
  [Underscores.REJECT_REQUEST]: "reject",
  [Underscores.DROP_HEADER]: "drop",
} as const;

/** Router.dynamic_stats; that the router is there, and last, is seen to elsewhere. */
function countsAnswers({ httpFilters: filters }: HttpConnectionManager): boolean {
  const { configType } = filters.at(-1) ?? {};
  const router = configType?.case === "typedConfig" ? anyUnpack(configType.value, RouterSchema) : undefined;
  return router?.dynamicStats ?? true;
}

/** @param routeConfig key of the route config in the plan */
export function httpConnectionPlan(hcm: HttpConnectionManager, routeConfig: string, scope: Scope): HttpConnectionPlan {
  const common = hcm.commonHttpProtocolOptions;
  const filters = httpFilters(hcm.httpFilters, scope);
  return {
    kind: "http",
    statPrefix: hcm.statPrefix,
    codec: hcm.codecType === Codec.HTTP1 ? "http1" : hcm.codecType === Codec.HTTP2 ? "http2" : "auto",
    http2: http2Plan(hcm.http2ProtocolOptions),
    upgrades: upgradesOf(hcm.upgradeConfigs, scope),
    hasHttp1Trailers: hcm.httpProtocolOptions?.enableTrailers ?? false,
    routeConfig,
    filters,
    rbac: rbacFiltersOf(filters),
    countsAnswers: countsAnswers(hcm),
    accessLogs: accessLogs(hcm.accessLog, scope),
    tracing: tracingPlan(hcm.tracing, scope.field("tracing")),
    serverName: hcm.serverName || "envoy",
    serverHeader: SERVER_HEADER[hcm.serverHeaderTransformation],
    useRemoteAddress: hcm.useRemoteAddress ?? false,
    skipXffAppend: hcm.skipXffAppend,
    via: hcm.via === "" ? null : hcm.via,
    generateRequestId: hcm.generateRequestId ?? true,
    preserveExternalRequestId: hcm.preserveExternalRequestId,
    alwaysSetRequestIdInResponse: hcm.alwaysSetRequestIdInResponse,
    xfcc: xfccPlan(hcm),
    normalizePath: hcm.normalizePath ?? false,
    mergeSlashes: hcm.mergeSlashes,
    escapedSlashes:
      hcm.pathWithEscapedSlashesAction === Slashes.REJECT_REQUEST
        ? "reject"
        : hcm.pathWithEscapedSlashesAction === Slashes.UNESCAPE_AND_FORWARD
          ? "unescape-and-forward"
          : "keep",
    maxRequestHeadersKb: hcm.maxRequestHeadersKb ?? 60,
    maxHeadersCount: common?.maxHeadersCount ?? 100,
    headersWithUnderscores: UNDERSCORES[common?.headersWithUnderscoresAction ?? Underscores.ALLOW],
    maxRequestsPerConnection: common?.maxRequestsPerConnection || null,
    connectionIdleTimeoutMs: timeout(common?.idleTimeout, HOUR_MS),
    maxConnectionDurationMs: timeout(common?.maxConnectionDuration, null),
    streamIdleTimeoutMs: timeout(hcm.streamIdleTimeout, 300_000),
    requestTimeoutMs: timeout(hcm.requestTimeout, null),
    requestHeadersTimeoutMs: timeout(hcm.requestHeadersTimeout, null),
    maxStreamDurationMs: timeout(common?.maxStreamDuration, null),
  };
}

function xfccPlan(hcm: HttpConnectionManager): XfccPlan {
  const set = hcm.setCurrentClientCertDetails;
  return {
    mode: XFCC[hcm.forwardClientCertDetails],
    subject: set?.subject ?? false,
    uri: set?.uri ?? false,
    dns: set?.dns ?? false,
  };
}
