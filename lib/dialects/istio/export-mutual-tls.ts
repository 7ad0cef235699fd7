// Mutual TLS of the mesh, of MutualTls and of steps of adoption -> PeerAuthentication.
// The rule: Istio's callers ask the mode of the callee's namespace and mesh first: where that is DISABLE they speak plain text, whatever a
// service of it takes. So the mesh's own default goes out as DISABLE only where no service takes mutual TLS after all.
import { type Facts, factsOf, isTcpPort } from "@/lib/compile/facts";
import { protectionIn, tcpProtectionIn } from "@/lib/compile/modes";
import {
  keyOf,
  type MeshRoot,
  type MutualTls,
  type MutualTlsMode,
  type ObjectKey,
  objectKey,
  type Service,
} from "@/lib/mesh";
import { selectorOf } from "../kubernetes/selectors";
import { type ExportContext, metadataOf, originOfKind } from "../shared/export-context";
import { generated } from "./generated";
import { toPodPorts } from "./pod-ports";
import { ROOT_NAMESPACE } from "./security";
import { selectorFor } from "./selector";

type Scope = { mode: MutualTlsMode; by: MutualTls | undefined };

export function exportMutualTls(context: ExportContext, mesh: MeshRoot | undefined): void {
  const facts = factsOf(context.index.document);
  for (const each of facts.mutualTls) exportOne(context, facts, each);
  const own = facts.mutualTls.find(({ spec: { target } }) => !target?.service && !target?.namespace);
  const mode = own?.spec.mode ?? defaultMode(context, facts, mesh);
  if (mesh && !own) {
    const spec = { mtls: { mode: mode.toUpperCase() } };
    context.add(generated("PeerAuthentication", "default", ROOT_NAMESPACE, "default", spec), undefined);
  }
  for (const service of context.index.all("Service")) {
    const scope = scopeOf(facts, service, { mode, by: own });
    tellPlainText(context, facts, service, scope);
    if (!mutualTlsOn(facts, service)) exportService(context, facts, service, scope);
  }
}

const mutualTlsOn = (facts: Facts, { metadata }: Service) =>
  facts.mutualTls.find((each) => targetOf(each) === keyOf("Service", metadata.namespace, metadata.name));

function targetOf({ spec: { target }, metadata }: MutualTls): ObjectKey | undefined {
  return target?.service ? keyOf("Service", target.namespace ?? metadata.namespace, target.service) : undefined;
}

const modeAt = (facts: Facts, service: Service, port: number): MutualTlsMode =>
  (isTcpPort(service, port) ? tcpProtectionIn : protectionIn)(facts, service, port).tls;

const takesMutualTls = (facts: Facts, service: Service) =>
  service.spec.ports.some(({ port }) => modeAt(facts, service, port) !== "disable");

function scopeOf(facts: Facts, { metadata }: Service, mesh: Scope): Scope {
  const by = facts.mutualTls.find(
    ({ spec: { target } }) => target?.service === undefined && target?.namespace === metadata.namespace,
  );
  return by ? { mode: by.spec.mode, by } : mesh;
}

function defaultMode(context: ExportContext, facts: Facts, mesh: MeshRoot | undefined): MutualTlsMode {
  const mode = mesh?.spec.defaults.mutualTls ?? facts.defaults.mutualTls;
  const isOpen = context.index
    .all("Service")
    .some((each) => takesMutualTls(facts, each) && scopeOf(facts, each, { mode, by: undefined }).by === undefined);
  return mode === "disable" && isOpen ? "permissive" : mode;
}

/** What was written for a namespace or the mesh goes out as it is. */
function tellPlainText(context: ExportContext, facts: Facts, service: Service, { mode, by }: Scope): void {
  if (mode !== "disable" || !by || !takesMutualTls(facts, service)) return;
  const reason = `callers of ${service.metadata.name} speak plain text in Istio, because its namespace is DISABLE: give the others their own MutualTls instead`;
  context.lose(by, ["spec", "mode"], "approximate", reason, { changesMeaning: true });
}

/** What its scope does not say: a step of adoption, a mesh that is plain text beside it, TCP ports that are told apart by mutual TLS. */
function exportService(context: ExportContext, facts: Facts, service: Service, scope: Scope): void {
  const { name, namespace } = service.metadata;
  const mode = protectionIn(facts, service).tls;
  const ports = service.spec.ports.filter(({ port }) => modeAt(facts, service, port) !== mode);
  if (mode === scope.mode && ports.length === 0) return;
  const spec = {
    selector: { matchLabels: selectorOf(service) },
    mtls: { mode: mode.toUpperCase() },
    ...portLevel(
      [service],
      ports.map(({ port }) => ({ port, mode: modeAt(facts, service, port) })),
    ),
  };
  context.add(generated("PeerAuthentication", `mutual-tls-of-${name}`, namespace, "step", spec), undefined);
}

function exportOne(context: ExportContext, facts: Facts, mutualTls: MutualTls): void {
  const { target, mode, ports = [] } = mutualTls.spec;
  const isMesh = !target?.service && !target?.namespace;
  const namespace = isMesh ? ROOT_NAMESPACE : (target.namespace ?? mutualTls.metadata.namespace);
  const name =
    originOfKind(mutualTls, "PeerAuthentication")?.name ?? (target?.service ? mutualTls.metadata.name : "default");
  const key = targetOf(mutualTls);
  const services = context.index.all("Service").filter((each) => objectKey(each) === key);
  const tcp = services.flatMap((each) =>
    each.spec.ports
      .map(({ port }) => ({ port, mode: modeAt(facts, each, port) }))
      .filter((at) => isTcpPort(each, at.port) && at.mode !== mode && !ports.some(({ port }) => port === at.port)),
  );
  const spec = {
    ...selectorFor(context, mutualTls),
    mtls: { mode: mode.toUpperCase() },
    ...portLevel(services, [...ports, ...tcp]),
  };
  const metadata = metadataOf(mutualTls, name, namespace);
  context.add({ apiVersion: "security.istio.io/v1", kind: "PeerAuthentication", metadata, spec }, mutualTls);
}

/** By port of the pods. */
function portLevel(services: readonly Service[], ports: readonly { port: number; mode: MutualTlsMode }[]) {
  if (ports.length === 0) return {};
  const podPorts = toPodPorts(services);
  const entries = ports.flatMap(({ port, mode }) =>
    (podPorts([port]) ?? [port]).map((each) => [String(each), { mode: mode.toUpperCase() }]),
  );
  return { portLevelMtls: Object.fromEntries(entries) };
}
