// Routes of services as Linkerd takes them: Gateway API's reader, with retries and timeouts from annotations of route and service.
// The rule: Linkerd tries nothing again unless told, and knows no retry stanza; both are written down, so that no default is assumed.
import { keyOf, objectKey, type Retries, type RouteRule, refKey, type Service } from "@/lib/mesh";
import { importRoute } from "../gateway-api/route";
import type { RouteSource, RuleSource } from "../gateway-api/state";
import type { ImportContext, Resource, Understood } from "../shared/context";
import type { Fields, Sink } from "../shared/fields";
import { type Annotations, type Behaviour, behaviourOf, hasFamily, TIMES } from "./annotations";
import { isOnServer, readServerRoute } from "./read-server-route";
import type { LinkerdState } from "./state";

export const readRoute =
  (kind: RouteSource["kind"], state: LinkerdState) =>
  (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    if (isOnServer(resource.spec)) return readServerRoute(state)(context, resource, spec, sink);
    const before = state.outbound.routes.length;
    const result = importRoute(kind, state.outbound)(context, resource, spec, sink);
    for (const source of state.outbound.routes.slice(before)) adapt(context, source);
    return result;
  };

function adapt(context: ImportContext, source: RouteSource): void {
  const { resource } = source;
  const service = source.parents.find(({ kind }) => kind === "Service");
  const own = resource.annotations ?? {};
  const behaviour = behaviourOf(own, service ? annotationsOf(context, service.namespace, service.name) : {});
  tellProblems(context, resource, behaviour);
  for (const rule of source.rules) {
    if (rule.rule.action.type !== "forward") continue;
    const stanza = rule.rule.retries;
    rule.rule = { ...rule.rule, ...carried(rule.rule, behaviour) };
    if (stanza && hasStanza(resource, rule)) {
      const path = ["spec", "rules", rule.index, "retry"];
      const message = "is ignored by Linkerd, which reads retry.linkerd.io annotations";
      context.warn(resource, path, message, "Write the annotations.", { verdict: "ignored" });
    }
    if (rule.rule.cors) {
      delete rule.rule.cors;
      const message = "Linkerd does not know the filter CORS: the rule is taken over without it";
      const judgement = { verdict: "ignored", changesMeaning: true } as const;
      context.warn(resource, ["spec", "rules", rule.index, "filters"], message, "Answer in the service.", judgement);
    }
    if (rule.rule.mirrors) {
      delete rule.rule.mirrors;
      const message = "RequestMirror is refused by Linkerd: the rule is taken over without it";
      context.warn(resource, ["spec", "rules", rule.index, "filters"], message, "Copy in the service.", {
        verdict: "ignored",
        changesMeaning: false,
      });
    }
    if (rule.rule.rewrite) {
      delete rule.rule.rewrite;
      const message = "URLRewrite is refused by Linkerd: the rule is taken over without it";
      const judgement = { verdict: "ignored", changesMeaning: true } as const;
      context.warn(resource, ["spec", "rules", rule.index, "filters"], message, "Rewrite in the service.", judgement);
    }
  }
}

const hasStanza = ({ spec }: Resource, { index }: RuleSource) => {
  const rules = (spec as { rules?: unknown } | null)?.rules;
  const rule: unknown = Array.isArray(rules) ? rules[index] : undefined;
  return typeof rule === "object" && rule !== null && "retry" in rule;
};

function carried(
  rule: Pick<RouteRule, "timeoutMs" | "retries">,
  { timeoutMs, idleTimeoutMs, retries }: Behaviour,
): { timeoutMs?: number; idleTimeoutMs?: number; retries: Retries } {
  const perTry = retries?.perTryTimeoutMs ?? rule.retries?.perTryTimeoutMs;
  const own = retries ?? { attempts: 0 };
  return {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
    retries: perTry === undefined ? own : { ...own, perTryTimeoutMs: perTry },
  };
}

/** What Linkerd does with the calls of a service without routes. */
export function impliedBy(context: ImportContext, { metadata: { name, namespace } }: Service): Partial<RouteRule> {
  return carried({}, behaviourOf({}, annotationsOf(context, namespace, name)));
}

/** As a route says it, where there is nothing to choose. */
export function onlyPort({ spec: { ports } }: Service): { port?: number } {
  const [first, ...more] = ports;
  return first && more.length === 0 ? { port: first.port } : {};
}

function annotationsOf(context: ImportContext, namespace: string, name: string): Annotations {
  const resource = context.resources.find(
    (each) => each.kind === "Service" && each.apiVersion === "v1" && each.name === name && each.namespace === namespace,
  );
  return resource?.annotations ?? context.get(keyOf("Service", namespace, name))?.metadata.annotations ?? {};
}

/** Linkerd passes over what it cannot read, and so does this. `own`: those of the service are told there. */
function tellProblems(context: ImportContext, resource: Resource, { problems, uncarried }: Behaviour): void {
  const own = resource.annotations ?? {};
  for (const { name, message, fix } of problems) {
    if (own[name] === undefined) continue;
    context.warn(resource, ["metadata", "annotations", name], `${name} ${message}; it is ignored`, fix, {
      verdict: "ignored",
    });
  }
  for (const name of uncarried) {
    if (own[name] === undefined) continue;
    const message = `${name} has no counterpart in the model: it stays where it is, without effect here`;
    const path = ["metadata", "annotations", name];
    context.warn(resource, path, message, "Use timeout.linkerd.io/request.", { verdict: "lost" });
  }
}

/** Services that say in annotations how they are called, and have no route: one rule for every call. */
export function putAnnotatedServices(context: ImportContext): void {
  for (const resource of context.resources) {
    const own = resource.annotations ?? {};
    if (resource.kind !== "Service" || resource.apiVersion !== "v1" || !TIMES.some((each) => hasFamily(own, each))) {
      continue;
    }
    const key = keyOf("Service", resource.namespace, resource.name);
    const behaviour = behaviourOf({}, own);
    tellProblems(context, resource, behaviour);
    const service = context.find("Service", key);
    if (!service) continue;
    const existing = context.all("Route").find((route) => refKey(route.spec.target, route) === key);
    const isOther = existing && existing.metadata.origin?.kind !== "Service";
    if (isOther || (existing && context.objects.has(objectKey(existing)))) continue;
    const rule: RouteRule = {
      matches: [],
      action: {
        type: "forward",
        destinations: [{ service: { name: resource.name }, ...onlyPort(service), weight: 1 }],
      },
      ...carried({}, behaviour),
    };
    const spec = { target: { kind: "Service" as const, name: resource.name }, rules: [rule] };
    const { annotations: _annotations, labels: _labels, ...source } = resource;
    context.put("Route", resource.name, spec, { resource: { ...source, dialect: "linkerd" } }, existing);
  }
}
