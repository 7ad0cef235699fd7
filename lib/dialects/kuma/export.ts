// Design -> resources of Kuma 2.x or 3.x, in the Kubernetes form, with a verdict for every part of the design.
// The rule: what the design leaves to a proxy's defaults is written out where Kuma's are others; what Kuma has no word for is told.
import {
  buildIndex,
  type ExternalService,
  type Gateway,
  keyOf,
  type MeshDocument,
  type MeshRoot,
  type MutualTls,
  objectKey,
  type Route,
  refKey,
  valueAt,
  withValueAt,
} from "@/lib/mesh";
import { valuesToYaml } from "@/lib/mesh/yaml/values-to-yaml";
import type { Judgement } from "../gateway-api/entries";
import { exportVersion } from "../gateway-api/export-services";
import type { DialectExport, ExportOptions, Manifest } from "../shared/dialect";
import { ExportContext } from "../shared/export-context";
import { isRecord } from "../shared/fields";
import { GENERATED_LABEL } from "../shared/generated";
import { keptResources } from "../shared/verbatim";
import { API, isSystem, NAMESPACE_LABEL, SERVICE_TAG, SYSTEM_NAMESPACE } from "./documents";
import { DEFAULT_RETRY, exportService } from "./export-calls";
import { type Versions, withKeptFilters, writeRoute } from "./export-http-route";
import { bringBack } from "./export-kept";
import { exportPermissions } from "./export-permissions";
import { KumaExport } from "./export-refs";
import { externalHost } from "./ground";

export function exportKuma(document: MeshDocument, { channel = "2.x" }: ExportOptions = {}): DialectExport {
  const context = new ExportContext(buildIndex(document), "kuma");
  const { index } = context;
  const out = new KumaExport(context, channel === "3.x" ? "3.x" : "2.x");
  const needed = new Map<string, [service: string, subset: string]>();
  const versions: Versions = {
    isOwnService: (service, subset) =>
      out.isThree || index.subset(service, subset)?.metadata.origin?.kind === "Service",
    needs: (service, subset) => needed.set(`${service} ${subset}`, [service, subset]),
  };
  if (index.mesh) exportMesh(out, index.mesh);
  for (const mutualTls of index.all("MutualTls")) exportMutualTls(out, mutualTls);
  exportPermissions(out);
  for (const gateway of index.all("Gateway")) exportGateway(out, gateway, versions);
  for (const external of index.all("ExternalService")) exportExternal(out, external);
  for (const service of index.all("Service")) {
    exportService(out, service, versions);
    const { origin, name, namespace } = service.metadata;
    if (origin?.dialect === "kuma" && origin.kind === "MeshService") {
      const ports = service.spec.ports.map(({ name: port, port: number, protocol }) => ({
        name: port,
        port: number,
        appProtocol: protocol,
      }));
      out.add("MeshService", { name, namespace }, { ports }, { of: service, isWhole: true });
    }
  }
  for (const [service, subset] of [...needed.values()].sort()) exportVersion(context, service, subset);
  reportRest(out, needed);
  bringBack(out);
  return { text: valuesToYaml(context.resources), resources: context.resources, report: context.report };
}

/** Fields of the Mesh that 3.x has removed. */
const REMOVED = [
  "mtls",
  "tracing",
  "logging",
  "metrics",
  "networking",
  "routing",
  "constraints",
  "skipCreatingInitialPolicies",
];

function exportMesh(out: KumaExport, mesh: MeshRoot): void {
  const { context } = out;
  const { mutualTls } = mesh.spec.defaults;
  const { origin } = mesh.metadata;
  const kept = origin?.dialect === "kuma" ? (origin.kept ?? []).filter(({ path }) => path.startsWith("spec.")) : [];
  let spec: Record<string, unknown> = {};
  for (const { path, value } of kept) {
    const name = path.slice("spec.".length);
    if (out.isThree && REMOVED.includes(name)) {
      if (name !== "mtls")
        context.lose(mesh, ["metadata", "origin", "kept"], "lost", `${name} of a Mesh is no longer part of Kuma 3.x`);
    } else if (/^[A-Za-z]+$/.test(name)) spec = { ...spec, [name]: value };
  }
  if (out.isThree || mutualTls === "disable") delete spec["mtls"];
  else spec = { ...spec, mtls: mtlsOf(spec["mtls"], mutualTls) };
  context.resources.push({ apiVersion: API, kind: "Mesh", metadata: { name: out.mesh }, spec });
  const path = ["spec", "defaults", "mutualTls"];
  if (mutualTls === "disable") {
    context.tell(mesh, path, "exact", "no certificates, so no mutual TLS and no permissions that are enforced");
  } else if (out.isThree) {
    exportIdentity(out, mesh);
    if (mutualTls === "permissive") {
      out.add(
        "MeshTLS",
        { name: "mesh-default", namespace: SYSTEM_NAMESPACE },
        { targetRef: { kind: "Mesh" }, rules: [{ default: { mode: "Permissive" } }] },
      );
    }
    context.tell(mesh, path, "moved", "MeshIdentity gives the certificates, MeshTLS the mode");
  } else context.tell(mesh, path, "exact", "the mode of the Mesh's certificates");
  exportDefaults(out, mesh);
}

