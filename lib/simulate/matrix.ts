// Who may call whom: what the callee's own sidecar decides about each caller's identity.
// The rule: it asks the callee, not the caller's routes, because a caller that goes around its own sidecar still meets the callee's.
import { tcpServerName } from "@/lib/compile/clusters";
import { factsOf, httpPorts, tcpPorts } from "@/lib/compile/facts";
import { protectionOf, tcpProtectionIn } from "@/lib/compile/modes";
import { isCallerOnly, type ObjectKey, objectKey, refKey, type Service } from "@/lib/mesh";
import type { Arrival, Knock } from "./arrival";
import { arriveAt, identityOf } from "./arrive";
import { answerTo } from "./ask";
import { callsWithin } from "./calls";
import { questionOf } from "./compare";
import { hostOf, ownerOf } from "./names";
import { policyTargets } from "./policy-targets";
import { type Probe, probesFor, TUNNEL } from "./probes";
import type { Scene } from "./scene";
import type { AccessCell, AccessMatrix } from "./types";

/** Above this many pairs only those that something was drawn or written for are asked. */
const MAX_PAIRS = 40_000;

export function accessMatrix(scene: Scene): AccessMatrix {
  const { index } = scene;
  const callers = [...index.all("Service"), ...index.all("Gateway"), ...index.all("Workload").filter(isCallerOnly)]
    .map(objectKey)
    .sort();
  const services = index.all("Service").map(objectKey).sort();
  const externals = index.all("ExternalService").map(objectKey).sort();
  const complete = callers.length * services.length <= MAX_PAIRS;
  const cells = services.flatMap((callee) => {
    const asked = complete ? callers : mentionedCallers(scene, callee);
    return cellsOf(
      scene,
      callee,
      asked.filter((caller) => caller !== callee),
    );
  });
  return { callers, callees: [...services, ...externals], cells: [...cells, ...externalCells(scene)], complete };
}

/** Callers that a dependency or a policy of the callee names. */
function mentionedCallers(scene: Scene, callee: ObjectKey): ObjectKey[] {
  const { index } = scene;
  const mentioned = new Set<ObjectKey>();
  for (const own of [callee, ...index.workloadsOf(callee).map(objectKey)]) {
    for (const dependency of index.dependenciesTo(own))
      mentioned.add(ownerOf(index, refKey(dependency.spec.from, dependency)));
  }
  for (const policy of policyTargets(index.document).of(callee)) {
    if (policy.kind !== "AuthorizationPolicy") continue;
    for (const { from } of policy.spec.rules) {
      for (const { services } of from ?? [])
        for (const ref of services ?? []) mentioned.add(ownerOf(index, refKey(ref, policy)));
    }
  }
  return [...mentioned].sort();
}

function cellsOf(scene: Scene, callee: ObjectKey, callers: readonly ObjectKey[]): AccessCell[] {
  const { index } = scene;
  const service = index.find("Service", callee);
  const workload = index.workloadsOf(callee).map(objectKey).sort()[0];
  if (!service) return [];
  if (service.spec.optOut || workload === undefined) {
    // Nobody asks for an identity there; without a workload there is nobody to ask.
    const access = service.spec.optOut ? ("allowed" as const) : ("denied" as const);
    const mtls = service.spec.optOut ? ("plaintext" as const) : ("none" as const);
    return callers.map((caller) => ({ caller, callee, access, mtls, why: [callee] }));
  }
  const doors = doorsOf(scene, service);
  return callers.map((caller) => {
    const arrivals = identitiesOf(scene, caller).flatMap((identity) =>
      doors.flatMap(({ tls, probes }) =>
        probes.map((probe) =>
          arriveAt(scene, workload, knock(identity, identity === null ? null : tls, callee, probe), false),
        ),
      ),
    );
    return cellOf(caller, callee, arrivals);
  });
}

/** What is asked of whom: requests of the HTTP ports together, a connection of each TCP port. */
function doorsOf(scene: Scene, service: Service): { tls: Knock["tls"]; probes: readonly Probe[] }[] {
  const facts = factsOf(scene.slice(objectKey(service)).document);
  const [http] = httpPorts(service.spec.ports);
  const tlsOf = (mode: string, sni: string) => (mode === "disable" ? null : { sanMatchers: [], sni });
  const key = objectKey(service);
  const doors = tcpPorts(service.spec.ports).map(({ port }) => ({
    tls: tlsOf(tcpProtectionIn(facts, service, port).tls, tcpServerName(service, port)),
    probes: [TUNNEL],
  }));
  if (!http) return doors;
  const probes = probesFor(scene.index, key, key);
  return [{ tls: tlsOf(protectionOf(facts, service, http.port).tls, ""), probes }, ...doors];
}

function knock(identity: string | null, tls: Knock["tls"], callee: ObjectKey, probe: Probe): Knock {
  const headers = Object.entries(probe.headers);
  return {
    identity,
    tls,
    message: { method: probe.method, path: probe.path, authority: hostOf(callee), scheme: "http", headers },
  };
}

/** Null stands for an app without a sidecar. */
function identitiesOf({ index, ...scene }: Scene, caller: ObjectKey): (string | null)[] {
  const service = index.find("Service", caller);
  if (service?.spec.optOut) return [null];
  const owners = service ? index.workloadsOf(caller).map(objectKey) : [caller];
  return [...new Set(owners.map((owner) => identityOf({ index, ...scene }, owner)))];
}

function cellOf(caller: ObjectKey, callee: ObjectKey, arrivals: readonly Arrival[]): AccessCell {
  const allowed = arrivals.filter(({ outcome }) => outcome === "forwarded").length;
  const access = allowed === 0 ? "denied" : allowed === arrivals.length ? "allowed" : "partly";
  const why = new Set(arrivals.flatMap(({ hop }) => hop?.authorization?.policy ?? []));
  return { caller, callee, access, mtls: arrivals[0]?.mtls ?? "none", why: [...why].sort() };
}

/** Outside the mesh nobody checks identities: what counts is whether the caller's own sidecar lets the call out. */
function externalCells(scene: Scene): AccessCell[] {
  const calls = callsWithin(scene.index, []).filter(({ callee }) => callee.startsWith("ExternalService/"));
  return calls.map((call): AccessCell => {
    const answer = answerTo(scene, questionOf(scene, call), false);
    const rule = answer.hops[0]?.rule?.object;
    return {
      caller: call.caller,
      callee: call.callee,
      access: answer.outcome === "forwarded" ? "allowed" : "denied",
      mtls: answer.hops[0]?.mtls ?? "none",
      why: rule === undefined ? [] : [rule],
    };
  });
}
