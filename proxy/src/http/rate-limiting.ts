// The global rate limit of a request: asks the service, holds the request meanwhile, refuses it or lets it go on. Rule: a service that
// does not answer lets requests by, unless the configuration says otherwise; who leaves while he waits asks no more.

import type { GlobalRateLimitFilterPlan } from "../plan/types";
import { quotaHeaders, type RateLimitQuestion, rateLimitQuestion } from "../semantics";
import type { CancelCall } from "./cluster-call";
import type { RequestHead } from "./h1/request-head";
import { askRateLimit, type RateLimitAnswer } from "./rate-limit-service";
import { applyOps } from "./request-headers";
import { ResponseFilteringExchange } from "./response-filters";

export abstract class RateLimitingExchange extends ResponseFilteringExchange {
  private cancelQuestion: CancelCall | null = null;

  /** True: the request waits; `goOn` is called when it may go on. */
  protected askForQuota(filter: GlobalRateLimitFilterPlan, remoteAddress: string, goOn: () => void): boolean {
    const { clusters, telemetry } = this.info.http;
    const cluster = this.clusterName();
    // As Envoy: who goes nowhere is not counted.
    if (!clusters.has(cluster)) return false;
    const question = rateLimitQuestion(filter, this.route, this.own, {
      request: this.head as RequestHead,
      ownCluster: telemetry.node.cluster,
      cluster,
      remoteAddress,
    });
    if (question === null) return false;
    this.askService(filter, question, cluster, goOn);
    return true;
  }

  /** The request has ended: nobody waits for the answer. */
  protected endRateLimiting(): void {
    this.cancelQuestion?.();
    this.cancelQuestion = null;
  }

  private askService(
    filter: GlobalRateLimitFilterPlan,
    question: RateLimitQuestion,
    cluster: string,
    goOn: () => void,
  ): void {
    const { clusters, telemetry, filterCounts } = this.info.http;
    const called = clusters.get(cluster);
    this.cancelQuestion = askRateLimit(clusters.get(filter.service.cluster), filter.service, question, (answer) => {
      this.cancelQuestion = null;
      if (!this.isActive) return;
      const outcome = answer.kind === "over-limit" ? "over_limit" : answer.kind;
      telemetry.rateLimits.add(cluster, outcome);
      const counts = called && filterCounts.rateLimitOf(filter, called);
      if (counts) counts[outcome]++;
      if (answer.kind === "error") {
        if (!filter.deniesOnError) {
          telemetry.rateLimits.add(cluster, "failure_mode_allowed");
          if (counts) counts.failure_mode_allowed++;
          goOn();
        } else {
          this.nameCluster();
          this.localReply(filter.statusOnError, "RLSE", "rate_limiter_error");
        }
        return;
      }
      if (answer.kind === "over-limit") this.refuse(filter, answer);
      else {
        this.tell(filter, answer);
        applyOps((this.head as RequestHead).headers, answer.requestHeaders);
        goOn();
      }
    });
  }

  /** On the response, whoever gives it. */
  private tell(filter: GlobalRateLimitFilterPlan, { responseHeaders, statuses }: Quota): void {
    const quota = filter.tellsLimit ? quotaHeaders(statuses) : [];
    if (quota.length + responseHeaders.length === 0) return;
    const told = quota.map(([name, value]) => ({ op: "append" as const, name, value }));
    this.toldByServices.set(filter, [...responseHeaders, ...told]);
  }

  private refuse(filter: GlobalRateLimitFilterPlan, answer: Quota): void {
    this.localHeaders.clear();
    applyOps(this.localHeaders, answer.responseHeaders);
    if (filter.tellsRefusal) this.localHeaders.set("x-envoy-ratelimited", "true");
    if (filter.tellsLimit)
      for (const [name, value] of quotaHeaders(answer.statuses)) this.localHeaders.push(name, value);
    applyOps(this.localHeaders, filter.responseHeaders);
    this.nameCluster();
    this.countAnswer(filter.status);
    const body = answer.body.length > 0 ? answer.body : null;
    this.reply(filter.status, "RL", "request_rate_limited", body, filter.grpcStatus ?? undefined);
  }
}

type Quota = Exclude<RateLimitAnswer, { kind: "error" }>;
