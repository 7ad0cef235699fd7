// All cases, by subject. Rule: an id stands once.

import type { Case } from "../types";
import { actionCases } from "./actions";
import { activeHealthCases } from "./active-health";
import { activeHealthKindCases } from "./active-health-kinds";
import { balancingCases } from "./balancing";
import { chainCases } from "./chains";
import { claimCases } from "./claims";
import { clusterHeaderCases } from "./cluster-headers";
import { clusterCases } from "./clusters";
import { connectionLimitCases } from "./connection-limits";
import { discoveryCases } from "./discovery";
import { extAuthzCases } from "./ext-authz";
import { filterCases } from "./filters";
import { hashingCases } from "./hashing";
import { headerCases } from "./headers";
import { internalRedirectCases } from "./internal-redirects";
import { jwtCases } from "./jwt";
import { jwtRemoteCases } from "./jwt-remote";
import { limitCases } from "./limits";
import { listenerLogCases } from "./listener-logs";
import { listenerCases } from "./listeners";
import { logCases } from "./logs";
import { loopCases } from "./loops";
import { managerCases } from "./manager";
import { matchCases } from "./match";
import { mirrorCases } from "./mirrors";
import { moreFilterCases } from "./more-filters";
import { oddCases } from "./odds";
import { otlpLogCases } from "./otlp-logs";
import { outlierCases } from "./outliers";
import { overloadCases } from "./overload";
import { preconnectCases } from "./preconnect";
import { priorityCases } from "./priorities";
import { protocolCases } from "./protocols";
import { proxiedUpstreamCases } from "./proxied-upstreams";
import { proxyProtocolCases } from "./proxy-protocol";
import { rareCases } from "./rare";
import { rateLimitCases } from "./ratelimit";
import { rbacCases } from "./rbac";
import { redirectCases } from "./redirects";
import { retryCases } from "./retries";
import { retryHostCases } from "./retry-hosts";
import { subsetCases } from "./subsets";
import { timeoutCases } from "./timeouts";
import { tlsCases } from "./tls";
import { tracingCases } from "./tracing";
import { zoneCases } from "./zones";

export const CASES: readonly Case[] = [
  ...matchCases,
  ...actionCases,
  ...clusterHeaderCases,
  ...mirrorCases,
  ...headerCases,
  ...retryCases,
  ...retryHostCases,
  ...rbacCases,
  ...filterCases,
  ...managerCases,
  ...clusterCases,
  ...balancingCases,
  ...priorityCases,
  ...subsetCases,
  ...hashingCases,
  ...outlierCases,
  ...overloadCases,
  ...activeHealthCases,
  ...activeHealthKindCases,
  ...tlsCases,
  ...listenerCases,
  ...logCases,
  ...listenerLogCases,
  ...moreFilterCases,
  ...jwtCases,
  ...jwtRemoteCases,
  ...timeoutCases,
  ...limitCases,
  ...connectionLimitCases,
  ...chainCases,
  ...claimCases,
  ...preconnectCases,
  ...protocolCases,
  ...proxyProtocolCases,
  ...proxiedUpstreamCases,
  ...redirectCases,
  ...internalRedirectCases,
  ...oddCases,
  ...rateLimitCases,
  ...extAuthzCases,
  ...tracingCases,
  ...otlpLogCases,
  ...zoneCases,
  ...loopCases,
  ...rareCases,
  ...discoveryCases,
];
