// EDS: where the instances of a cluster are, and whether they take calls.
// The rule: when no instance is ready all are offered, because a caller that tries is better off than one that is told there is nobody.
import { keyOf } from "@/lib/mesh";
import type { Target } from "./destinations";
import { isIpAddress, type JsonObject, meshwrightMetadata, socketAddress } from "./envoy-json";
import { type Facts, isTcpPort, workloadsIn } from "./facts";
import { groupsFor, type Preference } from "./locality";
import type { CompileContext } from "./parts";
import type { InstanceEndpoint } from "./types";

type Place = {
  address: string;
  port: number;
  health: "HEALTHY" | "UNHEALTHY" | "DRAINING";
  metadata: JsonObject;
  workload: { namespace: string; name: string };
};

/** `preference`: null when all callers take all hosts alike. */
export function loadAssignment(
  context: CompileContext,
  name: string,
  target: Target,
  preference: Preference | null,
): JsonObject {
  const found = context.facts.services.get(target.service)?.spec.optOut
    ? boundAddresses(context, target)
    : sidecars(context, target);
  const { workloads } = context.facts;
  const groups = groupsFor(preference, found, ({ workload }) =>
    workloads.get(keyOf("Workload", workload.namespace, workload.name)),
  );
  return {
    cluster_name: name,
    endpoints: groups.map(({ hosts, place }) => ({
      ...place,
      lb_endpoints: hosts.map(({ address, port, health, metadata }) => ({
        endpoint: { address: socketAddress(address, port) },
        health_status: health,
        metadata,
      })),
    })),
  };
}

function sidecars({ facts, input, places, problems }: CompileContext, target: Target): Place[] {
  const versions = versionsOf(facts, target);
  const all = [...versions.keys()].flatMap((workload) => places.endpointsOf(workload)).sort(byProxyId);
  const withApp = all.filter(({ proxyId }) => (places.instance(proxyId)?.app.kind ?? "none") !== "none");
  const instances = withApp.length > 0 ? withApp : all; // who has no app takes no calls while another has one
  const isSomeReady = instances.some((endpoint) => endpoint.ready && !endpoint.draining);
  return instances.flatMap((endpoint) => {
    if (!isIpAddress(endpoint.host) && !input.overrides.hasHostNames) {
      problems.refuseAt(
        `endpoints["${endpoint.proxyId}"].host`,
        `"${endpoint.host}" is not an IP address`,
        "Let the agent of that machine report its address.",
      );
      return [];
    }
    return [
      {
        address: endpoint.host,
        port: endpoint.inboundPort,
        health: endpoint.draining ? "DRAINING" : endpoint.ready || !isSomeReady ? "HEALTHY" : "UNHEALTHY",
        metadata: meshwrightMetadata({
          instance: endpoint.proxyId,
          version: versions.get(`${endpoint.namespace}/${endpoint.workload}`),
          workload: endpoint.workload,
        }),
        workload: { namespace: endpoint.namespace, name: endpoint.workload },
      } satisfies Place,
    ];
  });
}

/** A service without sidecars is called where the environment says its app is. */
function boundAddresses({ facts, input, places }: CompileContext, target: Target): Place[] {
  const versions = versionsOf(facts, target);
  const service = facts.services.get(target.service);
  // as behind a sidecar: beside other ports of its service a TCP port has the same number at the app
  const isOwn = service && service.spec.ports.length > 1 && isTcpPort(service, target.port);
  const portOf = (app: { port: number }) => (isOwn ? target.port : app.port);
  return places.instances().flatMap(({ id, workload, app }) => {
    const version = versions.get(`${workload.namespace}/${workload.name}`);
    if (version === undefined || app.kind !== "address") return [];
    if (!isIpAddress(app.host) && !input.overrides.hasHostNames) return [];
    const metadata = meshwrightMetadata({ instance: id, version, workload: workload.name });
    return [{ address: app.host, port: portOf(app), health: "HEALTHY" as const, metadata, workload }];
  });
}

function versionsOf(facts: Facts, target: Target): Map<string, string> {
  return new Map(
    workloadsIn(facts, target.service, target.subset).map(({ metadata, spec }) => [
      `${metadata.namespace}/${metadata.name}`,
      spec.version,
    ]),
  );
}

function byProxyId(a: InstanceEndpoint, b: InstanceEndpoint): number {
  return a.proxyId < b.proxyId ? -1 : a.proxyId > b.proxyId ? 1 : 0;
}
