// tls of an ExternalService -> BackendTLSPolicy of the Service that stands for it.
// The rule: a policy that was kept comes back as long as the design says the same; what it would say otherwise is taken out of it.
import {
  type ExternalService,
  type ExternalTls,
  isSameJson,
  keyOf,
  type ObjectKey,
  objectKey,
  plainHost,
} from "@/lib/mesh";
import type { Manifest } from "../shared/dialect";
import { type ExportContext, metadataOf } from "../shared/export-context";
import { Fields } from "../shared/fields";
import { loseExternalConnections } from "../shared/tell-rest";
import { keptResources } from "../shared/verbatim";
import { isFor, readPolicy, tlsByPolicies } from "./backend-tls";
import { type BackendPolicy, GROUP } from "./state";

const KIND = "BackendTLSPolicy";
const PATH = ["spec", "tls"];
const LOUD = { changesMeaning: true };
/** As the schema of v1.6 has them. */
const MAX_NAMES = 5;
const MAX_TARGETS = 16;
const DNS = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:.{1,240}$/;
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;
const APP_PROTOCOLS = { http: "http", http2: "kubernetes.io/h2c", grpc: "grpc", tcp: "tcp" } as const;

export type WrittenTls = {
  /** Those whose service and TLS were told of. */
  told: ReadonlySet<ObjectKey>;
  /** After what was kept came back: of which external services another policy speaks now. */
  dropStale(): void;
};

export function exportBackendTls(context: ExportContext): WrittenTls {
  const kept = keptResources(context.index.document, "gateway-api")
    .filter(({ manifest }) => manifest.kind === KIND)
    .map(({ manifest }) => policyOf(manifest));
  const told = new Set<ObjectKey>();
  const stale: ExternalService[] = [];
  const written = new Set<Manifest>();
  for (const external of context.index.all("ExternalService")) {
    const { tls } = external.spec;
    const before = tlsByPolicies(external, kept);
    const isSame = before !== undefined && isSameJson(before.tls ?? null, tls ?? null);
    if (before && !isSame) stale.push(external);
    if (!tls) continue;
    const policy = isSame ? undefined : writePolicy(context, external, tls);
    if (policy) {
      context.resources.push(policy);
      written.add(policy);
    }
    if (!isSame && !policy) continue;
    told.add(objectKey(external));
    tellService(context, external);
    loseExternalConnections(context, "Gateway API", external);
    const reason = "of callers in the mesh the standard leaves it to the product: look whether yours takes it for them";
    context.lose(external, PATH, "approximate", reason, { target: `${KIND} of ${external.metadata.name}` });
  }
  return { told, dropStale: () => dropTargets(context, stale, written) };
}

function policyOf({ metadata: { name, namespace = "" }, spec }: Manifest): BackendPolicy {
  return readPolicy({ name, namespace }, new Fields(spec, ["spec"], { kept: [], problems: [] }));
}

function writePolicy(context: ExportContext, external: ExternalService, tls: ExternalTls): Manifest | undefined {
  const { hosts, ports } = external.spec;
  const { name, namespace } = external.metadata;
  const hostname = (tls.sni ?? plainHost(hosts[0] ?? "")).toLowerCase();
  const refusal = refusalOf(context, external, tls, hostname);
  const names = namesOf(tls.subjectAltNames);
  if (refusal !== undefined || typeof names === "string") {
    const reason = `${refusal ?? names}: calls leave as the app says them`;
    context.lose(external, PATH, "lost", reason, LOUD);
    return undefined;
  }
  const isOwn = tls.authorities === "environment";
  if (isOwn) {
    const reason = `authorities are in ca.crt of ConfigMap ${name}-ca in Gateway API: make it`;
    context.lose(external, [...PATH, "authorities"], "approximate", reason, LOUD);
  }
  if (tls.mode === "mutual") {
    const reason =
      "certificates to show are a gateway's as a whole (spec.tls.backend), and callers in the mesh have none";
    context.lose(external, [...PATH, "mode"], "lost", reason, LOUD);
  }
  const target = { group: "", kind: "Service", name };
  const own = ports.filter(({ protocol }) => protocol !== "tcp");
  const spec = {
    targetRefs: own.length === ports.length ? [target] : own.map((port) => ({ ...target, sectionName: port.name })),
    validation: {
      hostname,
      ...(names ? { subjectAltNames: names } : {}),
      ...(isOwn
        ? { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: `${name}-ca` }] }
        : { wellKnownCACertificates: "System" }),
    },
  };
  return { apiVersion: `${GROUP}/v1`, kind: KIND, metadata: { name: `${name}-tls`, namespace }, spec };
}