/** Of the source's backends the mode alone is the design's. */
function mtlsOf(kept: unknown, mode: "strict" | "permissive"): unknown {
  const own = mode === "strict" ? "STRICT" : "PERMISSIVE";
  const enabled = valueAt(kept, ["enabledBackend"]);
  const backends = valueAt(kept, ["backends"]);
  if (!isRecord(kept) || typeof enabled !== "string" || !Array.isArray(backends))
    return { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin", mode: own }] };
  const i = backends.findIndex((each: unknown) => isRecord(each) && each["name"] === enabled);
  const written = valueAt(backends, [i, "mode"]);
  return i < 0 || written === own || (written === undefined && own === "STRICT")
    ? kept
    : withValueAt(kept, ["backends", i, "mode"], own);
}

function exportIdentity(out: KumaExport, mesh: MeshRoot): void {
  if (keptResources(out.context.index.document, "kuma").some(({ manifest }) => manifest.kind === "MeshIdentity"))
    return;
  const spec = {
    selector: { dataplane: { matchLabels: {} } },
    spiffeID: { trustDomain: mesh.spec.trustDomain, path: "/ns/{{ .Namespace }}/sa/{{ .ServiceAccount }}" },
    provider: {
      type: "Bundled",
      bundled: { meshTrustCreation: "Enabled", insecureAllowSelfSigned: true, autogenerate: { enabled: true } },
    },
  };
  out.add("MeshIdentity", { name: "identity", namespace: SYSTEM_NAMESPACE }, spec);
}

/** Kuma gives up after 15 seconds and, in 2.x, tries five times again: what the design leaves open is said for the whole mesh. */
function exportDefaults(out: KumaExport, mesh: MeshRoot): void {
  const labels = { [GENERATED_LABEL]: "default" };
  const home = { name: "design-defaults", namespace: SYSTEM_NAMESPACE };
  const targetRef = { kind: "Mesh" };
  out.add(
    "MeshTimeout",
    home,
    { targetRef, to: [{ targetRef, default: { http: { requestTimeout: "0s" } } }] },
    { labels },
  );
  out.add("MeshRetry", home, { targetRef, to: [{ targetRef, default: DEFAULT_RETRY }] }, { labels });
  out.context.tell(
    mesh,
    ["spec", "defaults"],
    "moved",
    "no timeout and two retries of failed connections are the design's defaults; Kuma's are others, so MeshTimeout and MeshRetry design-defaults say them",
    { target: "MeshTimeout design-defaults" },
  );
  const own = mesh.spec.defaults.authorization;
  const path = ["spec", "defaults", "authorization"];
  if (mesh.spec.defaults.mutualTls === "disable" && own !== "allow") {
    out.context.lose(mesh, path, "lost", "Kuma enforces permissions with mutual TLS only: nobody is refused", {
      changesMeaning: true,
    });
  } else if (own === "deny") out.context.tell(mesh, path, "exact", "what no permission allows is refused");
  else
    out.context.tell(
      mesh,
      path,
      "moved",
      own === "drawn"
        ? "drawn callers are in MeshTrafficPermissions of their callees"
        : "everybody is allowed by a MeshTrafficPermission",
    );
}

function exportMutualTls(out: KumaExport, mutualTls: MutualTls): void {
  const { context } = out;
  const { target, mode, ports } = mutualTls.spec;
  const { metadata } = mutualTls;
  const namespace = target?.namespace ?? (target?.service === undefined ? undefined : metadata.namespace);
  const isOfSystem = isSystem({ namespace: metadata.namespace });
  const home = namespace === undefined || isOfSystem ? SYSTEM_NAMESPACE : namespace;
  const place = namespace !== undefined && home !== namespace ? { [NAMESPACE_LABEL]: namespace } : {};
  const service =
    target?.service === undefined ? undefined : context.index.get(keyOf("Service", namespace, target.service));
  const pods = service?.kind === "Service" ? out.pods(service) : undefined;
  const labels = { ...(pods?.ref["labels"] as Record<string, string> | undefined), ...place };
  const targetRef = Object.keys(labels).length > 0 ? { kind: "Dataplane", labels } : { kind: "Mesh" };
  const spec = { targetRef, rules: [{ default: { mode: mode === "strict" ? "Strict" : "Permissive" } }] };
  out.add("MeshTLS", { name: metadata.name, namespace: home }, spec, { of: mutualTls });
  if (mode === "disable")
    context.lose(
      mutualTls,
      ["spec", "mode"],
      "approximate",
      "Kuma cannot turn mutual TLS off for some: it takes plain text and mutual TLS there",
      { changesMeaning: true },
    );
  if (ports && ports.length > 0)
    context.lose(
      mutualTls,
      ["spec", "ports"],
      "lost",
      "other modes for single ports are left out: write a MeshTLS with sectionName",
      { changesMeaning: true },
    );
  if (pods?.isAssumed)
    context.lose(
      mutualTls,
      ["spec", "target"],
      "approximate",
      `Kuma selects workloads by label: app=${target?.service} is assumed on them`,
    );
  if (context.index.mesh?.spec.defaults.mutualTls === "disable")
    context.lose(mutualTls, ["spec"], "lost", "the mesh has no certificates, and Kuma gives them to all or none", {
      changesMeaning: true,
    });
  context.fillExact([{ key: objectKey(mutualTls), path: "spec" }], "means the same in MeshTLS");
}

function exportGateway(out: KumaExport, gateway: Gateway, versions: Versions): void {
  const { context } = out;
  const { name, namespace } = gateway.metadata;
  const routes = context.index.all("Route").filter((route) => refKey(route.spec.target, route) === objectKey(gateway));
  if (out.isThree) {
    context.lose(
      gateway,
      ["spec"],
      "lost",
      "Kuma 3.x has no gateway of its own: run another one and let Kuma take its traffic over",
      { changesMeaning: true },
    );
    for (const route of routes)
      context.lose(route, ["spec"], "lost", "it belongs to a gateway, and Kuma 3.x has none", { changesMeaning: true });
    return;
  }
  const listeners = gateway.spec.listeners.flatMap(({ port, protocol, hosts }) =>
    hosts.map((host) => ({
      port,
      protocol: protocol === "tcp" ? "TCP" : "HTTP",
      ...(host === "*" ? {} : { hostname: host.replace(/:\d+$/, "") }),
    })),
  );
  const selectors = [{ match: { [SERVICE_TAG]: `${name}_${namespace}_svc` } }];
  const manifest: Manifest = {
    apiVersion: API,
    kind: "MeshGateway",
    metadata: { name, ...(gateway.metadata.labels ? { labels: gateway.metadata.labels } : {}) },
    spec: { selectors, conf: { listeners } },
  };
  context.add(manifest, gateway);
  const other = gateway.spec.listeners.find(({ protocol }) => protocol === "http2" || protocol === "grpc");
  if (gateway.spec.type !== "ingress")
    context.lose(
      gateway,
      ["spec", "type"],
      "approximate",
      `Kuma has no ${gateway.spec.type} gateways: it is written as one for calls from outside`,
    );
  if (other) context.lose(gateway, ["spec", "listeners"], "approximate", `a listener says HTTP, not ${other.protocol}`);
  context.fillExact(
    [{ key: objectKey(gateway), path: "spec" }],
    "means the same in MeshGateway; a MeshGatewayInstance runs it",
  );
  for (const route of routes) exportGatewayRoute(out, gateway, route, versions);
}

function exportGatewayRoute(out: KumaExport, gateway: Gateway, route: Route, versions: Versions): void {
  const judged = new Map<number, Judgement[]>();
  const written = withKeptFilters(
    out,
    route,
    writeRoute(out, route, versions, (rule, judgement) => judged.set(rule, [...(judged.get(rule) ?? []), judgement])),
  );
  const hosts = route.spec.hosts?.map((host) => host.replace(/:\d+$/, ""));
  const to = [
    {
      targetRef: { kind: "Mesh" },
      ...(hosts && !hosts.includes("*") ? { hostnames: hosts } : {}),
      rules: written.map(({ rule }) => rule),
    },
  ];
  const spec = { targetRef: { kind: "MeshGateway", name: gateway.metadata.name }, to };
  const made = out.add("MeshHTTPRoute", { name: route.metadata.name, namespace: SYSTEM_NAMESPACE }, spec, {
    of: route,
  });
  route.spec.rules.forEach((rule, i) => {
    const path = ["spec", "rules", i];
    for (const { verdict, reason, changesMeaning } of judged.get(i) ?? [])
      out.context.lose(route, path, verdict, reason, changesMeaning ? { changesMeaning } : {});
    if (rule.timeoutMs !== undefined || rule.retries)
      out.context.lose(
        route,
        path,
        "lost",
        "times and retries of a gateway's rules are left out: write MeshTimeout and MeshRetry for the gateway",
        { changesMeaning: true },
      );
    else if (!judged.has(i))
      out.context.tell(route, path, "exact", "means the same in Kuma", { target: `MeshHTTPRoute ${made}` });
  });
}

function exportExternal(out: KumaExport, external: ExternalService): void {
  const { context } = out;
  const { name, namespace } = external.metadata;
  const { hosts, ports, endpoints } = external.spec;
  const [host = ""] = hosts;
  if (hosts.length > 1 || host !== externalHost(name)) {
    const reason = `callers have to use ${externalHost(name)} in place of ${hosts.join(", ")}, or a HostnameGenerator has to name it`;
    context.lose(external, ["spec", "hosts"], "approximate", reason, { changesMeaning: true });
  }
  ports.forEach((port, i) => {
    const own = i === 0 ? name : `${name}-${port.port}`;
    const spec = {
      match: { type: "HostnameGenerator", port: port.port, protocol: port.protocol },
      endpoints:
        endpoints?.map(({ address, port: number }) => ({ address, port: number })) ??
        (host.startsWith("*") ? [] : [{ address: host.replace(/:\d+$/, ""), port: port.port }]),
    };
    out.add("MeshExternalService", { name: own, namespace: namespace }, spec, {
      of: external,
      isWhole: i === 0 && external.metadata.origin?.kind === "MeshExternalService",
    });
  });
  if (ports.length > 1)
    context.lose(
      external,
      ["spec", "ports"],
      "approximate",
      "each port is an external service of its own, with a name of its own",
      { changesMeaning: true },
    );
  context.fillExact([{ key: objectKey(external), path: "spec" }], "means the same in MeshExternalService");
}

function reportRest({ context, channel }: KumaExport, needed: ReadonlyMap<string, unknown>): void {
  const { index } = context;
  for (const route of index.all("Route")) {
    const kind = route.spec.target.kind;
    if (kind === "Service" || kind === "Gateway") continue;
    context.lose(route, ["spec"], "lost", "rules for calls to external services are left out", {
      changesMeaning: true,
    });
  }
  for (const egress of index.all("Egress")) {
    const reason = "Kuma opens external services to all callers, or all of outside by MeshPassthrough, not one to some";
    context.lose(egress, ["spec"], "approximate", reason, { changesMeaning: true });
  }
  for (const boundary of index.all("TrustBoundary"))
    context.lose(boundary, ["spec"], "lost", "Kuma has no trust boundaries");
  for (const subset of index.all("Subset")) {
    const service = keyOf(
      "Service",
      subset.spec.service.namespace ?? subset.metadata.namespace,
      subset.spec.service.name,
    );
    if (needed.has(`${service} ${subset.spec.name}`)) continue;
    const reason =
      channel === "2.x"
        ? "routes name it by the tags of its workloads"
        : "no route names it, so it needs no Service of its own";
    context.tell(subset, ["spec"], "moved", reason);
  }
  for (const kind of ["Namespace", "Service", "Workload"] as const) {
    for (const object of index.all(kind)) {
      context.tell(
        object,
        ["metadata"],
        "moved",
        "it is a resource of Kubernetes, or what Kuma makes of one, and is applied on its own",
      );
    }
  }
  const isDrawn = index.mesh?.spec.defaults.authorization === "drawn";
  for (const dependency of index.all("Dependency")) {
    const reason = isDrawn
      ? "it is a grant in the MeshTrafficPermission drawn-callers-of its callee"
      : "Kuma's proxies know every service: nothing has to be said to call one";
    context.tell(dependency, ["spec"], "moved", reason);
  }
  for (const service of index.all("Service")) {
    if (service.spec.mode === undefined && service.spec.optOut === undefined) continue;
    const field = service.spec.optOut ? "optOut" : "mode";
    context.lose(
      service,
      ["spec", field],
      "lost",
      `write it as MeshTLS or as sidecar injection for ${objectKey(service)}`,
    );
  }
}
