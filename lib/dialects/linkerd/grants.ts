// AuthorizationPolicy and ServerAuthorization -> who is granted which calls of which Server.
// The rule: a grant that cannot be said completely is left out and kept; the model then refuses more than Linkerd, never less.
import type { AuthorizationOperation, AuthorizationSource } from "@/lib/mesh";
import { matches } from "../kubernetes/selectors";
import { principal } from "../shared/principals";
import { joined } from "./identities";
import { identified } from "./read-authentication";
import { operationsOf, rivalOf, takesEverything } from "./read-server-route";
import type { Identified, LinkerdState, Part, PolicyPart, Ref, ServerPart, ServerRoutePart } from "./state";

/** Undefined `to`: every call. No `from`: anybody, without an identity too. */
export type Grant = { part: Part; server: ServerPart; from: AuthorizationSource[]; to?: AuthorizationOperation[] };
export type Granted = { grants: Grant[]; leftOut: { part: Part; reason: string }[]; ofNamespace: Set<Part> };

export function grantsOf(state: LinkerdState, trustDomain: string): Granted {
  const grants: Grant[] = [];
  const leftOut: Granted["leftOut"] = [];
  const ofNamespace = new Set<Part>();
  const give = (part: Part, who: Identified, servers: Servers) => {
    if ("reason" in who) leftOut.push({ part, reason: who.reason });
    else if ("reason" in servers) leftOut.push({ part, reason: servers.reason });
    else grants.push(...servers.on.map((each) => ({ part, from: who.from, ...each })));
  };
  for (const policy of state.policies) {
    if (policy.target.kind === "Namespace") ofNamespace.add(policy);
    give(policy, whoOf(state, policy, trustDomain), serversOf(state, policy));
  }
  for (const each of state.serverAuthorizations) {
    const { server, who, resource } = each;
    const own = state.servers.filter(
      (one) =>
        one.resource.namespace === resource.namespace &&
        server !== undefined &&
        ("name" in server ? one.resource.name === server.name : matches(server.labels, one.resource.labels ?? {})),
    );
    const none = { reason: "it selects no Server of these documents by name or labels" };
    give(each, who, own.length === 0 ? none : wholeServers(state, own));
  }
  return { grants, leftOut, ofNamespace };
}

/** Authentications of a policy are AND-ed: who has the identity, from where the network says. */
function whoOf(state: LinkerdState, { refs, resource }: PolicyPart, trustDomain: string): Identified {
  let who: Identified = { from: [] };
  let networks: Parameters<typeof identified>[1];
  for (const ref of refs) {
    const { kind, name, namespace } = ref;
    const isNamed = (part: Part) => part.resource.name === name && part.resource.namespace === namespace;
    if (kind === "ServiceAccount") who = { from: [{ principals: [principal(trustDomain, namespace, name)] }] };
    else if (kind === "MeshTLSAuthentication") who = state.meshTls.find(isNamed)?.who ?? missing(ref);
    else if (kind === "NetworkAuthentication") {
      const found = state.networks.find(isNamed);
      if (!found) return missing(ref);
      networks = found.networks;
    } else return { reason: `authentication ${kind} ${name} is not known` };
    if ("reason" in who) return who;
  }
  if (refs.filter(({ kind }) => kind !== "NetworkAuthentication").length > 1) {
    return { reason: `${resource.name} asks for two identities at once, which Linkerd does not take` };
  }
  return identified("from" in who ? { from: joined(who.from) } : who, networks);
}

const missing = ({ kind, name, namespace }: Ref) => ({
  reason: `${kind} ${namespace}/${name} is not in these documents`,
});

type Servers = { on: Pick<Grant, "server" | "to">[] } | { reason: string };

function serversOf(state: LinkerdState, { target, resource, refs }: PolicyPart): Servers {
  const here = state.servers.filter((each) => each.resource.namespace === resource.namespace);
  switch (target.kind) {
    case "Server": {
      const own = here.filter((each) => each.resource.name === target.name);
      return own.length > 0 ? wholeServers(state, own) : missing(target);
    }
    case "Namespace":
      return here.length > 0
        ? wholeServers(state, here)
        : { reason: `namespace ${resource.namespace} has no Server in these documents` };
    case "HTTPRoute":
    case "GRPCRoute":
      return routeServers(state, target, resource.namespace, refs);
    default:
      return { reason: `its target ${target.kind} ${target.name} is neither Server, route nor namespace` };
  }
}

const routesOn = (state: LinkerdState, { resource }: ServerPart): ServerRoutePart[] =>
  state.serverRoutes.filter(
    ({ servers, resource: route }) => route.namespace === resource.namespace && servers.includes(resource.name),
  );

/** Where a Server has routes, other calls get 404, whoever makes them. */
function wholeServers(state: LinkerdState, servers: readonly ServerPart[]): Servers {
  const on: Pick<Grant, "server" | "to">[] = [];
  for (const server of servers) {
    const routes = routesOn(state, server);
    if (routes.some(takesEverything)) {
      on.push({ server });
      continue;
    }
    const odd = routes.find(({ reason }) => reason !== undefined);
    if (odd?.reason !== undefined) return { reason: odd.reason };
    const to = routes.length === 0 ? undefined : operationsOf(routes);
    on.push({ server, ...(to ? { to } : {}) });
  }
  return { on };
}

function routeServers(state: LinkerdState, target: Ref, namespace: string, refs: readonly Ref[]): Servers {
  const isTarget = ({ resource }: ServerRoutePart, name: string) =>
    resource.namespace === namespace && resource.kind === target.kind && resource.name === name;
  const route = state.serverRoutes.find((each) => isTarget(each, target.name));
  if (!route) return { reason: `${target.kind} ${target.name} is not in these documents, or on no Server` };
  if (route.reason !== undefined) return { reason: route.reason };
  const on: Pick<Grant, "server" | "to">[] = [];
  for (const server of state.servers) {
    if (server.resource.namespace !== namespace || !route.servers.includes(server.resource.name)) continue;
    // another policy may grant the same callers the calls of the other route
    const isSame = (other: ServerRoutePart) =>
      state.policies.some(
        (policy) =>
          policy.target.name === other.resource.name &&
          policy.target.kind === other.resource.kind &&
          policy.resource.namespace === namespace &&
          JSON.stringify(policy.refs) === JSON.stringify(refs),
      );
    const rival = rivalOf(route, routesOn(state, server), isSame);
    if (rival) {
      return { reason: `${rival.resource.kind} ${rival.resource.name} takes some of its calls first, for others` };
    }
    const to = operationsOf([route]);
    on.push({ server, ...(to ? { to } : {}) });
  }
  return on.length > 0 ? { on } : { reason: `the Servers of ${target.kind} ${target.name} are not in these documents` };
}