function refusalOf(
  { index }: ExportContext,
  external: ExternalService,
  { insecureSkipVerify }: ExternalTls,
  hostname: string,
): string | undefined {
  const { hosts, ports } = external.spec;
  const { name, namespace } = external.metadata;
  if (insecureSkipVerify) return "a BackendTLSPolicy always verifies";
  if (hosts.length > 1 || hosts.some((host) => host.includes("*")))
    return "a BackendTLSPolicy is for a Service, which stands for one host";
  if (!isService(external) && index.get(keyOf("Service", namespace, name)))
    return `the Service ${name} that it needs is another service of the design`;
  if (IPV4.test(hostname) || !DNS.test(hostname)) return `a BackendTLSPolicy asks for a name, not for ${hostname}`;
  return ports.length > MAX_TARGETS ? `a BackendTLSPolicy is for at most ${MAX_TARGETS} ports` : undefined;
}

/** A text says why not: fewer names would refuse what the design takes. */
function namesOf(names: readonly string[] | undefined): object[] | undefined | string {
  if (!names) return undefined;
  if (names.length > MAX_NAMES) return `a BackendTLSPolicy has at most ${MAX_NAMES} subjectAltNames`;
  const other = names.find((name) => !isUri(name) && (!DNS.test(name.toLowerCase()) || IPV4.test(name)));
  if (other !== undefined) return `subjectAltNames of a BackendTLSPolicy are DNS names and URIs, not ${other}`;
  return names.map((name) =>
    isUri(name) ? { type: "URI", uri: name } : { type: "Hostname", hostname: name.toLowerCase() },
  );
}

const isUri = (name: string) => URI.test(name) && (name.includes("://") || name.startsWith("urn:"));

const isService = ({ metadata: { origin } }: ExternalService) =>
  origin?.dialect === "kubernetes" && origin.kind === "Service";

/** The Service that a policy is for: of Kubernetes already, or of its own. */
function tellService(context: ExportContext, external: ExternalService): void {
  const { name, namespace } = external.metadata;
  const { hosts, ports, endpoints } = external.spec;
  if (endpoints && endpoints.length > 0) {
    const reason = "a Service of type ExternalName stands for a name, not for addresses";
    context.lose(external, ["spec", "endpoints"], "lost", reason, LOUD);
  }
  const target = `Service ${name}`;
  if (isService(external)) {
    const reason = "it is a Service of type ExternalName, which is applied on its own";
    context.tell(external, ["spec", "hosts"], "moved", reason, { target });
    return;
  }
  const spec = {
    ...{ type: "ExternalName", externalName: plainHost(hosts[0] ?? "") },
    ports: ports.map((port) => ({ name: port.name, port: port.port, appProtocol: APP_PROTOCOLS[port.protocol] })),
  };
  context.add({ apiVersion: "v1", kind: "Service", metadata: metadataOf(external, name, namespace), spec }, undefined);
  const reason = `callers have to use the Service ${name} in place of ${hosts.join(", ")}`;
  context.lose(external, ["spec", "hosts"], "approximate", reason, { ...LOUD, target });
}

/** Two policies for one Service: the older would count. */
function dropTargets(
  { resources }: ExportContext,
  stale: readonly ExternalService[],
  written: ReadonlySet<Manifest>,
): void {
  for (const manifest of resources.filter(({ kind }) => kind === KIND)) {
    if (written.has(manifest)) continue;
    const policy = policyOf(manifest);
    const staying = policy.targets.map((target) => !stale.some((external) => isFor(policy, target, external)));
    if (staying.every((stays) => stays)) continue;
    const targetRefs = (manifest.spec["targetRefs"] as unknown[]).filter((_, i) => staying[i]);
    const rest = targetRefs.length === 0 ? [] : [{ ...manifest, spec: { ...manifest.spec, targetRefs } }];
    resources.splice(resources.indexOf(manifest), 1, ...rest);
  }
}
