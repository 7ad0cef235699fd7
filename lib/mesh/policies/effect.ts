// What a policy does, in a sentence that needs no YAML. The rule: it says what the mesh does with the policy (the default it adds
// to, what has no effect), not which fields are set.
import { balancingText } from "../diff/balancing-text";
import { preferenceText } from "../diff/locality-words";
import {
  corsText,
  durationText,
  faultText,
  internalRedirectsText,
  matchText,
  messageChangesText,
  mirrorsText,
  patienceText,
  rateLimitText,
  redirectPlace,
  refText,
  shares,
  statusesText,
  tcpMatchText,
} from "../diff/words";
import type { MeshIndex } from "../index-document";
import { keyOf, parseKey, refKey, tcpTargetKey, tcpTargetOf } from "../refs";
import { HEALTH_CHECK_DEFAULTS } from "../schema/health-check";
import type {
  Destination,
  HealthCheck,
  MeshObject,
  OutlierDetection,
  PolicyTarget,
  RouteRule,
  TcpRule,
} from "../types";
import { authenticationEffect } from "./effect-authentication";
import { authorizationEffect } from "./effect-authorization";
import type { PolicyObject } from "./kinds";
import { listWords, sentence, targetWords } from "./words";

/** Without a full stop at the end. */
export function effectOf(policy: PolicyObject, index: MeshIndex): string {
  switch (policy.kind) {
    case "MutualTls":
      return mutualTlsEffect(policy.spec.target, policy.spec.mode, policy.spec.ports ?? []);
    case "Route":
      return sentence(policy.spec.rules.map((rule) => ruleEffect(rule, policy.spec.target.name)).join("; "));
    case "TcpRoute":
      return sentence(policy.spec.rules.map((rule) => tcpRuleEffect(rule, tcpTargetOf(policy).name)).join("; "));
    case "Subset": {
      const labels = Object.entries(policy.spec.labels).map(([key, value]) => `${key}=${value}`);
      const count = index
        .workloadsOf(
          keyOf("Service", policy.spec.service.namespace ?? policy.metadata.namespace, policy.spec.service.name),
        )
        .filter((workload) =>
          Object.entries(policy.spec.labels).every(
            ([key, value]) => ({ ...workload.spec.labels, version: workload.spec.version })[key] === value,
          ),
        ).length;
      const who = count === 0 ? "no workload" : count === 1 ? "1 workload" : `${count} workloads`;
      return `${policy.spec.name} is ${who} of ${policy.spec.service.name}${labels.length > 0 ? ` with ${labels.join(", ")}` : ""}`;
    }
    case "TrafficPolicy":
      return resilienceEffect(policy.spec);
    case "RateLimit": {
      const { limits, connectionRate, shadow, scope, whenAway } = policy.spec;
      const refused = shadow ? "more are counted, not refused" : "more get 429";
      const more = [...(limits ? [refused] : []), ...(connectionRate ? ["more connections are closed"] : [])];
      const away =
        scope === "global" && limits
          ? `; while nobody can be asked, requests are ${whenAway === "deny" ? "refused" : "let through"}`
          : "";
      const text = rateLimitText(policy.spec);
      return `${text[0]?.toUpperCase()}${text.slice(1)}; ${more.join("; ")}${away}`;
    }
    case "RequestAuthentication":
      return authenticationEffect(policy);
    case "AuthorizationPolicy":
      return authorizationEffect(policy, index);
    case "Egress": {
      const callers = policy.spec.from?.map(refText);
      const who = callers ? listWords(callers) : `What draws a line to it in ${policy.metadata.namespace}`;
      return `${who} may call ${hostsOf(policy, index)} outside the mesh`;
    }
  }
}

/** What it is about: the service, namespace or gateway that it changes. */
export function targetOf(policy: PolicyObject): { words: string; key: string | null } {
  const own = policy.metadata.namespace;
  switch (policy.kind) {
    case "Route":
      return { words: refText(policy.spec.target), key: refKey(policy.spec.target, policy) };
    case "TcpRoute":
      return { words: refText(tcpTargetOf(policy)), key: tcpTargetKey(policy) };
    case "Subset":
    case "RateLimit":
    case "TrafficPolicy": {
      const { namespace, name } = policy.spec.service;
      const subset = policy.kind === "TrafficPolicy" && policy.spec.subset ? ` ${policy.spec.subset}` : "";
      return { words: `${name}${subset}`, key: keyOf("Service", namespace ?? own, name) };
    }
    case "Egress":
      return { words: refText(policy.spec.to), key: refKey(policy.spec.to, policy) };
    default:
      return { words: targetWords(policy.spec.target), key: targetKey(policy, policy.spec.target) };
  }
}

