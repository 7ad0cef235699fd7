// Envoy HttpConnectionManager.Tracing -> TracingPlan. Rule: defaults are Envoy's; the environment is read by who runs, not here.

import { anyUnpack } from "@bufbuild/protobuf/wkt";
import type { Tracing } from "../contract/gen/envoy/config/route/v3/route_components_pb";
import { OpenTelemetryConfigSchema } from "../contract/gen/envoy/config/trace/v3/opentelemetry_pb";
import type { HttpConnectionManager_Tracing } from "../contract/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb";
import type { CustomTag } from "../contract/gen/envoy/type/tracing/v3/custom_tag_pb";
import type { Percent } from "../contract/gen/envoy/type/v3/percent_pb";
import { collectorPlan } from "./collector";
import type { Scope } from "./scope";
import type { CustomTagPlan, OpenTelemetryPlan, RouteTracingPlan, Share, TracingPlan } from "./types";
import { share } from "./values";

const DEFAULT_PATH_LENGTH = 256;
const DEFAULT_SPANS = 1024;
const DEFAULT_SERVICE = "unknown_service:envoy";

export function tracingPlan(tracing: HttpConnectionManager_Tracing | undefined, scope: Scope): TracingPlan | null {
  if (!tracing) return null;
  return {
    clientSampling: sampling(tracing.clientSampling),
    randomSampling: sampling(tracing.randomSampling),
    overallSampling: sampling(tracing.overallSampling),
    maxPathLength: tracing.maxPathTagLength ?? DEFAULT_PATH_LENGTH,
    customTags: customTags(tracing.customTags, scope),
    spawnsUpstreamSpan: tracing.spawnUpstreamSpan ?? false,
    provider: providerOf(tracing, scope.field("provider").field("typed_config")),
  };
}

/** As Envoy: of ten thousand. */
function sampling(percent: Percent | undefined): Share {
  return { numerator: Math.round((percent?.value ?? 100) * 100), denominator: 10_000 };
}

const ALL: Share = { numerator: 100, denominator: 100 };

/** What is not said is 100 %, whatever the connection manager says. */
export function routeTracingPlan(tracing: Tracing | undefined, scope: Scope): RouteTracingPlan | null {
  if (!tracing) return null;
  const { clientSampling, randomSampling, overallSampling } = tracing;
  return {
    clientSampling: clientSampling ? share(clientSampling) : ALL,
    randomSampling: randomSampling ? share(randomSampling) : ALL,
    overallSampling: overallSampling ? share(overallSampling) : ALL,
    customTags: customTags(tracing.customTags, scope),
  };
}

function providerOf({ provider }: HttpConnectionManager_Tracing, scope: Scope): OpenTelemetryPlan | null {
  if (!provider) return null;
  const any = provider.configType.case === "typedConfig" ? provider.configType.value : undefined;
  const config = any && anyUnpack(any, OpenTelemetryConfigSchema);
  if (!config) {
    scope.fail("needs an OpenTelemetryConfig");
    return null;
  }
  return {
    serviceName: config.serviceName || DEFAULT_SERVICE,
    maxSpans: config.maxCacheSize ?? DEFAULT_SPANS,
    collector: collectorPlan(config, scope),
  };
}

/** Of two with one name the last one counts. */
export function customTags(tags: readonly CustomTag[], scope: Scope): CustomTagPlan[] {
  const found = new Map<string, CustomTagPlan>();
  for (const [index, { tag, type }] of tags.entries()) {
    const from = fromOf(type);
    if (from === null) scope.item("custom_tags", index).fail("needs one of literal, environment, request_header");
    else found.set(tag, { tag, from });
  }
  return [...found.values()];
}

function fromOf(type: CustomTag["type"]): CustomTagPlan["from"] | null {
  switch (type.case) {
    case "literal":
      return { kind: "literal", value: type.value.value };
    case "environment":
      return { kind: "environment", name: type.value.name, fallback: type.value.defaultValue };
    case "requestHeader":
      return { kind: "header", name: type.value.name.toLowerCase(), fallback: type.value.defaultValue };
    default:
      return null;
  }
}
