// Drawn dependencies and Egresses -> one policy for each caller of what it may call, with the names outside.
// The rule: a caller that Cilium's policies left open stays open on the way back; every other calls what is drawn and nothing else.
import {
  type Dependency,
  type ExternalService,
  keyOf,
  objectKey,
  refKey,
  type Service,
  workloadOwnerKey,
} from "@/lib/mesh";
import { selectorOf } from "../kubernetes/selectors";
import type { ExportContext } from "../shared/export-context";
import { podPortsOf } from "./export-access";
import { podsOfService } from "./export-callers";
import { API_VERSION, POLICY, type Raw } from "./state";
import type { Writer } from "./writer";

/** Names are resolved by the cluster's DNS, which Cilium has to see to know their addresses. */
const DNS: Raw = {
  toEndpoints: [{ matchLabels: { "k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:k8s-app": "kube-dns" } }],
  toPorts: [{ ports: [{ port: "53", protocol: "ANY" }], rules: { dns: [{ matchPattern: "*" }] } }],
};

export function exportCalls(context: ExportContext, writer: Writer): void {
  const { index } = context;
  const isOfCilium = index.document.objects.some(({ metadata }) => metadata.origin?.dialect === "cilium");
  const told = new Set<string>();
  for (const service of index.all("Service")) {
    const lines = linesOf(context, service);
    const grants = lines.filter((line) => isGranted(context, line));
    const isHeld = lines.some(({ metadata }) => metadata.origin?.dialect === "cilium");
    if (isOfCilium && !isHeld) {
      for (const line of lines) tell(context, told, line, "its caller's calls are open there, as in the source");
      continue;
    }
    const rules = grants.flatMap((line) => ruleOf(context, line) ?? []);
    const { name, namespace } = service.metadata;
    const written = writer.write({
      apiVersion: API_VERSION,
      kind: POLICY,
      metadata: { name: `calls-of-${name}`.slice(0, 253), namespace },
      spec: { endpointSelector: { matchLabels: selectorOf(service) }, egress: [DNS, ...rules] },
    });
    for (const line of grants)
      tell(context, told, line, `it is a rule of ${written}, and a grant where the callee is closed`);
    for (const line of lines.filter((each) => !grants.includes(each))) {
      tell(context, told, line, "no Egress grants it, so nothing is written");
    }
  }
  for (const line of index.all("Dependency")) {
    if (line.spec.from.kind === "Gateway") tell(context, told, line, "gateways of Cilium call what their routes say");
  }
  for (const egress of index.all("Egress")) tellEgress(context, egress);
}

function tell(context: ExportContext, told: Set<string>, line: Dependency, reason: string): void {
  if (told.has(objectKey(line))) return;
  told.add(objectKey(line));
  context.tell(line, ["spec"], "moved", reason);
}

/** Of the service, and of its workloads: Cilium could tell them apart, what is written here does not. */
function linesOf({ index }: ExportContext, service: Service): Dependency[] {
  const keys = [objectKey(service), ...index.workloadsOf(objectKey(service)).map(objectKey)];
  return keys.flatMap((key) => index.dependenciesFrom(key));
}

function isGranted({ index }: ExportContext, line: Dependency): boolean {
  const to = refKey(line.spec.to, line);
  if (line.spec.to.kind !== "ExternalService") return true;
  const from = refKey(line.spec.from, line);
  const holder = index.get(from);
  const service = holder?.kind === "Workload" ? workloadOwnerKey(holder) : from;
  return index
    .egressesTo(to)
    .some(({ spec, metadata }) =>
      spec.from
        ? spec.from.some((ref) => [from, service].includes(refKey(ref, { metadata })))
        : metadata.namespace === holder?.metadata.namespace,
    );
}

function ruleOf(context: ExportContext, line: Dependency): Raw[] | undefined {
  const { index } = context;
  if (line.spec.from.kind === "Workload") {
    const reason = "it is written for all workloads of the service, not for this one alone";
    context.lose(line, ["spec", "from"], "approximate", reason, { changesMeaning: true });
  }
  const callee = index.get(refKey(line.spec.to, line));
  const { port } = line.spec;
  if (callee?.kind === "Service")
    return [callee, ...behind(context, callee)].map((each) => toService(each, each === callee ? port : undefined));
  if (callee?.kind === "Workload") {
    const service = index.find("Service", workloadOwnerKey(callee));
    return service && [toService(service, port)];
  }
  return callee?.kind === "ExternalService" ? toExternal(callee, port) : undefined;
}

/** Services that the callee's routes send calls on to: the caller's proxy calls them itself. */
function behind({ index }: ExportContext, callee: Service): Service[] {
  const found = index
    .routesOf(objectKey(callee))
    .flatMap((route) =>
      route.spec.rules.flatMap(({ action }) =>
        action.type === "forward"
          ? action.destinations.flatMap(
              ({ service }) =>
                index.find("Service", keyOf("Service", service.namespace ?? route.metadata.namespace, service.name)) ??
                [],
            )
          : [],
      ),
    );
  return [...new Set(found)].filter((each) => each !== callee);
}

function toService(service: Service, port: number | undefined): Raw {
  const ports = podPortsOf(service, port === undefined ? service.spec.ports.map((each) => each.port) : [port]);
  return {
    toEndpoints: [podsOfService(service.metadata.namespace, selectorOf(service))],
    ...(ports.length > 0 ? { toPorts: [{ ports }] } : {}),
  };
}

const ADDRESS = /^\d{1,3}(\.\d{1,3}){3}$/;

function toExternal({ spec }: ExternalService, port: number | undefined): Raw[] {
  const numbers = port === undefined ? spec.ports.map((each) => each.port) : [port];
  const toPorts = [
    { ports: [...new Set(numbers)].slice(0, 40).map((each) => ({ port: String(each), protocol: "TCP" })) },
  ];
  const hosts = [...new Set(spec.hosts.map((host) => host.replace(/:\d+$/, "")))];
  const names = hosts.filter((host) => !ADDRESS.test(host));
  const addresses = [...new Set([...hosts, ...(spec.endpoints ?? []).map(({ address }) => address)])].filter((each) =>
    ADDRESS.test(each),
  );
  return [
    ...(names.length > 0 ? [{ toFQDNs: names.map(nameRule), toPorts }] : []),
    ...(addresses.length > 0 ? [{ toCIDR: addresses.map((each) => `${each}/32`), toPorts }] : []),
  ];
}

/** `*.x` is every name below x; of Cilium's patterns that is the one with two stars. */
const nameRule = (host: string) =>
  host.startsWith("*.")
    ? { matchPattern: `**.${host.slice(2)}` }
    : host === "*"
      ? { matchPattern: "*" }
      : { matchName: host };

function tellEgress(context: ExportContext, egress: Parameters<ExportContext["tell"]>[0]): void {
  context.tell(egress, ["spec"], "moved", "it is a rule by name in the policy of its callers' calls");
}