function targetKey(policy: MeshObject, target: PolicyTarget | undefined): string | null {
  if (target?.service) return keyOf("Service", target.namespace ?? policy.metadata.namespace, target.service);
  if (target?.gateway) return keyOf("Gateway", target.namespace ?? policy.metadata.namespace, target.gateway);
  return target?.namespace ? keyOf("Namespace", undefined, target.namespace) : null;
}

function mutualTlsEffect(
  target: PolicyTarget | undefined,
  mode: string,
  ports: readonly { port: number; mode: string }[],
): string {
  const words: Record<string, string> = {
    strict: "takes mutual TLS only",
    permissive: "takes mutual TLS and plain text",
    disable: "takes plain text only",
  };
  const who = target?.service || target?.namespace ? targetWords(target) : "Every service";
  const other = ports.map((each) => `port ${each.port} ${words[each.mode]}`);
  return [`${who} ${words[mode]}`, ...other].join("; ");
}

/** `10 % to v2, 90 % to v1, within 4 s`; `header x-user-type = beta-tester to v2` */
export function ruleEffect(rule: RouteRule, targetName: string): string {
  const when = rule.matches.length === 0 ? "" : rule.matches.map(matchText).join(" or ");
  return [
    `${when === "" ? "" : `${when}: `}${actionEffect(rule, targetName, when !== "")}`,
    ...patience(rule, targetName),
  ].join(", ");
}

function actionEffect(rule: RouteRule, targetName: string, isConditional: boolean): string {
  const { action } = rule;
  if (action.type === "respond") return `answered with ${action.status}`;
  if (action.type === "redirect") {
    const path = action.path ?? (action.prefixRewrite === undefined ? "" : `${action.prefixRewrite}...`);
    const place = redirectPlace(action);
    return `redirected to ${action.host === undefined ? [place, path].filter(Boolean).join(" at ") : `${place}${path}`}`;
  }
  return splitEffect(action.destinations, targetName, isConditional);
}

/** `80 % to v1, 20 % to v2`; `port 5432: to v2` */
export function tcpRuleEffect({ matches, destinations }: TcpRule, targetName: string): string {
  const when = matches.map(tcpMatchText).join(" or ");
  return `${when === "" ? "" : `${when}: `}${splitEffect(destinations, targetName, when !== "")}`;
}

function splitEffect(destinations: readonly Destination[], targetName: string, isConditional: boolean): string {
  const parts = [...shares(destinations, targetName)].filter(([, share]) => share !== "0 %");
  const [only] = parts;
  if (parts.length === 0) return "nowhere: every weight is 0";
  if (parts.length === 1 && only) return `${isConditional ? "" : "everything "}to ${only[0]}`;
  return parts.map(([name, share]) => `${share} to ${name}`).join(", ");
}

function patience(rule: RouteRule, targetName: string): string[] {
  const { internalRedirects, mirrors, fault, cors } = rule;
  const said = [...patienceText(rule), ...messageChangesText(rule, targetName)];
  if (internalRedirects) said.push(`redirects are followed, ${internalRedirectsText(internalRedirects)}`);
  if (mirrors) said.push(mirrorsText(mirrors, targetName));
  if (fault) said.push(faultText(fault));
  if (cors) said.push(corsText(cors));
  return said;
}

