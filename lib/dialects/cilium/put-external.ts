// toFQDNs -> ExternalServices, with a line and an Egress for each caller.
// The rule: a name is one external service, whoever calls it; one that the design has is used.
import { type ExternalService, keyOf, objectKey, type Ref, refKey, type ServicePort } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { drawLine, type Place } from "../shared/draw-line";
import { isRecord } from "../shared/fields";
import { slug } from "../shared/names";
import { placeOf } from "./callers";
import { placed } from "./put-access";
import type { Peer, PolicyPart, PortEntry } from "./state";

const HTTP = new Set([80, 8080]);
const DEFAULT_PORTS = [443, 80];
const MAX_PORTS = 64;

export function grantExternal(
  context: ImportContext,
  part: PolicyPart,
  from: readonly Place[],
  peer: Peer & { is: "name" },
  entries: readonly PortEntry[] | undefined,
): void {
  const { resource, result } = part;
  const [first] = from;
  if (!first) return;
  const ports = portsOf(entries);
  const external = externalNamed(context, part, first.namespace, peer.host, ports);
  const key = objectKey(external);
  if (!result.objects.includes(key)) result.objects.push(key);
  const pattern = isRecord(peer.raw) ? peer.raw["matchPattern"] : undefined;
  if (typeof pattern === "string" && pattern.startsWith("*.")) {
    const message = `${pattern} is names one step below in Cilium; here it is every name below`;
    context.warn(resource, peer.path, message, "Name the hosts one by one.", { changesMeaning: true });
  }
  for (const caller of from) {
    const place = placed(resource, caller.namespace);
    const [only, ...more] = ports;
    const port = more.length === 0 && external.spec.ports.length > 1 ? only : undefined;
    result.objects.push(...drawLine(context, place, caller, placeOf(external), port));
    const egress = putEgress(context, part, caller, external);
    if (egress !== undefined) result.objects.push(egress);
  }
  result.sentences.push(`${from.map(({ name }) => name).join(", ")} may call ${peer.host}.`);
}

function portsOf(entries: readonly PortEntry[] | undefined): number[] {
  const all = (entries ?? [])
    .flatMap(({ ports }) => ports)
    .filter(({ protocol }) => protocol === "TCP" || protocol === "ANY");
  const numbers = [...new Set(all.map(({ port }) => Number(port)))].filter(
    (each) => Number.isInteger(each) && each > 0,
  );
  return numbers.length > 0 ? numbers.slice(0, MAX_PORTS) : DEFAULT_PORTS;
}

const portOf = (port: number): ServicePort => {
  const protocol = HTTP.has(port) ? "http" : "tcp";
  return { name: `${protocol}-${port}`, port, protocol };
};

function externalNamed(
  context: ImportContext,
  part: PolicyPart,
  namespace: string,
  host: string,
  ports: readonly number[],
): ExternalService {
  const known = context.all("ExternalService").find(({ spec }) => spec.hosts.includes(host));
  const missing = ports.filter((port) => !known?.spec.ports.some((each) => each.port === port));
  if (known && missing.length === 0) return known;
  const spec = known
    ? { ...known.spec, ports: [...known.spec.ports, ...missing.map(portOf)].slice(0, MAX_PORTS) }
    : { hosts: [host], ports: ports.map(portOf) };
  context.assumeNamespace(namespace);
  const base = slug(host.replace(/^\*\.?/, host === "*" ? "everywhere" : "any-"));
  const isTaken = context.get(keyOf("ExternalService", namespace, base)) !== undefined;
  const name = isTaken ? `${base.slice(0, 54)}-external` : base;
  const place = placed(part.resource, known?.metadata.namespace ?? namespace);
  const key = context.put("ExternalService", known?.metadata.name ?? name, spec, { resource: place }, known);
  return context.find("ExternalService", key) as ExternalService;
}

function putEgress(
  context: ImportContext,
  part: PolicyPart,
  caller: Place,
  external: ExternalService,
): string | undefined {
  const from = keyOf(caller.kind, caller.namespace, caller.name);
  const to = objectKey(external);
  const isThere = context
    .all("Egress")
    .some((each) => refKey(each.spec.to, each) === to && each.spec.from?.some((ref) => refKey(ref, each) === from));
  if (isThere) return undefined;
  const refOf = ({ kind, namespace, name }: Place): Ref => ({
    kind,
    ...(namespace === caller.namespace ? {} : { namespace }),
    name,
  });
  const name = `${caller.name}-to-${external.metadata.name}`.slice(0, 253);
  const existing = context.find("Egress", keyOf("Egress", caller.namespace, name));
  const spec = {
    ...existing?.spec,
    from: [...(existing?.spec.from ?? []), refOf(caller)],
    to: refOf(placeOf(external)),
  };
  return context.put("Egress", name, spec, { resource: placed(part.resource, caller.namespace) }, existing);
}
