// Services, workloads and calls of a project -> Service, Workload and Dependency.
// The rule: a port that nothing says is assumed from who calls it, then from its image, then 80; each time that is told.
import { keyOf, type ServicePort, type SpecOf } from "@/lib/mesh";
import type { ImportContext, Understood } from "../shared/context";
import { slug } from "../shared/names";
import { isTcpPort, knownImage } from "./images";
import { canReach } from "./networks";
import type { Call, Part, Port } from "./state";

type Workload = Omit<SpecOf<"Workload">, "service">;

/** Ports that callers name and the service does not. */
export function addCalledPorts(
  context: ImportContext,
  callers: readonly Part[],
  parts: ReadonlyMap<string, Part>,
): void {
  for (const caller of callers) {
    for (const { to, port, protocol, assumption, path } of caller.calls) {
      const callee = parts.get(to);
      if (!callee || port === undefined) continue;
      const known = callee.ports.find((each) => each.port === port);
      if (known) {
        if (protocol && !known.protocol) known.protocol = protocol;
        continue;
      }
      callee.ports.push({ port, path, ...(protocol ? { protocol } : {}) });
      const message = `${assumption ?? to}, and ${to} says nothing of port ${port}: it is added to ${to}`;
      context.warn(caller.resource, path, message, `Write expose: ["${port}"] in ${to}.`);
    }
  }
}

export function putService(context: ImportContext, part: Part, workload: Workload, result: Understood): void {
  const { resource, name, sink } = part;
  if (part.ports.length === 0) part.ports.push(assumedPort(context, part));
  const ports = namedPorts(context, part);
  const existing = context.find("Service", keyOf("Service", resource.namespace, name));
  const labelled = {
    ...resource,
    ...(part.labels ? { labels: part.labels } : {}),
    ...(part.annotations ? { annotations: part.annotations } : {}),
  };
  const spec = { ...existing?.spec, ports };
  result.objects.push(context.put("Service", name, spec, { resource: labelled, sink }, existing));
  const current = context.find("Workload", keyOf("Workload", resource.namespace, name));
  const run = { ...current?.spec, ...workload, service: name };
  result.objects.push(context.put("Workload", name, run, { resource }, current));
  const said = ports.map(({ port, protocol }) => `port ${port} (${protocol})`).join(", ");
  const count = `${workload.replicas} ${workload.replicas === 1 ? "instance" : "instances"}`;
  result.sentences.push(`service ${name} with ${said}; version ${workload.version}, ${count}.`);
}

function assumedPort(context: ImportContext, part: Part): Port {
  const known = knownImage(part.image);
  const path = [...part.path, ...(known ? ["image"] : [])];
  const message = known
    ? `says no port; ${known.port} (${known.protocol}) is assumed from its image`
    : "says no port; 80 (http) is assumed, for a service here has one";
  context.warn(part.resource, path, message, `Write expose: ["${known?.port ?? 80}"], or the port that it has.`);
  return { port: known?.port ?? 80, protocol: known?.protocol ?? "http", path };
}

function namedPorts(context: ImportContext, part: Part): ServicePort[] {
  const names = new Set<string>();
  const image = knownImage(part.image);
  return part.ports.map(({ port, protocol: said, name: written, path }) => {
    const protocol = said ?? (isTcpPort(port) ? "tcp" : image?.port === port ? image.protocol : undefined);
    if (protocol === undefined) {
      const message = `port ${port} does not say what it speaks; HTTP is assumed`;
      context.warn(part.resource, path, message, "Write it in the long form, with app_protocol.");
    }
    const usable = protocol ?? "http";
    const wanted = [written === undefined ? usable : slug(written), `${usable}-${port}`];
    const name = wanted.find((each) => !names.has(each)) ?? `port-${port}`;
    names.add(name);
    return { name, port, protocol: usable };
  });
}

/** Each pair once, on the one port that all of its calls name. */
export function putCalls(context: ImportContext, parts: ReadonlyMap<string, Part>, result: Understood): void {
  const drawn = new Map(
    context
      .all("Dependency")
      .map((each) => [`${each.metadata.namespace} ${each.spec.from.name} ${each.spec.to.name}`, each]),
  );
  for (const part of parts.values()) {
    for (const [to, calls] of byCallee(part)) {
      const callee = parts.get(to);
      if (!callee || callee === part) continue;
      tellCall(context, part, callee, calls);
      const ports = new Set(calls.flatMap(({ port }) => port ?? []));
      const [port] = ports.size === 1 ? ports : [];
      const existing = drawn.get(`${part.resource.namespace} ${part.name} ${callee.name}`);
      const spec = {
        ...existing?.spec,
        from: { kind: "Service" as const, name: part.name },
        to: { kind: "Service" as const, name: callee.name },
        ...(port === undefined ? {} : { port }),
      };
      const name = existing?.metadata.name ?? `${part.name}-to-${callee.name}`;
      result.objects.push(context.put("Dependency", name, spec, { resource: part.resource }, existing));
    }
  }
}

function byCallee(part: Part): Map<string, Call[]> {
  const calls = new Map<string, Call[]>();
  for (const call of part.calls) {
    const known = calls.get(call.to);
    if (known) known.push(call);
    else calls.set(call.to, [call]);
  }
  return calls;
}

function tellCall(context: ImportContext, part: Part, callee: Part, calls: readonly Call[]): void {
  const [first] = calls;
  if (!first) return;
  if (calls.every(({ assumption }) => assumption !== undefined)) {
    const message = `${first.assumption}; that is taken for a call and drawn`;
    context.warn(part.resource, first.path, message, "Take the dependency away if it is none.");
  }
  if (canReach(part, callee)) return;
  const message = `calls ${callee.name}, and shares no network with it: in Compose the call fails`;
  context.warn(part.resource, first.path, message, `Give both a network, or take the call away.`, {
    changesMeaning: callee.isPublished,
  });
}
