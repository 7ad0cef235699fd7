// From an empty mesh to one protected, measured call, in steps that check themselves. Rule: a step is done because the
// system says so (the draft, the binding, a proxy, a measurement), never because a button was pressed.
import type { AppSpecDto, BindingDto, ProxyDto } from "@/components/api-client";
import { API_VERSION, type Command, keyOf, type MeshDocument, objectKey, refKey } from "@/lib/mesh";

type Batch = Extract<Command, { type: "batch" }>;
type AddObject = Extract<Command, { type: "addObject" }>;

export interface Process {
  name: string;
  port: number;
}

export interface StartFacts {
  document: MeshDocument;
  binding: BindingDto | undefined;
  proxies: readonly ProxyDto[];
  isDeploying: boolean;
  dependencies: readonly {
    source: string;
    target: string;
    seen: boolean;
    state: string;
    now: { requestsPerSecond: number | null; mtlsRatio: number | null; p99: number | null };
  }[];
}

export interface StartProgress {
  pair: { caller: string; callee: string; namespace: string; port: number } | null;
  isBound: boolean;
  isRunning: boolean;
  /** The port on which the caller's sidecar takes outgoing calls. */
  callerPort: number | null;
  call: { mtlsRatio: number | null; p99: number | null } | null;
}

export function startProgress(facts: StartFacts): StartProgress {
  const dependency = facts.document.objects.find(
    (object) =>
      object.kind === "Dependency" && object.spec.from.kind === "Service" && object.spec.to.kind === "Service",
  );
  if (dependency?.kind !== "Dependency")
    return { pair: null, isBound: false, isRunning: false, callerPort: null, call: null };
  const namespace = dependency.metadata.namespace;
  const caller = dependency.spec.from.name;
  const callee = dependency.spec.to.name;
  const target = facts.document.objects.find((object) => objectKey(object) === refKey(dependency.spec.to, dependency));
  const port = target?.kind === "Service" ? (target.spec.ports[0]?.port ?? 80) : 80;
  const workloadsOf = (service: string) =>
    facts.document.objects.flatMap((object) =>
      object.kind === "Workload" && object.spec.service === service ? [object.metadata.name] : [],
    );
  const hasApp = (service: string) =>
    facts.binding?.instances.some(
      (each) => workloadsOf(service).includes(each.workload.name) && each.app.kind !== "none",
    ) ?? false;
  const proxyOf = (service: string) =>
    facts.proxies.find((proxy) => proxy.service === service && proxy.ready && proxy.state === "ack");
  const callerProxy = proxyOf(caller);
  const live = facts.dependencies.find(
    (each) =>
      each.source === refKey(dependency.spec.from, dependency) &&
      each.target === refKey(dependency.spec.to, dependency),
  );
  return {
    pair: { caller, callee, namespace, port },
    isBound: hasApp(caller) && hasApp(callee),
    isRunning: callerProxy !== undefined && proxyOf(callee) !== undefined,
    callerPort: callerProxy?.ports.outbound ?? null,
    call: live?.seen && live.state !== "no-data" ? { mtlsRatio: live.now.mtlsRatio, p99: live.now.p99 } : null,
  };
}

/** Two services, a workload each, and the line between them: one command, which leaves out what is drawn already. */
export function drawPair(document: MeshDocument, caller: Process, callee: Process, namespace: string): Batch {
  const commands: AddObject[] = [];
  for (const [index, each] of [caller, callee].entries()) {
    commands.push({
      type: "addObject",
      object: {
        apiVersion: API_VERSION,
        kind: "Service",
        metadata: { name: each.name, namespace },
        spec: { ports: [{ name: "http", port: each.port, protocol: "http" }] },
      },
      position: { x: index * 420, y: 0 },
    });
    commands.push({
      type: "addObject",
      object: {
        apiVersion: API_VERSION,
        kind: "Workload",
        metadata: { name: `${each.name}-v1`, namespace },
        spec: { service: each.name, version: "v1", replicas: 1 },
      },
    });
  }
  commands.push({
    type: "addObject",
    object: {
      apiVersion: API_VERSION,
      kind: "Dependency",
      metadata: { name: `${caller.name}-to-${callee.name}`, namespace },
      spec: { from: { kind: "Service", name: caller.name }, to: { kind: "Service", name: callee.name } },
    },
  });
  const known = new Set(document.objects.map(objectKey));
  return {
    type: "batch",
    commands: commands.filter(({ object }) => !known.has(objectKey(object))),
    label: `Draw ${caller.name} and ${callee.name}`,
  };
}

export function bindPair(binding: BindingDto, processes: readonly Process[], namespace: string): BindingDto {
  const names = new Set(processes.map((each) => keyOf("Workload", namespace, `${each.name}-v1`)));
  const others = binding.instances.filter(
    (each) => !names.has(keyOf("Workload", each.workload.namespace, each.workload.name)),
  );
  const app = (port: number): AppSpecDto => ({ kind: "address", host: "127.0.0.1", port });
  return {
    ...binding,
    instances: [
      ...others,
      ...processes.map((each) => ({
        id: `${namespace}/${each.name}-v1/0`,
        workload: { namespace, name: `${each.name}-v1` },
        app: app(each.port),
      })),
    ],
  };
}
