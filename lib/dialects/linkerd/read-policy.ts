// Server, AuthorizationPolicy, ServerAuthorization and the authentications, as written. What they mean together is decided when all are known.
// The rule: a reference that nobody can follow is told at its place; nothing is guessed about who may call.
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import type { Fields, Sink } from "../shared/fields";
import { identified, readIdentities, readNetworks } from "./read-authentication";
import type { Identified, LinkerdState, Ref } from "./state";

type Run = (context: ImportContext, resource: Resource, spec: Fields, sink: Sink) => Understood;

const ACCESS = [
  "deny",
  "audit",
  "all-authenticated",
  "all-unauthenticated",
  "cluster-authenticated",
  "cluster-unauthenticated",
];

export const readServer =
  (state: LinkerdState): Run =>
  (_context, resource, spec, sink) => {
    const result = understood(resource);
    const port = spec.take("port");
    const accessPolicy = spec.text("accessPolicy") ?? "deny";
    const pods = spec.object("podSelector");
    const labels = pods?.textMap("matchLabels") ?? {};
    const expressions = pods?.list("matchExpressions") ?? [];
    // it is written again from the protocol of the service's port
    spec.text("proxyProtocol");
    if (typeof port !== "number" && typeof port !== "string") {
      spec.problem("port", port === undefined ? "is missing" : "must be a port or its name", "Write the pod's port.");
      return result;
    }
    if (!ACCESS.includes(accessPolicy)) {
      spec.problem("accessPolicy", `${accessPolicy} is not known`, `Write one of ${ACCESS.join(", ")}.`);
      return result;
    }
    spec.keepRest();
    const selector = pods === undefined || expressions.length > 0 ? undefined : labels;
    state.servers.push({ resource, result, kept: sink.kept, selector, port, accessPolicy });
    return result;
  };

export const readAuthorizationPolicy =
  (state: LinkerdState): Run =>
  (_context, resource, spec, sink) => {
    const result = understood(resource);
    const target = spec.object("targetRef");
    if (!target) {
      if (!spec.has("targetRef")) spec.problem("targetRef", "is missing", "Name a Server, a route or the namespace.");
      return result;
    }
    const ref = readRef(target, resource);
    const refs = spec.list("requiredAuthenticationRefs").flatMap((each) => readRef(each, resource) ?? []);
    spec.keepRest();
    if (ref) state.policies.push({ resource, result, kept: sink.kept, target: ref, refs });
    return result;
  };

function readRef(fields: Fields, resource: Resource): Ref | undefined {
  const group = fields.text("group") ?? "";
  const kind = fields.text("kind");
  const name = fields.text("name");
  const namespace = fields.text("namespace") ?? resource.namespace;
  fields.keepRest();
  if (kind === undefined || name === undefined) {
    fields.problem(kind === undefined ? "kind" : "name", "is missing", "Write kind and name.");
    return undefined;
  }
  return { group: group === "core" ? "" : group, kind, name, namespace };
}

export const readMeshTls =
  (state: LinkerdState): Run =>
  (context, resource, spec, sink) => {
    const result = understood(resource);
    const who = readIdentities(context, resource, spec);
    spec.keepRest();
    state.meshTls.push({ resource, result, kept: sink.kept, who });
    return result;
  };

export const readNetworkAuthentication =
  (state: LinkerdState): Run =>
  (_context, resource, spec, sink) => {
    const result = understood(resource);
    const networks = readNetworks(spec);
    spec.keepRest();
    state.networks.push({ resource, result, kept: sink.kept, networks });
    return result;
  };

export const readServerAuthorization =
  (state: LinkerdState): Run =>
  (context, resource, spec, sink) => {
    const result = understood(resource);
    const server = spec.object("server");
    const name = server?.text("name");
    const selector = server?.object("selector");
    const labels = selector?.textMap("matchLabels") ?? {};
    const isOdd = (selector?.list("matchExpressions") ?? []).length > 0;
    const client = spec.object("client");
    if (!server || !client || (name === undefined && !selector)) {
      const missing = !client ? "client" : "server";
      if (!spec.has(missing)) spec.problem(missing, "is missing", "Name the server and the client.");
      return result;
    }
    const who = readClient(context, resource, client);
    server.keepRest();
    client.keepRest();
    spec.keepRest();
    const target = name === undefined ? (isOdd ? undefined : { labels }) : { name };
    state.serverAuthorizations.push({ resource, result, kept: sink.kept, server: target, who });
    return result;
  };

function readClient(context: ImportContext, resource: Resource, client: Fields): Identified {
  const isAnybody = client.flag("unauthenticated") ?? false;
  const hasNetworks = client.has("networks");
  const networks = hasNetworks ? readNetworks(client) : [];
  const tls = client.object("meshTLS");
  if (isAnybody || !tls) return identified({ from: [] }, hasNetworks ? networks : undefined);
  const isAnyTls = tls.flag("unauthenticatedTLS") ?? false;
  const who = isAnyTls ? { from: [{ principals: ["*"] }] } : readIdentities(context, resource, tls);
  tls.keepRest();
  return identified(who, hasNetworks ? networks : undefined);
}
