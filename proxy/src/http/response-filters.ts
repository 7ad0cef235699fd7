// Filters that speak on the response too: CORS, header mutations, health checks, told rate limits. Rule: they run from the last to the first on the head of every
// response, also of one that the proxy gives itself, and on what the request was told when it came by.

import type {
  CorsFilterPlan,
  CorsPlan,
  HeaderMutationFilterPlan,
  HeaderOp,
  HealthCheckFilterPlan,
  HttpFilterPlan,
  RouteFilters,
} from "../plan/types";
import {
  choiceOf,
  corsFor,
  corsHeaders,
  decideCors,
  isInShare,
  originOf,
  preflightHeaders,
  routeFilters,
  type TokenBucket,
} from "../semantics";
import type { HeaderList } from "./h1/header-list";
import type { RequestHead } from "./h1/request-head";
import { countHealth, healthOf } from "./health-check";
import { tellLimit } from "./rate-limits";
import { applyOps } from "./request-headers";
import { RespondingExchange } from "./responding";

export abstract class ResponseFilteringExchange extends RespondingExchange {
  /** Those of the plan that was in force when the request came. */
  protected filters: readonly HttpFilterPlan[] = [];
  /** What its route says otherwise about them. */
  protected own: RouteFilters | null = null;
  /** What the caller is told about on the response, by the filter that tells it. */
  protected readonly toldLimits = new Map<HttpFilterPlan, TokenBucket>();
  /** What a service wants said on the response, by the filter that asked it. */
  protected readonly toldByServices = new Map<HttpFilterPlan, readonly HeaderOp[]>();
  private cors: CorsPlan | null = null;
  /** As it came: other filters may change the request. */
  private origin = "";
  /** Filters that it is a health check for. */
  private readonly checks: HealthCheckFilterPlan[] = [];

  protected beginFilters(): void {
    this.filters = this.info.http.plan.filters;
    this.own = null;
    if (this.toldLimits.size > 0) this.toldLimits.clear();
    if (this.toldByServices.size > 0) this.toldByServices.clear();
    this.cors = null;
    if (this.checks.length > 0) this.checks.length = 0;
  }

  protected filterResponse(headers: HeaderList): void {
    const { filters } = this;
    for (let i = filters.length - 1; i >= 0; i--) {
      const filter = filters[i] as HttpFilterPlan;
      switch (filter.kind) {
        case "local-ratelimit": {
          const bucket = this.toldLimits.get(filter);
          if (bucket !== undefined) tellLimit(headers, bucket);
          break;
        }
        case "ext-authz":
        case "ratelimit":
          applyOps(headers, this.toldByServices.get(filter) ?? []);
          break;
        case "header-mutation":
          this.mutate(filter, "response", headers);
          break;
        case "health-check":
          this.tellHealth(filter, headers);
          break;
        case "cors":
          if (this.cors === null) break;
          for (const [name, value] of corsHeaders(this.cors, this.origin)) headers.set(name, value);
      }
    }
  }

  protected mutate(filter: HeaderMutationFilterPlan, side: "request" | "response", headers: HeaderList): void {
    applyOps(headers, filter.changes[side]);
    // A request that was refused before its filters has a route, or none.
    const own = this.own ?? routeFilters(this.route, this.random);
    const levels = own?.mutations.get(filter.name);
    if (levels === undefined) return;
    for (const level of filter.mostSpecificWins ? levels.toReversed() : levels) applyOps(headers, level[side]);
  }

  /** True: it was answered here. */
  protected answerHealthCheck(filter: HealthCheckFilterPlan): boolean {
    const head = this.head as RequestHead;
    if (!filter.headers.every((matcher) => matcher.matches(head))) return false;
    this.checks.push(filter);
    this.isHealthCheck = true;
    const { clusters, health, filterCounts } = this.info.http;
    if (filter.passesOn && !health.isFailed) return false;
    const found = healthOf(filter, clusters, health.isFailed);
    countHealth(filterCounts.healthCheck(filter), found);
    const { isHealthy, details } = found;
    this.localHeaders.clear();
    this.nameCluster();
    this.reply(isHealthy ? 200 : 503, isHealthy ? "-" : "LH", details, null);
    return true;
  }

  /** Whoever asks learns who answers; everybody else that this proxy is about to go. */
  private tellHealth(filter: HealthCheckFilterPlan, headers: HeaderList): void {
    const { health, telemetry } = this.info.http;
    if (this.checks.includes(filter)) headers.set("x-envoy-upstream-healthchecked-cluster", telemetry.node.cluster);
    else if (health.isFailed) headers.set("x-envoy-immediate-health-check-fail", "true");
  }

  /** True: it was answered here. */
  protected answerPreflight(filter: CorsFilterPlan): boolean {
    const plan = corsFor(filter, this.own, this.route);
    if (plan === undefined) return false;
    const head = this.head as RequestHead;
    const origin = originOf(head);
    if (origin === "") return false;
    const decision = decideCors(plan, head);
    const isOn = isInShare(plan.enabled, draw());
    if (!isOn && !isInShare(plan.shadow, draw())) return false;
    const isAllowed = decision === "allowed" || decision === "preflight";
    this.info.http.telemetry.countOrigin(isAllowed);
    const counts = this.info.http.filterCounts.cors(filter);
    if (isAllowed) counts.origin_valid++;
    else counts.origin_invalid++;
    if (!isOn) return false;
    if (isAllowed) {
      this.cors = plan;
      this.origin = origin;
    }
    if (decision === "none" || decision === "allowed") return false;
    this.localHeaders.clear();
    for (const [name, value] of preflightHeaders(plan, head)) this.localHeaders.push(name, value);
    this.nameCluster();
    this.send(200, "-", "cors_response", null);
    return true;
  }

  /** The log and the metrics say to whom a request that is answered here would have gone. */
  protected nameCluster(): void {
    const choice = choiceOf(this.route, this.random);
    if (choice !== null) this.cluster = this.info.http.clusters.get(this.nameOf(choice)) ?? null;
  }
}

export const draw = (): number => (Math.random() * 4294967296) >>> 0;
