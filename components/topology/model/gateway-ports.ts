// Ports of the machine on which a gateway is served in an environment. Job: what the fields show, what is wrong with them, and the binding
// that they make. Rule: pure; the design's listeners say what is asked, and what is bound to others of this environment stays.
import type { BindingDto } from "@/components/api-client";
import { type Gateway, isPlainListener } from "@/lib/mesh";

type Bound = BindingDto["gateways"][number];
/** As typed; "" is none of its own. */
type PortText = string | number;

export interface GatewayPorts {
  publicPort: PortText;
  /** By the name of a listener of protocol https, tcp or tls; also those that are bound but not drawn (any more). */
  listeners: Readonly<Record<string, PortText>>;
}

export interface PortProblems {
  publicPort?: string;
  listeners: Readonly<Record<string, string>>;
}

const HIGHEST_PORT = 65_535;

export const isBoundTo =
  ({ metadata }: Gateway) =>
  ({ namespace, name }: { namespace: string; name: string }): boolean =>
    namespace === metadata.namespace && name === metadata.name;

export function gatewayPorts(gateway: Gateway, bound: Bound | undefined): GatewayPorts {
  const drawn = gateway.spec.listeners.filter((each) => !isPlainListener(each)).map(({ name }) => name);
  const names = new Set([...drawn, ...Object.keys(bound?.listenerPorts ?? {})]);
  return {
    publicPort: bound?.publicPort ?? "",
    listeners: Object.fromEntries([...names].map((name) => [name, bound?.listenerPorts?.[name] ?? ""])),
  };
}

/** What cannot be saved, by field; `others`: every gateway of the environment, its own among them or not. */
export function portProblems(gateway: Gateway, ports: GatewayPorts, others: readonly Bound[]): PortProblems {
  const isOwn = isBoundTo(gateway);
  const taken = new Map<number, string>();
  for (const each of others.filter((other) => !isOwn(other))) {
    for (const port of [each.publicPort, ...Object.values(each.listenerPorts ?? {})])
      if (port !== undefined) taken.set(port, each.name);
  }
  const simple = (text: PortText): string | undefined => {
    if (text === "") return undefined;
    const port = Number(text);
    if (!Number.isInteger(port) || port < 1 || port > HIGHEST_PORT) return `A port is from 1 to ${HIGHEST_PORT}.`;
    const other = taken.get(port);
    return other === undefined ? undefined : `Gateway ${other} is served at ${port} here. Choose another port.`;
  };
  const publicPort = simple(ports.publicPort);
  const listeners = Object.entries(ports.listeners).flatMap(([name, text]) => {
    const problem = simple(text) ?? (text === "" ? undefined : sharingProblem(gateway, ports, name));
    return problem === undefined ? [] : [[name, problem] as const];
  });
  return { ...(publicPort === undefined ? {} : { publicPort }), listeners: Object.fromEntries(listeners) };
}

/** Only TLS tells by its first bytes whose it is; plain TCP that shares a port is not served. */
function sharingProblem(gateway: Gateway, ports: GatewayPorts, name: string): string | undefined {
  const others = isTcp(gateway, name) ? sharers(gateway, ports, name) : [];
  if (others.length === 0) return undefined;
  return `Nothing tells its connections from those of ${others.join(", ")} at the same port. Choose another port.`;
}

/** Of plain TCP without a port of its own, where others have the public port too. */
export function isUnserved(gateway: Gateway, ports: GatewayPorts, name: string): boolean {
  return isTcp(gateway, name) && ports.listeners[name] === "" && sharers(gateway, ports, name).length > 0;
}

const isTcp = ({ spec }: Gateway, name: string): boolean =>
  spec.listeners.some((each) => each.name === name && each.protocol === "tcp");

function sharers({ spec }: Gateway, ports: GatewayPorts, name: string): string[] {
  const portOf = (each: string): PortText => {
    const own = ports.listeners[each];
    return String(own === undefined || own === "" ? ports.publicPort : own);
  };
  return spec.listeners.map((each) => each.name).filter((each) => each !== name && portOf(each) === portOf(name));
}

/** The binding with these ports; fields have to be without problems. */
export function withGatewayPorts(binding: BindingDto, gateway: Gateway, ports: GatewayPorts): BindingDto {
  const isOwn = isBoundTo(gateway);
  const own = Object.entries(ports.listeners).flatMap(([name, text]) =>
    text === "" ? [] : [[name, Number(text)] as const],
  );
  const { namespace, name } = gateway.metadata;
  const { certificates } = binding.gateways.find(isOwn) ?? {};
  const entry: Bound = {
    namespace,
    name,
    ...(ports.publicPort === "" ? {} : { publicPort: Number(ports.publicPort) }),
    ...(own.length > 0 ? { listenerPorts: Object.fromEntries(own) } : {}),
    ...(certificates ? { certificates } : {}),
  };
  return { ...binding, gateways: [...binding.gateways.filter((each) => !isOwn(each)), entry] };
}