function resilienceEffect(spec: Extract<PolicyObject, { kind: "TrafficPolicy" }>["spec"]): string {
  const said: string[] = [];
  const { outlierDetection: outlier, connectionPool: pool, healthCheck, loadBalancing, retryBudget } = spec;
  if (outlier) said.push(outlierText(outlier));
  if (healthCheck) said.push(checkText(healthCheck));
  const limits = [
    pool?.maxConnections === undefined ? "" : `${pool.maxConnections} connections`,
    pool?.maxPendingRequests === undefined ? "" : `${pool.maxPendingRequests} waiting`,
    pool?.maxRequests === undefined ? "" : `${pool.maxRequests} requests at once`,
    pool?.maxRetries === undefined ? "" : `${pool.maxRetries} retries at once`,
  ].filter(Boolean);
  if (limits.length > 0) said.push(`at most ${listWords(limits)} of each caller`);
  if (pool?.connectTimeoutMs !== undefined) said.push(`connects within ${durationText(pool.connectTimeoutMs)}`);
  if (pool?.idleTimeoutMs !== undefined)
    said.push(`closes a connection of HTTP that is unused for ${durationText(pool.idleTimeoutMs)}`);
  if (pool?.maxRequestsPerConnection !== undefined)
    said.push(
      pool.maxRequestsPerConnection === 0
        ? "sends any number of requests on a connection"
        : `closes a connection after ${pool.maxRequestsPerConnection} ${pool.maxRequestsPerConnection === 1 ? "request" : "requests"}`,
    );
  if (pool?.maxConnectionDurationMs !== undefined)
    said.push(`keeps a connection for ${durationText(pool.maxConnectionDurationMs)} at most`);
  if (pool?.tcpIdleTimeoutMs !== undefined)
    said.push(`closes a connection of TCP that is idle for ${durationText(pool.tcpIdleTimeoutMs)}`);
  if (pool?.maxConnectAttempts !== undefined)
    said.push(`tries ${pool.maxConnectAttempts === 1 ? "once" : `${pool.maxConnectAttempts} times`} to connect of TCP`);
  if (pool?.tcpKeepalive !== undefined)
    said.push(`probes a connection that is idle for ${durationText(pool.tcpKeepalive.timeMs)}`);
  if (pool?.maxConcurrentStreams !== undefined)
    said.push(`sends at most ${pool.maxConcurrentStreams} requests at once on a connection of HTTP/2`);
  if (pool?.h2UpgradePolicy)
    said.push(`calls ports of HTTP by HTTP/${pool.h2UpgradePolicy === "upgrade" ? "2" : "1.1"} alone`);
  if (loadBalancing) said.push(`spreads by ${balancingText(loadBalancing)}`);
  if (loadBalancing?.warmup)
    said.push(`gives new hosts their full share after ${durationText(loadBalancing.warmup.durationMs)}`);
  if (spec.locality) said.push(preferenceText(spec.locality));
  if (retryBudget) said.push(`retries at most ${retryBudget.percent} % of its requests`);
  return said.length === 0 ? "Changes nothing yet" : sentence(said.join("; "));
}

/** Envoy's, which counts unless it is set to 0. */
const CONSECUTIVE_5XX = 5;
/** Envoy's, where the counter of calls without an answer is on and has no number. */
const LOCAL_ORIGIN_FAILURES = 5;

function outlierText(outlier: OutlierDetection): string {
  const { successRate: rate, failurePercentage: failures } = outlier;
  const errors = outlier.consecutive5xxErrors ?? CONSECUTIVE_5XX;
  const local = outlier.splitExternalLocalOriginErrors
    ? (outlier.consecutiveLocalOriginFailures ?? LOCAL_ORIGIN_FAILURES)
    : 0;
  const which = outlier.errorStatuses ? ` (${statusesText(outlier.errorStatuses)})` : "";
  const reasons = [
    ...(errors > 0 ? [`after ${errors} errors${which} in a row`] : []),
    ...(outlier.consecutiveGatewayErrors ? [`after ${outlier.consecutiveGatewayErrors} gateway errors in a row`] : []),
    ...(local > 0 ? [`after ${local} calls without an answer in a row`] : []),
    ...(rate
      ? [`with a success rate ${rate.standardDeviationFactor ?? 1.9} standard deviations below the others`]
      : []),
    ...(failures ? [`when ${failures.threshold ?? 85} % of its requests fail`] : []),
  ];
  if (reasons.length === 0) return "ejects no host: no counter is on";
  return `ejects a host ${reasons.join(" or ")} for ${durationText(outlier.baseEjectionTimeMs ?? 30_000)}`;
}

function checkText(check: HealthCheck): string {
  const { intervalMs = HEALTH_CHECK_DEFAULTS.intervalMs } = check;
  const what = { http: "by HTTP", grpc: "by gRPC", tcp: "by a connection" }[check.type];
  const where = check.type === "http" ? ` at ${check.path}` : "";
  return `asks each host ${what}${where} every ${durationText(intervalMs)}, and leaves out those that do not pass`;
}

function hostsOf(policy: Extract<PolicyObject, { kind: "Egress" }>, index: MeshIndex): string {
  const external = index.find("ExternalService", refKey(policy.spec.to, policy));
  return external
    ? listWords(external.spec.hosts)
    : (parseKey(refKey(policy.spec.to, policy))?.name ?? policy.spec.to.name);
}
