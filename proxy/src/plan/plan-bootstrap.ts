// A static bootstrap -> ProxyPlan, with paths that begin at the file's root. One rule: the whole file is checked, the
// parts that only ADS uses included.

import { create, type Message } from "@bufbuild/protobuf";
import { findConstraintViolations } from "../contract/constraints";
import { findUnsupported } from "../contract/find-unsupported";
import { type Bootstrap, BootstrapSchema, type Cluster, ClusterSchema, type Secret } from "../contract/messages";
import type { ResourceKind } from "../contract/resource-types";
import { ADS_CLUSTER_SUPPORT } from "../contract/support";
import type { Violation } from "../contract/violations";
import { overloadPlan } from "./overload";
import { type PlanResources, type PlanResult, plan } from "./plan";
import { Scope } from "./scope";
import type { SocketAddress } from "./types";
import { socketAddress } from "./values";

/** How to reach the control plane, from dynamic_resources. */
export interface AdsPlan {
  readonly protocol: "delta" | "state-of-the-world";
  readonly clusterName: string;
  readonly address: SocketAddress;
}

export type BootstrapPlanResult =
  | { readonly ok: false; readonly violations: readonly Violation[] }
  | {
      readonly ok: true;
      readonly result: Extract<PlanResult, { ok: true }>["plan"];
      readonly ads: AdsPlan | null;
      readonly resources: PlanResources;
    };

const API_TYPES: Readonly<Record<number, AdsPlan["protocol"]>> = { 2: "state-of-the-world", 3: "delta" };

/** @param externalSecrets secrets that come from elsewhere: the proxy's own identity */
export function planBootstrap(bootstrap: Bootstrap, externalSecrets: readonly string[] = []): BootstrapPlanResult {
  const found: Violation[] = [];
  const ads = adsPlan(bootstrap, new Scope("dynamic_resources", found));
  const frame = create(BootstrapSchema, { ...bootstrap, staticResources: undefined } as Bootstrap);
  found.push(...findUnsupported(BootstrapSchema, frame, ""), ...findConstraintViolations(BootstrapSchema, frame, ""));
  const { resources, paths } = staticResources(bootstrap, ads?.clusterName, found);
  const localCluster = bootstrap.clusterManager?.localClusterName ?? "";
  if (localCluster !== "" && !ads && !resources.clusters.has(localCluster)) {
    new Scope("cluster_manager.local_cluster_name", found).fail(
      `there is no cluster ${JSON.stringify(localCluster)} in static_resources.clusters; add it or correct the name`,
    );
  }
  const admin = bootstrap.admin?.address
    ? socketAddress(bootstrap.admin.address, new Scope("admin.address", found))
    : null;
  const result = plan(resources, {
    ...(bootstrap.node ? { node: bootstrap.node } : {}),
    admin,
    localCluster,
    overload: overloadPlan(bootstrap.overloadManager, new Scope("overload_manager", found)),
    isStatic: ads === null,
    externalSecrets,
    pathOf: (kind, name) => paths.get(`${kind} ${name}`) ?? `static_resources (${kind} ${JSON.stringify(name)})`,
  });
  const violations = result.ok ? found : [...found, ...result.violations];
  return result.ok && violations.length === 0
    ? { ok: true, result: result.plan, ads, resources }
    : { ok: false, violations };
}

function staticResources(
  bootstrap: Bootstrap,
  adsCluster: string | undefined,
  found: Violation[],
): { resources: PlanResources; paths: Map<string, string> } {
  const paths = new Map<string, string>();
  const { listeners = [], clusters = [], secrets = [] } = bootstrap.staticResources ?? {};
  const byName = <T extends Message & { name: string }>(
    kind: ResourceKind,
    field: string,
    list: readonly T[],
  ): Map<string, T> => {
    const map = new Map<string, T>();
    list.forEach((one, index) => {
      const path = `static_resources.${field}[${index}]`;
      const name = one.name || (kind === "listener" ? `listener_${index}` : "");
      if (map.has(name)) {
        found.push({ path: `${path}.name`, message: `${JSON.stringify(name)} is taken; names must be unique` });
      }
      paths.set(`${kind} ${name}`, path);
      map.set(name, one);
    });
    return map;
  };
  const allClusters = byName<Cluster>("cluster", "clusters", clusters);
  const xds = adsCluster === undefined ? undefined : allClusters.get(adsCluster);
  if (xds && adsCluster !== undefined) {
    const path = paths.get(`cluster ${adsCluster}`) ?? "";
    found.push(
      ...findUnsupported(ClusterSchema, xds, path, ADS_CLUSTER_SUPPORT),
      ...findConstraintViolations(ClusterSchema, xds, path),
    );
    allClusters.delete(adsCluster);
  }
  return {
    paths,
    resources: {
      listeners: byName("listener", "listeners", listeners),
      routes: new Map(),
      clusters: allClusters,
      endpoints: new Map(),
      secrets: byName<Secret>("secret", "secrets", secrets),
    },
  };
}

function adsPlan(bootstrap: Bootstrap, scope: Scope): AdsPlan | null {
  const dynamic = bootstrap.dynamicResources;
  if (!dynamic) {
    return null;
  }
  const config = dynamic.adsConfig;
  const [service, second] = config?.grpcServices ?? [];
  if (!config || !service || second || service.targetSpecifier.case !== "envoyGrpc") {
    scope.field("ads_config").fail("needs api_type and exactly one grpc_services entry with envoy_grpc.cluster_name");
    return null;
  }
  if (!bootstrap.node?.id || !bootstrap.node.cluster)
    scope.fail("needs node.id and node.cluster: the control plane knows a proxy by them");
  const says = "must be set to ads: listeners and clusters come from the control plane";
  if (!dynamic.ldsConfig) scope.field("lds_config").fail(says);
  if (!dynamic.cdsConfig) scope.field("cds_config").fail(says);
  if (API_TYPES[config.apiType] === undefined) scope.field("ads_config").field("api_type").fail("must be set");
  const { clusterName, authority } = service.targetSpecifier.value;
  if (authority !== "") scope.field("ads_config").fail("takes no authority: the name of the cluster is what is said");
  const cluster = bootstrap.staticResources?.clusters.find(({ name }) => name === clusterName);
  const endpoint = cluster?.loadAssignment?.endpoints[0]?.lbEndpoints[0]?.hostIdentifier;
  if (endpoint?.case !== "endpoint") {
    scope
      .field("ads_config")
      .fail(`the cluster ${JSON.stringify(clusterName)} must be in static_resources.clusters with one endpoint`);
    return null;
  }
  return {
    protocol: API_TYPES[config.apiType] ?? "delta",
    clusterName,
    address: socketAddress(endpoint.value.address, scope.field("ads_config")),
  };
}
