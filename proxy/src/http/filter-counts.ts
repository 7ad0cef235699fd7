// What the filters of one connection manager count, by filter. Rule: names are Envoy's; they are found once per plan,
// not per request, but for those by cluster, beside a question to another service.

import type { UpstreamCluster } from "../cluster/cluster";
import type {
  CorsFilterPlan,
  ExtAuthzFilterPlan,
  FaultFilterPlan,
  GlobalRateLimitFilterPlan,
  HealthCheckFilterPlan,
  HttpFilterPlan,
  JwtFilterPlan,
  LocalRateLimitPlan,
  RbacFilterPlan,
} from "../plan/types";
import type { AuthorizationDecision } from "../semantics";
import { type CountsOf, envoyWord, type NamedCounts, ownPrefix } from "../telemetry/named-counts";

/** The numbers of one RBAC filter. */
export interface RbacCounts {
  readonly rules: CountsOf<"rbac">;
  readonly shadow: CountsOf<"rbacShadow">;
}

/** @param prefix `http.main.rbac.`, of a network filter its stat_prefix and `rbac.` */
export function rbacCounts(all: NamedCounts, prefix: string, filter: RbacFilterPlan): RbacCounts {
  return {
    rules: all.of("rbac", `${prefix}${ownPrefix(filter.rulesPrefix)}`),
    shadow: all.of("rbacShadow", `${prefix}${ownPrefix(filter.shadowPrefix)}`),
  };
}

/** As Envoy: the filters that were asked, up to the one that refused. */
export function countDecision(
  filters: readonly RbacFilterPlan[],
  overrides: ReadonlyMap<string, RbacFilterPlan> | null,
  countsOf: (filter: RbacFilterPlan) => RbacCounts,
  { allowed, deniedBy, shadowDenials }: AuthorizationDecision,
): void {
  for (const filter of filters) {
    const { rules, shadowRules } = overrides?.get(filter.name) ?? filter;
    const counts = countsOf(filter);
    if (shadowRules !== null) {
      if (shadowDenials.some((denial) => denial.filter === filter.name)) counts.shadow.shadow_denied++;
      else counts.shadow.shadow_allowed++;
    }
    if (rules === null) continue;
    if (!allowed && deniedBy === filter.name) {
      counts.rules.denied++;
      return;
    }
    counts.rules.allowed++;
  }
}

/** Of one connection manager, or of all with its stat_prefix. */
export class FilterCounts {
  private readonly known = new Map<object, unknown>();

  private readonly prefix: string;

  constructor(
    private readonly all: NamedCounts,
    private readonly statPrefix: string,
    filters: readonly HttpFilterPlan[],
  ) {
    this.prefix = managerPrefix(statPrefix);
    // What never happened is a 0 as soon as it is configured.
    for (const filter of filters) this.prepare(filter);
  }

  private prepare(filter: HttpFilterPlan): void {
    if (filter.kind === "rbac") for (const one of filter.filters) this.rbac(one);
    else if (filter.kind === "jwt-authn") this.jwt(filter);
    else if (filter.kind === "local-ratelimit") this.localRateLimit(filter.limit);
    else if (filter.kind === "ext-authz") this.authorization(filter);
    else if (filter.kind === "fault") this.fault(filter);
    else if (filter.kind === "cors") this.cors(filter);
    else if (filter.kind === "health-check") this.healthCheck(filter);
  }

  /** Asked by each request: what is known costs one look-up. */
  readonly rbac = (filter: RbacFilterPlan): RbacCounts =>
    (this.known.get(filter) as RbacCounts | undefined) ??
    this.held(filter, () => rbacCounts(this.all, `${this.prefix}rbac.`, filter));

  jwt(filter: JwtFilterPlan): CountsOf<"jwt"> {
    return this.held(filter, () => jwtCounts(this.all, this.statPrefix));
  }

  localRateLimit(limit: LocalRateLimitPlan): CountsOf<"localRateLimit"> {
    return this.held(limit, () =>
      this.all.of("localRateLimit", `${envoyWord(limit.statPrefix)}.http_local_rate_limit.`),
    );
  }

  authorization(filter: ExtAuthzFilterPlan): CountsOf<"authorization"> {
    return this.held(filter, () =>
      this.all.of("authorization", `${this.prefix}ext_authz.${ownPrefix(filter.statPrefix)}`),
    );
  }

  fault(filter: FaultFilterPlan): CountsOf<"fault"> {
    return this.held(filter, () => this.all.of("fault", `${this.prefix}fault.`));
  }

  cors(filter: CorsFilterPlan): CountsOf<"cors"> {
    return this.held(filter, () => this.all.of("cors", `${this.prefix}cors.`));
  }

  healthCheck(filter: HealthCheckFilterPlan): CountsOf<"healthCheck"> {
    return this.held(filter, () => this.all.of("healthCheck", `${this.prefix}health_check.`));
  }

  /** By where the request goes, as Envoy has them besides. */
  authorizationOf(filter: ExtAuthzFilterPlan, cluster: UpstreamCluster): CountsOf<"authorization"> {
    return this.all.of("authorization", `${clusterPrefix(cluster)}ext_authz.${ownPrefix(filter.statPrefix)}`);
  }

  rateLimitOf(filter: GlobalRateLimitFilterPlan, cluster: UpstreamCluster): CountsOf<"rateLimit"> {
    return this.all.of("rateLimit", `${clusterPrefix(cluster)}ratelimit.${ownPrefix(filter.statPrefix)}`);
  }

  private held<Counts>(key: object, find: () => Counts): Counts {
    const known = this.known.get(key);
    if (known !== undefined) return known as Counts;
    const found = find();
    this.known.set(key, found);
    return found;
  }
}

const managerPrefix = (statPrefix: string): string => `http.${envoyWord(statPrefix)}.`;

export const jwtCounts = (all: NamedCounts, statPrefix: string): CountsOf<"jwt"> =>
  all.of("jwt", `${managerPrefix(statPrefix)}jwt_authn.`);

const clusterPrefix = ({ plan }: UpstreamCluster): string => `cluster.${envoyWord(plan.statName)}.`;
