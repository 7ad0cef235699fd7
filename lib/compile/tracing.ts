// Tracing of a proxy's requests: the connection manager's part, and the cluster of the collector.
// The rule: a mesh that does not speak of tracing has neither.
import type { Tracing } from "@/lib/mesh";
import { collectorCluster, exportService } from "./collectors";
import { any, compact, type Json, type JsonObject } from "./envoy-json";
import type { CompileContext } from "./parts";

const CLUSTER = "otlp-collector";
const PROVIDER = "envoy.tracers.opentelemetry";
const HTTP_PATH = "/v1/traces";

/** For a connection manager of a proxy that stands for `owner`; puts the collector's cluster into its place. */
export function tracingOf(
  context: CompileContext,
  owner: { readonly name: string; readonly namespace: string },
): JsonObject | undefined {
  const tracing = context.facts.root?.spec.tracing;
  if (!tracing) return undefined;
  const { collector, samplingPercent, tags } = tracing;
  context.clusters.set(CLUSTER, collectorCluster(CLUSTER, collector));
  // As Istio names it.
  const service_name = `${owner.name}.${owner.namespace}`;
  const target = exportService(CLUSTER, collector, HTTP_PATH);
  return compact({
    provider: {
      name: PROVIDER,
      typed_config: any("config.trace.v3.OpenTelemetryConfig", { ...target, service_name }),
    },
    random_sampling: { value: samplingPercent },
    custom_tags: tags?.map(tagOf),
  });
}

function tagOf({ name, from }: NonNullable<Tracing["tags"]>[number]): Json {
  switch (from.type) {
    case "literal":
      return { tag: name, literal: { value: from.value } };
    case "header":
      return { tag: name, request_header: compact({ name: from.header, default_value: from.default }) };
    case "environment":
      return { tag: name, environment: compact({ name: from.variable, default_value: from.default }) };
  }
}
