// compile: the design as one proxy needs it. Pure: same input, same bytes.
// The rule: a proxy gets what its own drawn dependencies need and nothing else, so a change elsewhere does not touch it.
import { ClusterLoadAssignmentSchema, ClusterSchema } from "@meshwright/proxy/contract";
import { isCallerOnly, keyOf, type Placed, workloadOwnerKey } from "@/lib/mesh";
import { serviceCluster } from "./clusters";
import type { Target } from "./destinations";
import { loadAssignment } from "./endpoints";
import type { JsonObject } from "./envoy-json";
import type { Facts } from "./facts";
import { compileGateway } from "./gateway";
import { compileInbound } from "./inbound";
import { hasShares, type Preference, placedAt, preferenceFor } from "./locality";
import { compileOutbound } from "./outbound";
import type { CompileContext, Parts, ProxyContext } from "./parts";
import { Problems } from "./problems";
import { bytesOf, messagesOf } from "./resources";
import { type Form, Reads, type Run } from "./run";
import { finished, noting, runOf, shared } from "./shared";
import type { CompileInput, CompileResult, EncodedResources } from "./types";

export function compile(input: CompileInput, proxyId: string): CompileResult {
  return resultOf(compileParts(input, proxyId), messagesOf);
}

/** The same as bytes. `reads`, where given and named after the proxy, tells later whether it has to be done again; see `comparedWith`. */
export function compileToBytes(input: CompileInput, proxyId: string, reads?: Reads): CompileResult<EncodedResources> {
  return resultOf(compiledIn("bytes", input, proxyId, reads), bytesOf);
}

function resultOf<R>({ parts, problems }: Compiled, made: (parts: Parts) => R): CompileResult<R> {
  if (problems.violations.length > 0) return { ok: false, violations: problems.violations };
  return { ok: true, resources: made(parts), warnings: problems.warnings };
}

type Compiled = { parts: Parts; problems: Problems };

/** The same as Envoy JSON; for the static bootstrap. */
export function compileParts(input: CompileInput, proxyId: string): Compiled {
  return compiledIn("json", input, proxyId);
}

function compiledIn(form: Form, input: CompileInput, proxyId: string, reads = new Reads(proxyId)): Compiled {
  const run = runOf(input, form);
  return noting(run, reads, () => partsOf(run, input, proxyId));
}

function partsOf(run: Run, input: CompileInput, proxyId: string): Compiled {
  const { facts, places } = run;
  const problems = new Problems();
  const parts: Parts = { listeners: new Map(), routes: new Map(), clusters: new Map(), endpoints: new Map() };
  const own = places.endpoint(proxyId);
  if (!own) {
    problems.refuseAt(
      `endpoints["${proxyId}"]`,
      "nobody knows where this proxy listens",
      "Start it, or wait for its agent to report its ports.",
    );
    return { parts, problems };
  }
  const { listeners, routes, clusters } = parts;
  const context: ProxyContext = {
    facts,
    places,
    input,
    run,
    own,
    problems,
    listeners,
    routes,
    clusters,
    targets: new Map(),
  };
  compileOwner(context, facts, proxyId);
  const placed = placedOnce(context, proxyId);
  for (const [name, target] of context.targets) {
    const preference = preferenceFor(facts, target, placed);
    const piece = preference === null ? name : `${name} for ${preference.name}`;
    const made = shared(context, piece, [], (of) => resourcesOf(of, name, target, preference));
    if (!made) continue;
    parts.clusters.set(name, made.cluster);
    parts.endpoints.set(name, made.assignment);
  }
  return { parts: sortedParts(parts), problems };
}

/** A cluster and its endpoints are the same for all who call it, or for all in one place where it matters where a caller is. */
function resourcesOf(context: CompileContext, name: string, target: Target, preference: Preference | null) {
  const isWeighted = preference !== null && hasShares(preference);
  const cluster = serviceCluster(context.facts, name, target, context.problems, isWeighted);
  return (
    cluster && {
      cluster: finished(context, ClusterSchema, cluster),
      assignment: finished(context, ClusterLoadAssignmentSchema, loadAssignment(context, name, target, preference)),
    }
  );
}

/** Where this proxy is; asked only when a service that it calls makes a difference of it. */
function placedOnce({ facts, places, own }: ProxyContext, proxyId: string): () => Placed {
  let known: Placed | undefined;
  return () => {
    const workload = places.instance(proxyId)?.workload ?? { namespace: own.namespace, name: own.workload };
    known ??= placedAt(
      facts.workloads.get(keyOf("Workload", workload.namespace, workload.name)) ??
        facts.gateways.get(keyOf("Gateway", own.namespace, own.workload)),
    );
    return known;
  };
}

function compileOwner(context: ProxyContext, facts: Facts, proxyId: string): void {
  const { places, own, problems } = context;
  const instance = places.instance(proxyId);
  if (!instance) {
    const gateway = facts.gateways.get(keyOf("Gateway", own.namespace, own.workload));
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
  const key = workloadOwnerKey(workload);
  if (!isCallerOnly(workload)) {
    const service = facts.services.get(key);
    if (!service) {
      problems.refuse(workload, "spec.service", `there is no ${key}`, "Add the service, or name another one.");
      return;
    }
    compileInbound(context, workload, service, instance);
  }
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
  let last = "";
  let isSorted = true;
  for (const name of map.keys()) {
    isSorted &&= last <= name;
    last = name;
  }
  return isSorted ? map : new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
