// compile: the design as one proxy needs it. Pure: same input, same bytes.
// The rule: a proxy gets what its own drawn dependencies need and nothing else, so a change elsewhere does not touch it.
import { keyOf } from "@/lib/mesh";
import { serviceCluster } from "./clusters";
import { loadAssignment } from "./endpoints";
import type { JsonObject } from "./envoy-json";
import { type Facts, factsOf } from "./facts";
import { compileGateway } from "./gateway";
import { compileInbound } from "./inbound";
import { compileOutbound } from "./outbound";
import type { CompileContext, Parts } from "./parts";
import { Problems } from "./problems";
import { messagesOf } from "./resources";
import type { CompileInput, CompileResult } from "./types";

export function compile(input: CompileInput, proxyId: string): CompileResult {
  const { parts, problems } = compileParts(input, proxyId);
  if (problems.violations.length > 0) return { ok: false, violations: problems.violations };
  return { ok: true, resources: messagesOf(parts), warnings: problems.warnings };
}

/** The same as Envoy JSON; for the static bootstrap. */
export function compileParts(input: CompileInput, proxyId: string): { parts: Parts; problems: Problems } {
  const facts = factsOf(input.document);
  const problems = new Problems();
  const parts: Parts = { listeners: new Map(), routes: new Map(), clusters: new Map(), endpoints: new Map() };
  const own = input.endpoints.find((endpoint) => endpoint.proxyId === proxyId);
  if (!own) {
    problems.refuseAt(
      `endpoints["${proxyId}"]`,
      "nobody knows where this proxy listens",
      "Start it, or wait for its agent to report its ports.",
    );
    return { parts, problems };
  }
  const context: CompileContext = { facts, input, own, problems, parts, targets: new Map() };
  compileOwner(context, facts, proxyId);
  for (const [name, target] of context.targets) {
    const cluster = serviceCluster(facts, name, target, problems);
    if (!cluster) continue;
    parts.clusters.set(name, cluster);
    parts.endpoints.set(name, loadAssignment(facts, input, name, target, problems));
  }
  return { parts: sortedParts(parts), problems };
}

function compileOwner(context: CompileContext, facts: Facts, proxyId: string): void {
  const { input, own, problems } = context;
  const gateway = facts.gateways.get(keyOf("Gateway", own.namespace, own.workload));
  const instance = input.binding.instances.find((candidate) => candidate.id === proxyId);
  if (!instance) {
    if (gateway) compileGateway(context, gateway);
    else
      problems.refuseAt(
        `binding.instances["${proxyId}"]`,
        "the environment does not run this proxy",
        "Add the instance to the environment's binding.",
      );
    return;
  }
  const workload = facts.workloads.get(keyOf("Workload", instance.workload.namespace, instance.workload.name));
  if (!workload) {
    problems.refuseAt(
      `binding.instances["${proxyId}"].workload`,
      `there is no Workload/${instance.workload.namespace}/${instance.workload.name} in the design`,
      "Add the workload, or take the instance out of the environment's binding.",
    );
    return;
  }
  const key = keyOf("Service", workload.metadata.namespace, workload.spec.service);
  const service = facts.services.get(key);
  if (!service) {
    problems.refuse(workload, "spec.service", `there is no ${key}`, "Add the service, or name another one.");
    return;
  }
  compileInbound(context, workload, service, instance);
  compileOutbound(context, workload, key);
}

function sortedParts(parts: Parts): Parts {
  return {
    listeners: sorted(parts.listeners),
    routes: sorted(parts.routes),
    clusters: sorted(parts.clusters),
    endpoints: sorted(parts.endpoints),
  };
}

function sorted(map: Map<string, JsonObject>): Map<string, JsonObject> {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
