// Gateways with their routes, and external services -> MeshGateway, MeshHTTPRoute, MeshExternalService.
// The rule: 3.x has no gateway of its own; what a gateway does there is another product's.
import { type ExternalService, type Gateway, isSameJson, objectKey, type Route, refKey } from "@/lib/mesh";
import type { Judgement } from "../gateway-api/entries";
import type { Manifest } from "../shared/dialect";
import { tellGuards } from "../shared/tell-connections";
import { withoutHttps } from "../shared/tell-https";
import { loseExternalConnections } from "../shared/tell-rest";
import { API, SERVICE_TAG, SYSTEM_NAMESPACE } from "./documents";
import { timesOfRule } from "./export-calls";
import { withoutKeptTls, writeTls } from "./export-external-tls";
import { type Versions, withKeptFilters, writeRoute } from "./export-http-route";
import type { KumaExport } from "./export-refs";
import { externalHost } from "./services";

export function exportGateway(out: KumaExport, gateway: Gateway, versions: Versions): void {
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
  tellGuards(context, gateway, "Kuma");
  const listeners = withoutHttps(context, gateway, "Kuma").flatMap(({ port, protocol, hosts }) =>
    hosts.map((host) => ({
      port,
      protocol: protocol === "tcp" || protocol === "tls" ? protocol.toUpperCase() : "HTTP",
      ...(protocol === "tls" ? { tls: { mode: "PASSTHROUGH" } } : {}),
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
  const times = exportGatewayTimes(out, name, routes);
  for (const route of routes) exportGatewayRoute(out, gateway, route, { versions, hasTimes: times });
}

/** Policies name a gateway as a whole: its rules' times can be said where all are alike. */
function exportGatewayTimes(out: KumaExport, name: string, routes: readonly Route[]): boolean {
  const rules = routes.flatMap(({ spec }) => spec.rules.filter(({ action }) => action.type === "forward"));
  const all = rules.map((rule) => timesOfRule(rule, false, () => undefined));
  const [first] = all;
  if (!first || !all.every((each) => isSameJson(each, first))) return !first;
  const targetRef = { kind: "MeshGateway", name };
  const home = { name, namespace: SYSTEM_NAMESPACE };
  const to = (body: Record<string, unknown>) => ({ targetRef, to: [{ targetRef: { kind: "Mesh" }, default: body }] });
  out.add("MeshTimeout", home, to(first.timeout));
  out.add("MeshRetry", home, to(first.retry));
  return true;
}

type GatewayWriting = { versions: Versions; hasTimes: boolean };

function exportGatewayRoute(
  out: KumaExport,
  gateway: Gateway,
  route: Route,
  { versions, hasTimes }: GatewayWriting,
): void {
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
    const target = `MeshHTTPRoute ${made}`;
    const all = [...(judged.get(i) ?? [])];
    if (rule.action.type === "forward") timesOfRule(rule, false, (judgement) => all.push(judgement));
    if (!hasTimes && rule.action.type === "forward") {
      const reason =
        "the rules of the gateway differ in times or retries, and Kuma says them for all: write MeshTimeout and MeshRetry";
      all.push({ verdict: "lost", reason, changesMeaning: true });
    }
    for (const { verdict, reason, changesMeaning } of all)
      out.context.lose(route, path, verdict, reason, { ...(changesMeaning ? { changesMeaning } : {}), target });
    if (all.length === 0) out.context.tell(route, path, "exact", "means the same in Kuma", { target });
  });
}

export function exportExternal(out: KumaExport, external: ExternalService): void {
  const { context } = out;
  const { name, namespace } = external.metadata;
  const { hosts, ports, endpoints } = external.spec;
  const [host = ""] = hosts;
  if (hosts.length > 1 || host !== externalHost(name)) {
    const reason = `callers have to use ${externalHost(name)} in place of ${hosts.join(", ")}, or a HostnameGenerator has to name it`;
    context.lose(external, ["spec", "hosts"], "approximate", reason, { changesMeaning: true });
  }
  loseExternalConnections(context, "Kuma", external);
  ports.forEach((port, i) => {
    const own = i === 0 ? name : `${name}-${port.port}`;
    const places =
      endpoints?.map(({ address, port: number }) => ({ address, port: number })) ??
      (host.startsWith("*") ? [] : [{ address: host.replace(/:\d+$/, ""), port: port.port }]);
    const addresses = places.map(({ address }) => address);
    const tls = writeTls(out, external, port, addresses);
    const spec = {
      match: { type: "HostnameGenerator", port: port.port, protocol: port.protocol },
      endpoints: places,
      ...(tls ? { tls } : {}),
    };
    out.add("MeshExternalService", { name: own, namespace: namespace }, spec, {
      of: withoutKeptTls(external),
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
