// What a hand on the canvas means as commands. Job: add and connect, in the model's words.
// Rule: pure; each gesture is one command (a batch where several objects belong together), so that one undo takes it back.
import {
  API_VERSION,
  applyCommand,
  type Command,
  isDependencyEnd,
  keyOf,
  type MeshDocument,
  type MeshObject,
  type ObjectOf,
  objectKey,
  type Position,
  type Ref,
  refKey,
  refTo,
} from "@/lib/mesh";
import { dependencyBetween, find, freeName, named, toName } from "./document";

export type Addable = "Service" | "Gateway" | "ExternalService" | "Workload";

export interface Gesture {
  command: Command;
  /** What is selected afterwards. */
  select: string[];
}

const defaultPort = 8080;

/** A service comes with its namespace, a port and one workload, so that it can run as soon as it has an app. */
export function addGesture(
  document: MeshDocument,
  kind: Addable,
  text: string,
  namespace: string,
  place: Position,
): Gesture {
  const name = freeName(document, [kind], namespace, toName(text) || defaultNames[kind]);
  const commands: Command[] = [];
  const hasNamespace = document.objects.some(
    (object) => object.kind === "Namespace" && object.metadata.name === namespace,
  );
  if (!hasNamespace) {
    commands.push({
      type: "addObject",
      object: { apiVersion: API_VERSION, kind: "Namespace", metadata: { name: namespace }, spec: {} },
    });
  }
  commands.push({ type: "addObject", object: newObject(kind, namespace, name, hostIn(text)), position: place });
  if (kind === "Service") {
    const workload = freeName(document, ["Workload"], namespace, `${name.slice(0, 60)}-v1`);
    commands.push({
      type: "addObject",
      object: { ...named(namespace, workload), kind: "Workload", spec: { service: name, version: "v1", replicas: 1 } },
    });
  }
  return { command: { type: "batch", commands, label: `Add ${name}` }, select: [keyOf(kind, namespace, name)] };
}

const defaultNames: Record<Addable, string> = {
  Service: "service",
  Gateway: "gateway",
  ExternalService: "external",
  Workload: "job",
};

/** Whoever types a host means that host. */
const hostIn = (text: string) => /^(?:[a-z0-9-]+\.)+[a-z0-9-]+$/.exec(text.trim().toLowerCase())?.[0];

function newObject(kind: Addable, namespace: string, name: string, host?: string): MeshObject {
  if (kind === "Service")
    return {
      ...named(namespace, name),
      kind: "Service",
      spec: { ports: [{ name: "http", port: defaultPort, protocol: "http" }] },
    };
  if (kind === "Gateway")
    return {
      ...named(namespace, name),
      kind: "Gateway",
      spec: {
        type: "ingress",
        listeners: [{ name: "http", port: defaultPort, protocol: "http", hosts: ["*"] }],
      },
    };
  if (kind === "Workload") return { ...named(namespace, name), kind: "Workload", spec: { version: "v1", replicas: 1 } };
  return {
    ...named(namespace, name),
    kind: "ExternalService",
    spec: {
      hosts: [host ?? `${name}.example.com`],
      ports: [{ name: "http", port: 80, protocol: "http" }],
    },
  };
}

/** A dependency, and what makes it work: an egress for an external callee, a route for a gateway that has none. */
export function connectGesture(document: MeshDocument, from: string, to: string): Gesture | { refused: string } {
  const caller = find(document, from);
  const callee = find(document, to);
  if (!caller || !callee || !isDependencyEnd(caller) || !isDependencyEnd(callee))
    return { refused: "Connect services, gateways, external services and workloads that only call." };
  if (from === to) return { refused: "A service needs no line to itself." };
  if (caller.kind === "ExternalService")
    return { refused: "An external service is outside the mesh: draw lines to it, not from it." };
  if (callee.kind === "Gateway")
    return { refused: "Calls come in through a gateway: draw from it to the service behind it." };
  if (callee.kind === "Workload")
    return { refused: `${callee.metadata.name} serves nothing: draw lines from it, not to it.` };
  const existing = dependencyBetween(document, from, to);
  if (existing) return { refused: `${caller.metadata.name} to ${callee.metadata.name} is drawn already.` };
  const namespace = caller.metadata.namespace ?? "default";
  const name = freeName(
    document,
    ["Dependency"],
    namespace,
    `${caller.metadata.name}-to-${callee.metadata.name}`.slice(0, 200),
  );
  const callerRef = refTo(caller, namespace);
  const calleeRef = refTo(callee, namespace);
  const commands: Command[] = [
    {
      type: "addObject",
      object: { ...named(namespace, name), kind: "Dependency", spec: { from: callerRef, to: calleeRef } },
    },
  ];
  if (callee.kind === "ExternalService") commands.push(...egressFor(document, to, namespace, calleeRef));
  if (caller.kind === "Gateway" && callee.kind === "Service")
    commands.push(...routeFor(document, from, namespace, callerRef, callee));
  return {
    command: { type: "batch", commands, label: `Connect ${caller.metadata.name} to ${callee.metadata.name}` },
    select: [keyOf("Dependency", namespace, name)],
  };
}

