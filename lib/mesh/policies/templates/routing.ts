// Templates that route: a canary, and a timeout with retries.
import type { Command } from "../../commands/schema";
import type { MeshIndex } from "../../index-document";
import { objectKey } from "../../refs";
import type { Destination, Route, RouteRule, Service, Subset, TcpRoute, TcpRule } from "../../types";
import {
  adding,
  built,
  freeName,
  newObject,
  type PolicyTemplate,
  refused,
  serviceOf,
  type TemplateResult,
} from "./template";

const CANARY_PERCENT = 10;
const TIMEOUT_MS = 2000;

export const canary: PolicyTemplate = {
  id: "canary",
  title: "Canary",
  intent: `Sends ${CANARY_PERCENT} % of the requests to the newest version; a slider moves the share.`,
  family: "routing",
  needs: ["service"],
  build(index, input) {
    const service = serviceOf(index, input.to);
    if (!service) return refused("Choose the service whose versions share the traffic.");
    const versions = newestOf(index, service);
    if ("reason" in versions) return versions;
    const { commands, destinations } = versions;
    return withCatchAll(index, service, commands, (rule) => ({ ...rule, action: { type: "forward", destinations } }));
  },
};

export const tcpCanary: PolicyTemplate = {
  id: "tcp-canary",
  title: "Canary for TCP",
  intent: `Sends ${CANARY_PERCENT} % of the TCP connections to the newest version; a slider moves the share.`,
  family: "routing",
  needs: ["service"],
  build(index, input) {
    const service = serviceOf(index, input.to);
    if (!service) return refused("Choose the service whose versions share the connections.");
    if (!service.spec.ports.some(({ protocol }) => protocol === "tcp"))
      return refused(`${service.metadata.name} has no port of protocol tcp.`);
    const versions = newestOf(index, service);
    if ("reason" in versions) return versions;
    const { name, namespace } = service.metadata;
    const known = index.tcpRoutesOf(objectKey(service))[0];
    const far = known !== undefined && known.metadata.namespace !== namespace;
    const rule: TcpRule = {
      matches: [],
      destinations: versions.destinations.map((each) => (far ? { ...each, service: { namespace, name } } : each)),
    };
    if (!known) {
      const route = newObject("TcpRoute", namespace, freeName(index, "TcpRoute", namespace, name), {
        service: { name },
        rules: [rule],
      });
      return built([...versions.commands, ...adding(route)], objectKey(route), `TCP route ${name}`);
    }
    const rules = [...known.spec.rules.filter(({ matches }) => matches.length > 0), rule];
    const key = objectKey(known);
    const spec: TcpRoute["spec"] = { ...known.spec, rules };
    return built([...versions.commands, { type: "replaceSpec", key, spec }], key, `TCP route ${name}`);
  },
};

export const timeoutRetries: PolicyTemplate = {
  id: "timeout-retries",
  title: "Timeout with retries",
  intent: "Bounds every call in time, and tries once more what failed without being worked on.",
  family: "routing",
  needs: ["service"],
  build(index, input) {
    const service = serviceOf(index, input.to);
    if (!service) return refused("Choose the service that is called.");
    return withCatchAll(index, service, [], (rule) => ({
      ...rule,
      timeoutMs: rule.timeoutMs ?? TIMEOUT_MS,
      retries: {
        attempts: 1,
        perTryTimeoutMs: Math.max(1, Math.floor((rule.timeoutMs ?? TIMEOUT_MS) / 2) - 100),
        on: ["connect-failure", "refused-stream", "reset-before-request"],
      },
    }));
  },
};

type Newest = { commands: Command[]; destinations: Destination[] } | Extract<TemplateResult, { ok: false }>;

/** A share for the newest version, the rest for the one before it, with the subsets that are missing. */
function newestOf(index: MeshIndex, service: Service): Newest {
  const versions = [...new Set(index.workloadsOf(objectKey(service)).map((each) => each.spec.version))].sort(byVersion);
  const [newest, stable] = [versions.at(-1), versions.at(-2)];
  if (newest === undefined || stable === undefined) {
    return { ok: false, reason: `${service.metadata.name} has one version. Add a workload of another version first.` };
  }
  const [old, next] = [stable, newest].map((version) => subsetFor(index, service, version));
  if (!old || !next) return { ok: false, reason: "The versions could not be told apart." };
  return {
    commands: [old, next].flatMap((each) => (each.isNew ? adding(each.subset) : [])),
    destinations: [
      destination(old.subset.spec.name, service, 100 - CANARY_PERCENT),
      destination(next.subset.spec.name, service, CANARY_PERCENT),
    ],
  };
}

/** Changes the rule for everything else of the route that the service has, or makes a route of that rule. */
function withCatchAll(
  index: MeshIndex,
  service: Service,
  commands: Command[],
  change: (rule: RouteRule) => RouteRule,
): TemplateResult {
  const namespace = service.metadata.namespace;
  const name = service.metadata.name;
  const plain: RouteRule = {
    name: "default",
    matches: [],
    action: { type: "forward", destinations: [{ service: { name }, weight: 100 }] },
  };
  const route = index.routesOf(objectKey(service))[0];
  if (!route) {
    const object = newObject("Route", namespace, freeName(index, "Route", namespace, name), {
      target: { kind: "Service", name },
      rules: [change(plain)],
    });
    return built([...commands, ...adding(object)], objectKey(object), `Route ${name}`);
  }
  const at = route.spec.rules.findIndex((rule) => rule.matches.length === 0);
  const here = route.metadata.namespace === namespace ? change : (rule: RouteRule) => named(change(rule), namespace);
  const rules =
    at < 0 ? [...route.spec.rules, here(plain)] : route.spec.rules.map((rule, i) => (i === at ? here(rule) : rule));
  const spec: Route["spec"] = { ...route.spec, rules };
  return built([...commands, { type: "replaceSpec", key: objectKey(route), spec }], objectKey(route), `Route ${name}`);
}

/** A route of another namespace has to say where the service is. */
function named(rule: RouteRule, namespace: string): RouteRule {
  if (rule.action.type !== "forward") return rule;
  const destinations = rule.action.destinations.map((each) => ({
    ...each,
    service: { namespace: each.service.namespace ?? namespace, name: each.service.name },
  }));
  return { ...rule, action: { type: "forward", destinations } };
}

function subsetFor(index: MeshIndex, service: Service, version: string): { subset: Subset; isNew: boolean } {
  const known = index
    .subsetsOf(objectKey(service))
    .find((each) => Object.keys(each.spec.labels).length === 1 && each.spec.labels.version === version);
  if (known) return { subset: known, isNew: false };
  const { name: serviceName, namespace } = service.metadata;
  const label =
    version
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, "-")
      .replace(/^-+|-+$/g, "") || "v";
  let name = label;
  for (let i = 2; index.subset(objectKey(service), name); i += 1) name = `${label}-${i}`;
  const metadataName = freeName(index, "Subset", namespace, `${serviceName}-${name}`);
  const spec = { service: { name: serviceName }, name, labels: { version } };
  return { subset: newObject("Subset", namespace, metadataName, spec), isNew: true };
}

function destination(subset: string, service: Service, weight: number): Destination {
  return { service: { name: service.metadata.name }, subset, weight };
}

/** v2 before v10. */
function byVersion(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
