// Envoy RateLimit (the filter), RateLimitPerRoute and the rate_limits of routes -> plans. Rule: defaults are Envoy's; a refusal is
// always an error, the answer to a failure may be anything that ends a request.

import { RateLimit_XRateLimitHeadersRFCVersion as Told } from "../contract/gen/envoy/extensions/filters/http/ratelimit/v3/rate_limit_pb";
import {
  RateLimitPerRoute_VhRateLimitsOptions as HostLimits,
  type RateLimit,
  type RateLimitPerRoute,
  type RouteRateLimit,
} from "../contract/messages";
import { grpcServicePlan } from "./grpc-service";
import { headerAdditions } from "./header-ops";
import { headerMatcher, queryMatcher } from "./matchers";
import type {
  GlobalRateLimitFilterPlan,
  RateLimitAction,
  RateLimitRoutePlan,
  RateLimitRule,
  RouteRateLimits,
} from "./ratelimit-types";
import type { Scope } from "./scope";
import { timeout } from "./values";

const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;
const RESOURCE_EXHAUSTED = 8;
const DEFAULT_TIMEOUT_MS = 20;
/** An answer has a status and some headers; more is no answer. */
const MAX_ANSWER_BYTES = 64 * 1024;

export function rateLimitFilterPlan(name: string, config: RateLimit, scope: Scope): GlobalRateLimitFilterPlan {
  const limitedStatus = config.rateLimitedStatus?.code ?? 0;
  return {
    kind: "ratelimit",
    name,
    statPrefix: config.statPrefix,
    domain: config.domain,
    stage: config.stage,
    service: {
      ...grpcServicePlan(config.rateLimitService?.grpcService, 0, MAX_ANSWER_BYTES),
      timeoutMs: timeout(config.timeout, DEFAULT_TIMEOUT_MS),
    },
    deniesOnError: config.failureModeDeny,
    status: limitedStatus >= 400 ? limitedStatus : TOO_MANY_REQUESTS,
    statusOnError: statusOnError(config, scope.field("status_on_error")),
    grpcStatus: config.rateLimitedAsResourceExhausted ? RESOURCE_EXHAUSTED : null,
    responseHeaders: headerAdditions(config.responseHeadersToAdd, "response_headers_to_add", scope),
    tellsLimit: config.enableXRatelimitHeaders === Told.DRAFT_VERSION_03,
    tellsRefusal: !config.disableXEnvoyRatelimitedHeader,
  };
}

/** As Envoy: also what is no error. */
function statusOnError({ statusOnError: status }: RateLimit, scope: Scope): number {
  if (status && status.code > 0 && status.code < 200) scope.field("code").fail("must end a request: 200 or more");
  return status?.code || SERVER_ERROR;
}

const HOST_LIMITS = {
  [HostLimits.OVERRIDE]: "override",
  [HostLimits.INCLUDE]: "include",
  [HostLimits.IGNORE]: "ignore",
} as const;

export function rateLimitRoutePlan(config: RateLimitPerRoute): RateLimitRoutePlan {
  return { domain: config.domain, hostLimits: HOST_LIMITS[config.vhRateLimits] };
}

export function rateLimitRules(limits: readonly RouteRateLimit[], scope: Scope): readonly RateLimitRule[] {
  return limits.map(({ stage, actions }, index) => {
    const at = scope.item("rate_limits", index);
    return { stage: stage ?? 0, actions: actions.flatMap((action, i) => actionPlan(action, at.item("actions", i))) };
  });
}

/** null where nothing is counted: the hot path has one comparison. */
export function routeRateLimits(
  own: readonly RateLimitRule[],
  host: readonly RateLimitRule[],
  includesHost: boolean,
): RouteRateLimits | null {
  return own.length + host.length > 0 ? { own, host, includesHost } : null;
}

function actionPlan({ actionSpecifier: action }: RouteRateLimit["actions"][number], scope: Scope): RateLimitAction[] {
  switch (action.case) {
    case "sourceCluster":
      return [{ kind: "source-cluster" }];
    case "destinationCluster":
      return [{ kind: "destination-cluster" }];
    case "remoteAddress":
      return [{ kind: "remote-address" }];
    case "requestHeaders": {
      const { headerName, descriptorKey, skipIfAbsent } = action.value;
      return [{ kind: "header", header: headerName.toLowerCase(), key: descriptorKey, skipsIfAbsent: skipIfAbsent }];
    }
    case "genericKey":
      return [{ kind: "fixed", key: action.value.descriptorKey || "generic_key", value: action.value.descriptorValue }];
    case "maskedRemoteAddress": {
      const { v4PrefixMaskLen, v6PrefixMaskLen } = action.value;
      return [{ kind: "masked-address", v4Bits: v4PrefixMaskLen ?? 32, v6Bits: v6PrefixMaskLen ?? 128 }];
    }
    case "headerValueMatch": {
      const { descriptorKey, descriptorValue, expectMatch, headers } = action.value;
      const at = scope.field("header_value_match");
      return [
        {
          kind: "header-match",
          key: descriptorKey || "header_match",
          value: descriptorValue,
          expected: expectMatch ?? true,
          headers: headers.map((one, index) => headerMatcher(one, at.item("headers", index))),
        },
      ];
    }
    case "queryParameterValueMatch": {
      const { descriptorKey, descriptorValue, expectMatch, queryParameters } = action.value;
      const at = scope.field("query_parameter_value_match");
      return [
        {
          kind: "query-match",
          key: descriptorKey || "query_match",
          value: descriptorValue,
          expected: expectMatch ?? true,
          query: queryParameters.map((one, index) => queryMatcher(one, at.item("query_parameters", index))),
        },
      ];
    }
    default:
      return []; // refused by the constraints and the support table
  }
}