/** Which of the two have to be added before a line can be drawn between them. */
export const notDrawn = (document: MeshDocument, { from, to }: Line): string[] =>
  [...new Set([from, to])].filter((name) => !endNamed(document, name));

type Line = { from: string; to: string };

const endNamed = (document: MeshDocument, name: string) =>
  document.objects.find((object) => isDependencyEnd(object) && object.metadata.name === name);

/** A line between two names. Who is not drawn yet becomes a service; `places` are for these, at least two. */
export function lineGesture(
  document: MeshDocument,
  line: Line,
  namespace: string,
  places: readonly Position[],
): Gesture | { refused: string } {
  const commands: Command[] = [];
  let drawn = document;
  for (const [i, name] of notDrawn(document, line).entries()) {
    const { command } = addGesture(drawn, "Service", name, namespace, places[i] ?? { x: 0, y: 0 });
    const applied = applyCommand(drawn, {}, command);
    if (!applied.ok) return { refused: applied.violations.map(({ message, fix }) => `${message}. ${fix}`).join(" ") };
    drawn = applied.document;
    commands.push(command);
  }
  const [from, to] = [line.from, line.to].map((name) => endNamed(drawn, name));
  if (!from || !to) return { refused: "Name two services." };
  const gesture = connectGesture(drawn, objectKey(from), objectKey(to));
  if ("refused" in gesture || commands.length === 0) return gesture;
  const label = `Add ${line.from} to ${line.to}`;
  return { command: { type: "batch", commands: [...commands, gesture.command], label }, select: gesture.select };
}

function egressFor(document: MeshDocument, to: string, namespace: string, calleeRef: Ref): Command[] {
  const has = document.objects.some(
    (object) =>
      object.kind === "Egress" && object.metadata.namespace === namespace && refKey(object.spec.to, object) === to,
  );
  if (has) return [];
  const name = freeName(document, ["Egress"], namespace, calleeRef.name);
  return [{ type: "addObject", object: { ...named(namespace, name), kind: "Egress", spec: { to: calleeRef } } }];
}

function routeFor(
  document: MeshDocument,
  gateway: string,
  namespace: string,
  gatewayRef: Ref,
  callee: ObjectOf<"Service">,
): Command[] {
  const has = document.objects.some(
    (object) => object.kind === "Route" && refKey(object.spec.target, object) === gateway,
  );
  if (has) return [];
  const service = refTo(callee, namespace);
  const object: ObjectOf<"Route"> = {
    ...named(namespace, freeName(document, ["Route"], namespace, gatewayRef.name)),
    kind: "Route",
    spec: {
      target: gatewayRef,
      rules: [
        {
          name: "all",
          matches: [{ path: { type: "pathPrefix", value: "/" } }],
          action: {
            type: "forward",
            destinations: [
              {
                service: { name: service.name, ...(service.namespace ? { namespace: service.namespace } : {}) },
                weight: 1,
              },
            ],
          },
        },
      ],
    },
  };
  return [{ type: "addObject", object }];
}

/** "orders", "gateway: front door", "external: api.stripe.com", "job: nightly report", "orders > payment-service". */
export function readQuickAdd(
  text: string,
): { kind: Addable; name: string; host?: string } | { from: string; to: string } | null {
  const arrow = text.split(/\s*(?:->|→|>)\s*/);
  if (arrow.length === 2 && arrow[0] && arrow[1]) return { from: toName(arrow[0]), to: toName(arrow[1]) };
  const typed = /^(service|gateway|external|job)\s*:\s*(.+)$/i.exec(text.trim());
  const kinds: Record<string, Addable> = {
    service: "Service",
    gateway: "Gateway",
    external: "ExternalService",
    job: "Workload",
  };
  const name = toName(typed?.[2] ?? text);
  if (name === "") return null;
  const kind = kinds[typed?.[1]?.toLowerCase() ?? "service"] ?? "Service";
  const host = kind === "ExternalService" ? hostIn(typed?.[2] ?? "") : undefined;
  return { kind, name, ...(host === undefined ? {} : { host }) };
}
