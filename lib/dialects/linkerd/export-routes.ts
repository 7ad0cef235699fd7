// Routes of services -> HTTPRoutes and GRPCRoutes as Linkerd takes them: retries as annotations, no rewrite, no answer of its own.
// The rule: rules that differ in their retries are in routes of their own, for annotations are for all rules of a route.
import { type Retries, type Route, type RouteRule, refKey } from "@/lib/mesh";
import { isKeptConsumer, plainConsumer } from "../gateway-api/consumers";
import type { Judgement } from "../gateway-api/entries";
import { exportRoute } from "../gateway-api/export-route";
import type { RouteNeeds } from "../gateway-api/export-rule";
import { DEFAULT_ATTEMPTS } from "../gateway-api/route";
import { NO_BACKEND } from "../gateway-api/state";
import type { ExportContext } from "../shared/export-context";
import { isRecord } from "../shared/fields";
import { idleAnnotation, isCarried, retryAnnotations } from "./annotations";

/** What of a rule has words here; anything else that a model may have is told. */
const SAID = new Set(["name", "matches", "action", "timeoutMs", "idleTimeoutMs", "retries", "headers", "rewrite"]);

export function exportLinkerdRoute(context: ExportContext, route: Route, needs: RouteNeeds): void {
  const target = context.index.get(refKey(route.spec.target, route));
  if (target?.kind === "Gateway") {
    const reason =
      "Linkerd has no gateways: calls from outside come by an ingress of another product, which has routes of its own";
    context.lose(route, ["spec"], "lost", reason, { changesMeaning: true });
    return;
  }
  const before = context.resources.length;
  const { rules } = route.spec;
  exportRoute(context, plain(route), {
    ...needs,
    product: {
      title: "Linkerd",
      dialects: ["linkerd", "gateway-api"],
      annotationsOf: (rule) => annotationsOf(rules[rule]),
      judgementsOf: (rule) => judgementsOf(rules[rule]),
      implied: NO_RETRIES,
    },
  });
  for (const { spec } of context.resources.slice(before)) closeEmptyRules(spec);
  for (const [i, rule] of rules.entries()) {
    if (rule.action.type !== "forward" || rule.retries) continue;
    const reason =
      "a design tries failed connections again, twice; Linkerd does not, and sends to endpoints that take connections";
    context.lose(route, ["spec", "rules", i, "retries"], "approximate", reason);
  }
  tellKept(context, route);
}

/** Without annotations Linkerd tries nothing again. */
export const NO_RETRIES = { retries: { attempts: 0 } } as const;

const CARRIES_RETRIES = (rule: RouteRule | undefined): Retries | undefined =>
  rule?.action.type === "forward" ? rule.retries : undefined;

function annotationsOf(rule: RouteRule | undefined): Readonly<Record<string, string>> {
  const retries = CARRIES_RETRIES(rule);
  const idleMs = rule?.action.type === "forward" ? rule.idleTimeoutMs : undefined;
  return {
    ...(retries ? retryAnnotations(retries).annotations : {}),
    ...(idleMs === undefined ? {} : idleAnnotation(idleMs)),
  };
}

function judgementsOf(rule: RouteRule | undefined): Judgement[] {
  if (!rule) return [];
  const found: Judgement[] = [];
  const lost = (reason: string) => found.push({ verdict: "lost", reason, changesMeaning: true });
  const nearly = (reason: string, changesMeaning = false) =>
    found.push({ verdict: "approximate", reason, changesMeaning });
  if (rule.rewrite && rule.action.type === "forward")
    lost("Linkerd refuses routes that rewrite: calls are sent on as they came");
  if (rule.action.type === "respond" && rule.action.status === 500) {
    nearly(`the answer comes of a backend that is not there (${NO_BACKEND})`);
  }
  if (rule.action.type === "redirect" && (rule.action.path ?? rule.action.prefixRewrite) !== undefined) {
    nearly("Linkerd does not pass the conformance test of a redirect to another path", true);
  }
  for (const field of Object.keys(rule).filter((each) => !SAID.has(each))) lost(`Linkerd has no ${field}`);
  const retries = CARRIES_RETRIES(rule);
  if (retries && retries.attempts > 0) {
    const { annotations, unsaid } = retryAnnotations(retries);
    if (Object.keys(annotations).length === 0)
      lost("Linkerd tries again by status only: nothing of this is tried again");
    else if (unsaid.length > 0)
      nearly(`retries on ${unsaid.join(", ")} cannot be said: Linkerd tries again by status only`);
    if (retries.backoff || retries.ignorePreviousHosts || retries.remoteLocalities)
      nearly("how long a retry waits, and which endpoint it takes, is Linkerd's own choice");
    if (retries.on?.includes("5xx"))
      nearly("5xx is an answer of 500 to 599 in Linkerd; here it is a broken connection too");
  }
  return found;
}

/** The route in words that Gateway API's writer takes to the letter. */
function plain(route: Route): Route {
  const { origin, annotations, ...metadata } = route.metadata;
  const own = Object.entries(annotations ?? {}).filter(([name]) => !isCarried(name));
  const kept = origin?.kept?.flatMap((each) =>
    isKeptConsumer(each) ? [plainConsumer(each, isTaken, isCarried)] : isTaken(each.path) ? [each] : [],
  );
  return {
    ...route,
    metadata: {
      ...metadata,
      ...(own.length > 0 ? { annotations: Object.fromEntries(own) } : {}),
      ...(origin ? { origin: { ...origin, ...(kept ? { kept } : {}) } } : {}),
    },
    spec: { ...route.spec, rules: route.spec.rules.map(plainRule) },
  };
}

function plainRule({
  rewrite: _rewrite,
  cors: _cors,
  mirrors: _mirrors,
  internalRedirects: _redirects,
  idleTimeoutMs: _idle,
  retries,
  ...rule
}: RouteRule): RouteRule {
  const perTry = retries?.attempts === 0 ? retries.perTryTimeoutMs : undefined;
  // one try has the time of a backend; that of several is an annotation
  return perTry === undefined ? rule : { ...rule, retries: { attempts: DEFAULT_ATTEMPTS, perTryTimeoutMs: perTry } };
}

/** Of what was kept of a source: that which Linkerd takes as well. */
const isTaken = (path: string) => /^spec\.(parentRefs|hostnames)|\.backendRefs\[\d+\]\.filters|\.retry$/.test(path);

function tellKept(context: ExportContext, route: Route): void {
  const lost = (route.metadata.origin?.kept ?? []).filter((each) => !isTaken(each.path) && !isKeptConsumer(each));
  const { origin } = route.metadata;
  if (lost.length === 0 || !origin || (origin.dialect !== "linkerd" && origin.dialect !== "gateway-api")) return;
  const words = lost.map(({ path }) => path).join(", ");
  context.lose(route, ["metadata", "origin", "kept"], "lost", `${words} is refused by Linkerd and is left out`);
}

/** A rule without backends would be sent to the service itself. */
function closeEmptyRules(spec: Record<string, unknown>): void {
  const rules = Array.isArray(spec["rules"]) ? spec["rules"].filter(isRecord) : [];
  for (const rule of rules) {
    const filters = Array.isArray(rule["filters"]) ? rule["filters"].filter(isRecord) : [];
    if (rule["backendRefs"] === undefined && !filters.some(({ type }) => type === "RequestRedirect")) {
      rule["backendRefs"] = [{ name: NO_BACKEND, port: 1 }];
    }
  }
}
