// Templates that protect a service from its callers and its callers from it: circuit breaker, outlier detection.
import type { MeshIndex } from "../../index-document";
import { objectKey } from "../../refs";
import type { Service, TrafficPolicy } from "../../types";
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

export const circuitBreaker: PolicyTemplate = {
  id: "circuit-breaker",
  title: "Circuit breaker",
  intent: "Limits what each caller may have under way, so that one slow service does not pull its callers down.",
  family: "resilience",
  needs: ["service"],
  build(index, input) {
    const service = serviceOf(index, input.to);
    if (!service) return refused("Choose the service that is protected.");
    return merged(index, service, {
      connectionPool: {
        maxConnections: 100,
        maxPendingRequests: 50,
        maxRequests: 200,
        maxRetries: 3,
        connectTimeoutMs: 1000,
      },
    });
  },
};

export const outlierDetection: PolicyTemplate = {
  id: "outlier-detection",
  title: "Outlier detection",
  intent: "Takes a host that fails five times in a row out for 30 seconds.",
  family: "resilience",
  needs: ["service"],
  build(index, input) {
    const service = serviceOf(index, input.to);
    if (!service) return refused("Choose the service whose hosts are watched.");
    const hosts = index.workloadsOf(objectKey(service)).reduce((sum, each) => sum + (each.spec.replicas ?? 1), 0);
    return merged(index, service, {
      outlierDetection: {
        consecutive5xxErrors: 5,
        intervalMs: 10_000,
        baseEjectionTimeMs: 30_000,
        // with few hosts Envoy's 10 % would let none be ejected
        maxEjectionPercent: hosts <= 1 ? 100 : Math.max(50, Math.ceil(100 / hosts)),
      },
    });
  },
};

export const nearestFirst: PolicyTemplate = {
  id: "nearest-first",
  title: "Nearest hosts first",
  intent: "Calls hosts in the caller's zone, then its region, then all others; hosts that fail are taken out.",
  family: "resilience",
  needs: ["service"],
  build(index, input) {
    const service = serviceOf(index, input.to);
    if (!service) return refused("Choose the service whose hosts are preferred.");
    return merged(index, service, {
      // a place can be left only when all of its hosts may be out
      outlierDetection: { consecutive5xxErrors: 5, maxEjectionPercent: 100 },
      locality: { enabled: true },
    });
  },
};

/** Blocks that stand already keep what they say; what they leave open is filled in. */
function merged(
  index: MeshIndex,
  service: Service,
  blocks: Pick<TrafficPolicy["spec"], "connectionPool" | "outlierDetection" | "locality">,
): TemplateResult {
  const { name, namespace } = service.metadata;
  const existing = index.trafficPoliciesOf(objectKey(service)).find((each) => each.spec.subset === undefined);
  if (!existing) {
    const object = newObject("TrafficPolicy", namespace, freeName(index, "TrafficPolicy", namespace, name), {
      service: { name },
      ...blocks,
    });
    return built(adding(object), objectKey(object), `Traffic policy ${name}`);
  }
  const key = objectKey(existing);
  const commands = (["connectionPool", "outlierDetection", "locality"] as const).flatMap((block) => {
    const wanted = blocks[block];
    if (!wanted) return [];
    const value = { ...wanted, ...existing.spec[block] };
    return JSON.stringify(value) === JSON.stringify(existing.spec[block])
      ? []
      : [{ type: "patchSpec" as const, key, path: [block], value }];
  });
  return built(commands, key, `Traffic policy ${name}`);
}

export const rateLimit: PolicyTemplate = {
  id: "rate-limit",
  title: "Rate limit",
  intent: "Lets each instance take 100 requests per second, and 200 at once after a quiet time; more get 429.",
  family: "resilience",
  needs: ["service"],
  build(index, input) {
    const service = serviceOf(index, input.to);
    if (!service) return refused("Choose the service that is protected.");
    const { name, namespace } = service.metadata;
    const limit = { requests: 100, perMs: 1000, burst: 200 };
    const [existing] = index.rateLimitsOf(objectKey(service));
    if (existing) {
      const key = objectKey(existing);
      const { limits } = existing.spec;
      const hasLast = limits?.some(({ match }) => match === undefined || Object.keys(match).length === 0);
      if (hasLast) return built([], key, `Rate limit of ${name}`);
      return built(
        [
          limits
            ? { type: "patchSpec", key, path: ["limits", limits.length], value: limit }
            : { type: "patchSpec", key, path: ["limits"], value: [limit] },
        ],
        key,
        `Rate limit of ${name}`,
      );
    }
    const object = newObject("RateLimit", namespace, freeName(index, "RateLimit", namespace, name), {
      service: { name },
      limits: [limit],
      tellsCallers: true,
    });
    return built(adding(object), objectKey(object), `Rate limit of ${name}`);
  },
};
